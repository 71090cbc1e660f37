#include "plumbline/oracle/exchange.hpp"

#include <cmath>

#include "plumbline/spec/parameters.hpp"

namespace plumbline {
namespace {

using Shape = std::vector<std::int64_t>;

struct Sizes {
  std::int64_t batch, tokens;
};

// A tensor on the wire. In memory all but the last index are one.
struct WireTensor {
  std::string name;
  Shape shape;
};

// Norms and biases are vectors on the wire; a projection to a single channel is still a matrix.
bool is_vector(const std::string& parameter) {
  return parameter.ends_with(".bias") || parameter.find("norm") != std::string::npos;
}

std::vector<WireTensor> parameters_on_the_wire(const BlockSpec& spec, const std::string& prefix = "") {
  std::vector<WireTensor> out;
  for (const auto& [name, rows, cols] : parameter_shapes(spec))
    out.push_back({prefix + name, is_vector(name) ? Shape{cols} : Shape{rows, cols}});
  return out;
}

std::vector<WireTensor> asked_with(const BlockSpec& spec, Sizes n, bool gradients) {
  std::vector<WireTensor> out = parameters_on_the_wire(spec);
  out.push_back({"x", {n.batch, n.tokens, spec.d}});
  if (gradients) out.push_back({"grad.y", {n.batch, n.tokens, spec.d}});
  return out;
}

std::vector<WireTensor> answered_with(const BlockSpec& spec, Sizes n, bool gradients) {
  std::vector<WireTensor> out;
  if (gradients) out = parameters_on_the_wire(spec, "grad.");
  out.push_back({"y", {n.batch, n.tokens, spec.d}});
  if (gradients) out.push_back({"grad.x", {n.batch, n.tokens, spec.d}});
  return out;
}

// Where the matrix of that name stands in a question.
template <class Inputs>
auto& matrix_of(Inputs& in, const std::string& name) {
  if (name == "x") return in.x;
  if (name == "grad.y") return in.cotangent;
  return in.parameters.at(name);
}

Sizes sizes_of(const Question& q) { return {q.batch, q.inputs.x.rows() / q.batch}; }

std::string described(Dtype dtype, const Shape& shape) {
  std::string text(info(dtype).name);
  text += " [";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

[[noreturn]] void fail(const std::string& name, const std::string& expected, const std::string& found) {
  throw Error("tensor " + shown(name) + ": expected " + expected + ", found " + found);
}

void check_tensors(const Container& c, const std::vector<WireTensor>& expected, Dtype dtype) {
  std::map<std::string, const Shape*> known;
  for (const WireTensor& e : expected) {
    known[e.name] = &e.shape;
    const auto it = c.tensors.find(e.name);
    if (it == c.tensors.end()) fail(e.name, described(dtype, e.shape), "none");
    if (it->second.dtype != dtype || it->second.shape != e.shape)
      fail(e.name, described(dtype, e.shape), described(it->second.dtype, it->second.shape));
  }
  for (const auto& [name, t] : c.tensors)
    if (!known.count(name)) fail(name, "no such tensor", described(t.dtype, t.shape));
}

void check_finite(const std::string& name, const StoredTensor& t) {
  for (std::int64_t i = 0; i < t.size(); ++i)
    if (!std::isfinite(t[i]))
      throw Error("tensor " + shown(name) + ": entry " + std::to_string(i) +
                  ": expected a finite number, found " + std::to_string(t[i]));
}

std::string profile_text(const Profile& profile) {
  for (const Profile& known : profiles())
    if (known == profile) return profile.name;
  return to_json(profile).dump();
}

Profile profile_from(const std::string& text) {
  return text.starts_with("{") ? profile_from_json(parse_json(text, "profile")) : find_profile(text);
}

const std::string& metadata(const Container& c, const char* key) {
  const auto it = c.metadata.find(key);
  if (it == c.metadata.end()) throw Error("__metadata__: expected the key " + shown(key) + ", found none");
  return it->second;
}

const std::string& metadata_of(const Container& c, const char* key, std::vector<std::string> allowed) {
  const std::string& found = metadata(c, key);
  std::string expected;
  for (const std::string& a : allowed) {
    if (found == a) return found;
    expected += (expected.empty() ? "" : " or ") + shown(a);
  }
  throw Error("__metadata__: key " + shown(key) + ": expected " + expected + ", found " + shown(found));
}

// The sizes that nothing but x itself tells.
Sizes sizes_of(const Container& c, const BlockSpec& spec) {
  const std::string expected = "[B, T, " + std::to_string(spec.d) + "]";
  const auto it = c.tensors.find("x");
  if (it == c.tensors.end()) fail("x", expected, "none");
  const Shape& s = it->second.shape;
  if (s.size() != 3 || s[0] < 1 || s[1] < 1 || s[2] != spec.d)
    fail("x", expected, described(it->second.dtype, s));
  return {s[0], s[1]};
}

// Every parameter takes room in the container, so it cannot ask for more layers than it has tensors.
void check_layers(const Container& c, const BlockSpec& spec) {
  if (spec.part == Part::stack && spec.n_layers > std::int64_t(c.tensors.size()))
    throw Error("spec.n_layers: expected the parameters of " + std::to_string(spec.n_layers) +
                " layers, found " + std::to_string(c.tensors.size()) + " tensors");
}

Request read(const Container& c) {
  metadata_of(c, "plumbline", {protocol_version});
  Request r{metadata(c, "case"), profile_from(metadata(c, "profile")), {}};
  Question& q = r.question;
  q.spec = spec_from_json(parse_json(metadata(c, "spec"), "spec"));
  q.gradients = metadata_of(c, "want", {"y", "y,grads"}) != "y";
  const Sizes n = sizes_of(c, q.spec);
  check_layers(c, q.spec);
  const std::vector<WireTensor> tensors = asked_with(q.spec, n, q.gradients);
  check_tensors(c, tensors, r.profile.storage);
  q.batch = static_cast<int>(n.batch);
  for (const auto& [name, rows, cols] : parameter_shapes(q.spec)) q.inputs.parameters[name];
  for (const WireTensor& t : tensors) {
    check_finite(t.name, c.tensors.at(t.name));
    matrix_of(q.inputs, t.name) = as_matrix(c.tensors.at(t.name));
  }
  if (!q.gradients) q.inputs.cotangent.setZero(q.inputs.x.rows(), q.inputs.x.cols());
  return r;
}

// What somebody else wrote, fit to stand in a message: one line, not endless.
std::string one_line(const std::string& text) {
  constexpr std::size_t longest = 300;
  const std::string quoted = shown(text.substr(0, longest));
  return quoted.substr(1, quoted.size() - 2) + (text.size() > longest ? "..." : "");
}

}  // namespace

Container to_container(const Request& r) {
  const Question& q = r.question;
  Container c;
  c.metadata = {{"plumbline", protocol_version},
                {"case", r.id},
                {"spec", to_json(q.spec).dump()},
                {"profile", profile_text(r.profile)},
                {"want", q.gradients ? "y,grads" : "y"}};
  for (WireTensor& t : asked_with(q.spec, sizes_of(q), q.gradients))
    c.tensors[t.name] = stored(matrix_of(q.inputs, t.name), r.profile.storage, std::move(t.shape));
  return c;
}

Request request_from(const Container& container, const std::string& origin) {
  try {
    return read(container);
  } catch (const Error& e) {
    throw Error(origin + ": " + e.what());
  }
}

Answer answer_from(const Container& c, const Question& q, const Profile& profile) {
  if (const auto why = c.metadata.find("unsupported"); why != c.metadata.end())
    return {Answer::Kind::unsupported, {}, one_line(why->second)};
  if (const auto why = c.metadata.find("error"); why != c.metadata.end())
    return {Answer::Kind::invalid, {}, "the implementation reports: " + one_line(why->second)};
  Answer a{Answer::Kind::outputs, {}, ""};
  const std::vector<WireTensor> tensors = answered_with(q.spec, sizes_of(q), q.gradients);
  try {
    check_tensors(c, tensors, profile.storage);
  } catch (const Error& e) {
    return {Answer::Kind::invalid, {}, e.what()};
  }
  for (const WireTensor& t : tensors) a.outputs[t.name] = as_matrix(c.tensors.at(t.name));
  return a;
}

Container to_container(const Outputs& outputs, const Question& q, const Profile& profile) {
  Container c;
  for (WireTensor& t : answered_with(q.spec, sizes_of(q), q.gradients))
    c.tensors[t.name] = stored(outputs.at(t.name), profile.storage, std::move(t.shape));
  return c;
}

}  // namespace plumbline
