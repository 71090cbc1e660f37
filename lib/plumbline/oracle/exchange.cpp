#include "plumbline/oracle/exchange.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "plumbline/spec/parameters.hpp"

namespace plumbline {
namespace {

using Shape = std::vector<std::int64_t>;

struct Sizes {
  std::int64_t batch, tokens, key_tokens;
};

// A tensor on the wire, and where it stands in memory: in a matrix [all but the channels, channels], whose
// columns it shares with another where `first_col` is not 0.
struct WireTensor {
  std::string name;
  Shape shape;
  std::string matrix = name;
  int first_col = 0;
  int col_indices = 1;  // how many of its last indices the columns run through
};
using WireTensors = std::vector<WireTensor>;

// The parts of a block that take or give something else than x and y.
WireTensors inputs(const BlockSpec& s, Sizes n) {
  const AttentionSpec& a = s.attention;
  const Shape queries{n.batch, n.tokens, a.n_heads, a.head_dim};
  const Shape keys{n.batch, n.key_tokens, a.n_kv_heads, a.head_dim}, rows{n.batch, n.tokens, s.d};
  if (s.part == Part::sdpa)
    return {{"q", queries, "x", 0, 2}, {"k", keys, "k", 0, 2}, {"v", keys, "v", 0, 2}};
  if (s.part == Part::add_norm) return {{"x", rows}, {"residual", rows}};
  return {{"x", rows}};
}

WireTensors outputs(const BlockSpec& s, Sizes n) {
  const Shape rows{n.batch, n.tokens, s.d};
  if (s.part == Part::sdpa) return {{"y", inputs(s, n)[0].shape, "y", 0, 2}};
  if (s.part == Part::add_norm) return {{"y", rows}, {"sum", rows, "y", s.d}};
  return {{"y", rows}};
}

// Norms and biases are vectors on the wire; a projection to a single channel is still a matrix.
bool is_vector(const std::string& parameter) {
  return parameter.ends_with(".bias") || parameter.find("norm") != std::string::npos;
}

WireTensors parameters_on_the_wire(const BlockSpec& spec) {
  WireTensors out;
  for (const auto& [name, rows, cols] : parameter_shapes(spec))
    out.push_back({name, is_vector(name) ? Shape{cols} : Shape{rows, cols}});
  return out;
}

WireTensor gradient_of(WireTensor t, const std::string& matrix) {
  t.name = "grad." + t.name;
  t.matrix = matrix;
  return t;
}

// Everything that a request holds. The matrices are "x", "cotangent", and parameters by name.
WireTensors request_tensors(const BlockSpec& spec, Sizes n, bool gradients) {
  WireTensors out = inputs(spec, n);
  for (WireTensor& t : parameters_on_the_wire(spec)) out.push_back(std::move(t));
  if (gradients)
    for (WireTensor& t : outputs(spec, n)) out.push_back(gradient_of(std::move(t), "cotangent"));
  return out;
}

// Everything that an answer holds. The matrices are the outputs by name.
WireTensors answer_tensors(const BlockSpec& spec, Sizes n, bool gradients) {
  WireTensors out = outputs(spec, n);
  if (!gradients) return out;
  for (const WireTensor& t : inputs(spec, n)) out.push_back(gradient_of(t, "grad." + t.name));
  for (const WireTensor& t : parameters_on_the_wire(spec)) out.push_back(gradient_of(t, "grad." + t.name));
  return out;
}

// Where the matrix of that name stands in a question.
template <class Inputs>
auto& matrix_of(Inputs& in, const std::string& name) {
  if (name == "x") return in.x;
  if (name == "cotangent") return in.cotangent;
  return in.parameters.at(name);
}

std::int64_t cols_of(const WireTensor& t) {
  std::int64_t n = 1;
  for (int i = 0; i < t.col_indices; ++i) n *= t.shape[t.shape.size() - 1 - i];
  return n;
}

StoredTensor on_the_wire(const Matrix<double>& matrix, const WireTensor& t, Dtype dtype) {
  return stored(matrix.middleCols(t.first_col, cols_of(t)), dtype, t.shape);
}

void put_in_memory(Matrix<double>& matrix, const WireTensor& t, const StoredTensor& value) {
  const std::int64_t cols = cols_of(t), rows = value.size() / cols;
  const Matrix<double> entries = as_matrix(value);
  matrix.conservativeResize(rows, std::max<Eigen::Index>(matrix.cols(), t.first_col + cols));
  matrix.middleCols(t.first_col, cols) = Eigen::Map<const Matrix<double>>(entries.data(), rows, cols);
}

Sizes sizes_of(const Question& q) {
  const Eigen::Index keys = q.spec.part == Part::sdpa ? q.inputs.parameters.at("k").rows() : 0;
  return {q.batch, q.inputs.x.rows() / q.batch, keys / q.batch};
}

std::string described(Dtype dtype, const Shape& shape) {
  std::string text(info(dtype).name);
  text += " [";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return excerpt(text + "]");
}

[[noreturn]] void fail(const std::string& name, const std::string& expected, const std::string& found) {
  throw Error("tensor " + shown(name) + ": expected " + expected + ", found " + found);
}

void check_tensors(const Container& c, const WireTensors& expected, Dtype dtype) {
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

// An index that nothing but the container itself tells: of an input whose other indices the spec knows.
std::int64_t free_index(const Container& c, const WireTensor& t, std::size_t at) {
  std::string expected;
  for (std::size_t i = 0; i < t.shape.size(); ++i)
    expected += (i ? ", " : "[") + (t.shape[i] ? std::to_string(t.shape[i]) : i == 0 ? "B" : "T");
  const auto it = c.tensors.find(t.name);
  if (it == c.tensors.end()) fail(t.name, expected + "]", "none");
  const Shape& s = it->second.shape;
  if (s.size() != t.shape.size() || s[at] < 1) fail(t.name, expected + "]", described(it->second.dtype, s));
  return s[at];
}

Sizes sizes_of(const Container& c, const BlockSpec& spec) {
  const WireTensors in = inputs(spec, {0, 0, 0});
  return {free_index(c, in[0], 0), free_index(c, in[0], 1),
          spec.part == Part::sdpa ? free_index(c, in[1], 1) : 0};
}

// A layer has tensors of its own; a spec that asks for a billion of them is refused before they are listed.
void check_layers(const Container& c, const BlockSpec& spec) {
  if (spec.n_layers > std::int64_t(c.tensors.size()))
    throw Error("spec.n_layers: expected the parameters of " + std::to_string(spec.n_layers) +
                " layers, found " + std::to_string(c.tensors.size()) + " tensors");
}

Request read(const Container& c) {
  metadata_of(c, "plumbline", {protocol_version});
  Request r{metadata(c, "case"), profile_from_text(metadata(c, "profile")), {}};
  Question& q = r.question;
  q.spec = spec_from_json(parse_json(metadata(c, "spec"), "spec"));
  q.gradients = metadata_of(c, "want", {"y", "y,grads"}) != "y";
  const Sizes n = sizes_of(c, q.spec);
  check_layers(c, q.spec);
  const WireTensors tensors = request_tensors(q.spec, n, q.gradients);
  check_tensors(c, tensors, r.profile.storage);
  q.batch = static_cast<int>(n.batch);
  for (const WireTensor& t : tensors) {
    check_finite(t.name, c.tensors.at(t.name));
    if (t.matrix != "x" && t.matrix != "cotangent") q.inputs.parameters[t.matrix];
    put_in_memory(matrix_of(q.inputs, t.matrix), t, c.tensors.at(t.name));
  }
  if (!q.gradients) q.inputs.cotangent.setZero(q.inputs.x.rows(), output_width(q.spec));
  return r;
}

// An implementation may explain itself at some length.
std::string explanation(const std::string& text) { return excerpt(text, 300); }

}  // namespace

std::string profile_text(const Profile& profile) {
  for (const Profile& known : profiles())
    if (known == profile) return profile.name;
  return to_json(profile).dump();
}

Container to_container(const Request& r) {
  const Question& q = r.question;
  Container c;
  c.metadata = {{"plumbline", protocol_version},
                {"case", r.id},
                {"spec", to_json(q.spec).dump()},
                {"profile", profile_text(r.profile)},
                {"want", q.gradients ? "y,grads" : "y"}};
  for (const WireTensor& t : request_tensors(q.spec, sizes_of(q), q.gradients))
    c.tensors[t.name] = on_the_wire(matrix_of(q.inputs, t.matrix), t, r.profile.storage);
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
    return {Answer::Kind::unsupported, {}, explanation(why->second)};
  if (const auto why = c.metadata.find("error"); why != c.metadata.end())
    return {Answer::Kind::invalid, {}, "the implementation reports: " + explanation(why->second)};
  Answer a{Answer::Kind::outputs, {}, ""};
  const WireTensors tensors = answer_tensors(q.spec, sizes_of(q), q.gradients);
  try {
    check_tensors(c, tensors, profile.storage);
  } catch (const Error& e) {
    return {Answer::Kind::invalid, {}, e.what()};
  }
  for (const WireTensor& t : tensors) put_in_memory(a.outputs[t.matrix], t, c.tensors.at(t.name));
  return a;
}

Container to_container(const Outputs& outputs, const Question& q, const Profile& profile) {
  Container c;
  for (const WireTensor& t : answer_tensors(q.spec, sizes_of(q), q.gradients))
    c.tensors[t.name] = on_the_wire(outputs.at(t.matrix), t, profile.storage);
  return c;
}

}  // namespace plumbline
