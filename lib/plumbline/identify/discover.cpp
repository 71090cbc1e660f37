#include "plumbline/identify/discover.hpp"

#include <algorithm>
#include <set>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/identify/questions.hpp"

namespace plumbline::identify {
namespace {

void add(ParameterShapes& out, const BlockSpec& s) {
  for (const ParameterShape& p : parameter_shapes(s)) {
    const auto is_it = [&](const ParameterShape& known) { return known.name == p.name; };
    if (std::none_of(out.begin(), out.end(), is_it)) out.push_back(p);
  }
}

// Everything that a stack of these sizes can have, with norms of that width on queries and keys.
ParameterShapes everything(BlockSpec s, std::optional<NormWidth> qk_width) {
  const NormSpec norm;
  NormSpec qk = norm;
  qk.width = qk_width.value_or(NormWidth::head_dim);
  const NormSlot q_or_k = qk_width ? NormSlot(qk) : std::nullopt;
  s.part = Part::stack;
  s.norm_slots.attn = {
      .in = norm, .q = q_or_k, .k = q_or_k, .v = std::nullopt, .mid = norm, .out = norm, .post = norm};
  s.norm_slots.ffn = {norm, norm, norm, norm};
  s.final_norm = norm;
  s.ffn.kind = FeedForwardKind::glu;
  ParameterShapes out;
  for (NormKind kind : {NormKind::layer_norm, NormKind::dyt}) {
    for_each_norm_slot(s, [&](const std::string&, NormSlot& slot) {
      if (slot) slot->kind = kind;
    });
    for (bool shared : {false, true}) {
      s.parallel_shared_norm = shared;
      add(out, s);
    }
  }
  return out;
}

std::vector<Tensor> tensors_of(const ParameterShapes& shapes) {
  std::vector<Tensor> out;
  for (const ParameterShape& p : shapes)
    out.push_back({p.name, p.is_vector() ? std::vector<std::int64_t>{p.cols}
                                         : std::vector<std::int64_t>{p.rows, p.cols}});
  return out;
}

Probe drawn(const ParameterShapes& shapes, const BlockSpec& s, const Profile& profile) {
  Anatomy a;
  a.spec = s;
  a.tensors = tensors_of(shapes);
  for (const ParameterShape& p : shapes) a.ours[p.name] = p;
  Questions questions(a, profile, 1);
  return questions.stored(questions.rich(1, 5));
}

Matrix<double> ask(const OpenBox& box, const Probe& p, const std::vector<Tensor>& tensors) {
  const Answer a = box(p, tensors);
  if (a.kind == Answer::Kind::outputs) return a.outputs.at("y");
  throw Error("the black box does not answer: " + a.reason);
}

}  // namespace

std::vector<Tensor> parameters_read(const OpenBox& box, const BlockSpec& sizes, const Profile& profile) {
  std::vector<Tensor> tensors;
  Probe p;
  Matrix<double> y;
  std::optional<Error> refused;
  for (const auto width : {std::optional(NormWidth::head_dim), std::optional(NormWidth::full_heads),
                           std::optional<NormWidth>()}) {
    const ParameterShapes shapes = everything(sizes, width);
    tensors = tensors_of(shapes);
    p = drawn(shapes, sizes, profile);
    try {
      y = ask(box, p, tensors);
      refused.reset();
      break;
    } catch (const Error& e) {
      if (!refused) refused = e;
    }
  }
  if (refused) throw *refused;
  std::set<std::string> read;
  const auto within = [](const std::string& name) {
    return name.starts_with("layers.") ? name.substr(name.find('.', 7)) : name;
  };
  for (const Tensor& t : tensors) {
    Probe other = p;
    other.parameters.at(t.name) *= -2;
    if (ask(box, other, tensors) != y) read.insert(within(t.name));
  }
  if (read.count(".attn.q_proj.bias")) read.insert(".attn.k_proj.bias");
  std::erase_if(tensors, [&](const Tensor& t) { return !read.count(within(t.name)); });
  return tensors;
}

}  // namespace plumbline::identify
