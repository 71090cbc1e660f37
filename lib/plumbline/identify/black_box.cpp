#include "plumbline/identify/black_box.hpp"

#include <nlohmann/json.hpp>

namespace plumbline::identify {
namespace {

Json sizes_of(const BlockSpec& s) {
  Json j{{"part", plumbline::name_of(s.part)}, {"d", s.d}};
  if (is_block(s)) j["n_layers"] = s.n_layers;
  if (attends(s))
    j["attention"] = {{"n_heads", s.attention.n_heads},
                      {"n_kv_heads", s.attention.n_kv_heads},
                      {"head_dim", s.attention.head_dim}};
  if (feeds(s)) j["ffn"] = {{"d_ff", s.ffn.d_ff}};
  return j;
}

}  // namespace

Container to_container(const Probe& p, const Anatomy& a, const Profile& profile, const std::string& id) {
  Container c;
  c.metadata = {{"plumbline", protocol_version},
                {"case", id},
                {"spec", sizes_of(a.spec).dump()},
                {"profile", profile_text(profile)},
                {"want", "y"}};
  c.tensors["x"] = stored(p.x, profile.storage, {p.batch, p.x.rows() / p.batch, p.x.cols()});
  for (const Tensor& t : a.tensors)
    c.tensors[t.name] = stored(p.parameters.at(t.name), profile.storage, t.shape);
  return c;
}

Question question_of(const Probe& p, const Anatomy& a) { return {a.spec, {p.x, {}, {}}, p.batch, false}; }

Matrix<double> NamedBox::operator()(const Probe& p) {
  Probe theirs{p.x, {}, p.batch};
  for (const auto& [name, ours] : anatomy_.ours) theirs.parameters[name] = p.parameters.at(ours.name);
  ++count_;
  const Answer a = box_(theirs);
  if (a.kind == Answer::Kind::outputs) return a.outputs.at("y");
  throw Error("the black box does not answer: " + a.reason);
}

}  // namespace plumbline::identify
