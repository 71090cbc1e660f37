#include "plumbline/exchange/exchange.hpp"

#include <atomic>
#include <cmath>
#include <nlohmann/json.hpp>

#include "plumbline/base/parallel.hpp"
#include "plumbline/block/parameter_shapes.hpp"

namespace plumbline {
namespace {

using Shape = std::vector<std::int64_t>;

using Sizes = ExchangeSizes;

// A tensor on the wire, and where it stands in memory: in a matrix [all but the channels, channels], whose
// columns it shares with another where `first_col` is not 0.
struct WireTensor {
  std::string name;
  Shape shape;
  std::string matrix = name;
  int first_col = 0;
  int col_indices = 1;              // how many of its last indices the columns run through
  std::optional<Dtype> dtype = {};  // none: the storage type
};
using WireTensors = std::vector<WireTensor>;

// [sequences, rows, channels], or [sequences, rows, heads, channels]; of states [sequences, heads, channels
// of keys, channels of values].
WireTensor wire_tensor(const BlockSpec& s, Sizes n, const TokenTensor& t, const std::string& matrix,
                       int first_col = 0) {
  const AttentionSpec& a = s.attention;
  if (t.rows == Rows::states)
    return {std::string(t.name), {n.batch, a.n_kv_heads, a.head_dim, width_of(s, t)}, matrix, first_col};
  const std::int64_t rows = t.rows == Rows::keys ? n.key_tokens : n.tokens;
  if (const int heads = heads_of(s, t))
    return {std::string(t.name), {n.batch, rows, heads, width_of(s, t) / heads}, matrix, first_col, 2};
  return {std::string(t.name), {n.batch, rows, width_of(s, t)}, matrix, first_col};
}

// What a question says of its keys: a mask [sequences, heads, queries, keys], 1 where all have the same one.
WireTensors given(const BlockSpec& s, Sizes n) {
  if (!attends(s) || !s.attention.given) return {};
  const AttentionSpec& a = s.attention;
  const GivenSpec& g = *a.given;
  const bool own_keys = has_own_keys(s);
  const std::int64_t keys = own_keys ? n.key_tokens : n.tokens + g.past, past = g.past;
  WireTensors out;
  const auto add = [&](const char* name, Shape shape, int col_indices, std::optional<Dtype> dtype) {
    out.push_back({name, std::move(shape), name, 0, col_indices, dtype});
  };
  if (g.mask != GivenMask::none)
    add("mask", {is_of_sequences(g) ? n.batch : 1, is_of_heads(g) ? a.n_heads : 1, n.tokens, keys}, 1,
        g.mask == GivenMask::boolean ? std::optional(Dtype::boolean) : std::nullopt);
  if (g.lengths) add("key_lengths", {n.batch}, 0, Dtype::i64);
  if (g.segments && own_keys) {
    add("q_segments", {n.batch, n.tokens}, 1, Dtype::i64);
    add("k_segments", {n.batch, keys}, 1, Dtype::i64);
  }
  if (g.segments && !own_keys) add("segments", {n.batch, n.tokens}, 1, Dtype::i64);
  if (past > 0 && !own_keys)
    for (const auto& [name, width] : {std::pair{"past_k", a.head_dim}, {"past_v", value_dim(a)}})
      add(name, {n.batch, past, a.n_kv_heads, width}, 2, {});
  return out;
}

WireTensors inputs(const BlockSpec& s, Sizes n) {
  WireTensors out{wire_tensor(s, n, part_of(s).x, "x")};
  for (const TokenTensor& t : inputs_beside_x(s)) out.push_back(wire_tensor(s, n, t, std::string(t.name)));
  for (WireTensor& t : given(s, n)) out.push_back(std::move(t));
  return out;
}

WireTensors outputs(const BlockSpec& s, Sizes n) {
  const TokenTensor& y = part_of(s).y;
  WireTensors out{wire_tensor(s, n, y, "y")};
  int first_col = width_of(s, y);
  for (const TokenTensor& t : part_of(s).beside_y) {
    out.push_back(wire_tensor(s, n, t, "y", first_col));
    first_col += width_of(s, t);
  }
  return out;
}

std::string names_of(const WireTensors& tensors) {
  std::string text;
  for (const WireTensor& t : tensors) text += (text.empty() ? "" : ",") + t.name;
  return text;
}

WireTensors parameters_on_the_wire(const BlockSpec& spec) {
  WireTensors out;
  for (const ParameterShape& p : parameter_shapes(spec))
    out.push_back({p.name, p.is_vector() ? Shape{p.cols} : Shape{p.rows, p.cols}});
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
WireTensors reply_tensors(const BlockSpec& spec, Sizes n, bool gradients) {
  WireTensors out = outputs(spec, n);
  if (!gradients) return out;
  for (const WireTensor& t : inputs(spec, n))
    if (!is_given_mask(t.name)) out.push_back(gradient_of(t, "grad." + t.name));
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
  return stored(matrix.middleCols(t.first_col, cols_of(t)), t.dtype.value_or(dtype), t.shape);
}

// Returns which entry of the tensor is the first that is no finite number; its size, where all are.
std::int64_t put_in_memory(Matrix<double>& matrix, const WireTensor& t, const StoredTensor& value) {
  const std::int64_t cols = cols_of(t), rows = value.size() / cols, width = info(value.dtype).bytes;
  matrix.conservativeResize(rows, std::max<Eigen::Index>(matrix.cols(), t.first_col + cols));
  std::atomic<std::int64_t> first = value.size();
  const auto lower = [&](std::int64_t entry) {
    for (std::int64_t before = first; entry < before && !first.compare_exchange_weak(before, entry);)
      continue;
  };
  in_parts(value.size(), [&](std::int64_t begin, std::int64_t end) {
    while (begin < end) {  // row by row
      const std::int64_t i = begin / cols, j = begin % cols, count = std::min(cols - j, end - begin);
      double* entries = &matrix(i, t.first_col + j);
      decode(value.bytes.data() + begin * width, count, value.dtype, entries);
      const auto bad = std::find_if_not(entries, entries + count, [](double v) { return std::isfinite(v); });
      if (bad < entries + count) lower(begin + (bad - entries));
      begin += count;
    }
  });
  return first;
}

Sizes sizes_of(const Question& q) {
  return {q.batch, q.inputs.x.rows() / q.batch, key_tokens_of(q).value_or(0)};
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
    const Dtype type = e.dtype.value_or(dtype);
    const auto it = c.tensors.find(e.name);
    if (it == c.tensors.end()) fail(e.name, described(type, e.shape), "none");
    if (it->second.dtype != type || it->second.shape != e.shape)
      fail(e.name, described(type, e.shape), described(it->second.dtype, it->second.shape));
  }
  for (const auto& [name, t] : c.tensors)
    if (!known.count(name)) fail(name, "no such tensor", described(t.dtype, t.shape));
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
  const WireTensor x = wire_tensor(spec, {0, 0, 0}, part_of(spec).x, "x");
  Sizes n{free_index(c, x, 0), free_index(c, x, 1), 0};
  if (const TokenTensor* keys = part_of(spec).keys())
    n.key_tokens = free_index(c, wire_tensor(spec, {0, 0, 0}, *keys, std::string(keys->name)), 1);
  return n;
}

// A layer has tensors of its own; a spec that asks for a billion of them is refused before they are listed.
void check_layers(const Container& c, const BlockSpec& spec) {
  if (spec.n_layers > std::int64_t(c.tensors.size()))
    throw Error("spec.n_layers: expected the parameters of " + std::to_string(spec.n_layers) +
                " layers, found " + std::to_string(c.tensors.size()) + " tensors");
}

// No sequence has more keys than there are, or fewer than none.
void check_lengths(const Question& q, Sizes n) {
  const auto it = q.inputs.parameters.find("key_lengths");
  if (it == q.inputs.parameters.end()) return;
  const double keys =
      has_own_keys(q.spec) ? double(n.key_tokens) : double(n.tokens + q.spec.attention.given->past);
  for (Eigen::Index b = 0; b < it->second.size(); ++b)
    if (const double length = it->second.data()[b]; length < 0 || length > keys)
      throw Error("tensor \"key_lengths\": entry " + std::to_string(b) + ": expected a length from 0 to " +
                  std::to_string(int(keys)) + " keys, found " + std::to_string((long long)(length)));
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
    if (t.matrix != "x" && t.matrix != "cotangent") q.inputs.parameters[t.matrix];
    const StoredTensor& value = c.tensors.at(t.name);
    if (const std::int64_t i = put_in_memory(matrix_of(q.inputs, t.matrix), t, value); i < value.size())
      throw Error("tensor " + shown(t.name) + ": entry " + std::to_string(i) +
                  ": expected a finite number, found " + std::to_string(value[i]));
  }
  check_lengths(q, n);
  if (!q.gradients) q.inputs.cotangent.setZero(q.inputs.x.rows(), output_width(q.spec));
  return r;
}

// An implementation may explain itself at some length.
std::string explanation(const std::string& text) { return excerpt(text, 300); }

std::vector<ExchangedTensor> named_shapes(const WireTensors& tensors) {
  std::vector<ExchangedTensor> out;
  for (const WireTensor& t : tensors) out.push_back({t.name, t.shape});
  return out;
}

}  // namespace

std::string profile_text(const Profile& profile) {
  for (const Profile& known : profiles())
    if (known == profile) return profile.name;
  return to_json(profile).dump();
}

Container to_container(const Request& r) {
  const Question& q = r.question;
  Container c;
  c.metadata = {{"plumbline", protocol_version},         {"case", r.id},
                {"spec", to_json(q.spec).dump()},        {"profile", profile_text(r.profile)},
                {"want", q.gradients ? "y,grads" : "y"}, {"outputs", names_of(outputs(q.spec, sizes_of(q)))}};
  for (const WireTensor& t : request_tensors(q.spec, sizes_of(q), q.gradients))
    c.tensors[t.name] = on_the_wire(matrix_of(q.inputs, t.matrix), t, r.profile.storage);
  return c;
}

std::vector<ExchangedTensor> question_tensors(const BlockSpec& spec, ExchangeSizes n, bool gradients) {
  return named_shapes(request_tensors(spec, n, gradients));
}

std::vector<ExchangedTensor> answer_tensors(const BlockSpec& spec, ExchangeSizes n, bool gradients) {
  return named_shapes(reply_tensors(spec, n, gradients));
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
  const WireTensors tensors = reply_tensors(q.spec, sizes_of(q), q.gradients);
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
  for (const WireTensor& t : reply_tensors(q.spec, sizes_of(q), q.gradients))
    c.tensors[t.name] = on_the_wire(outputs.at(t.matrix), t, profile.storage);
  return c;
}

}  // namespace plumbline
