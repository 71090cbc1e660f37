#include "golden/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "plumbline/io/digits.hpp"

namespace plumbline::golden {
namespace {

// What is left of x when its rounding to float64 is taken away, rounded in turn.
std::optional<double> rounded_residual(const Interval120& x) {
  const std::optional<double> nearest = rounded(x, Dtype::f64);
  if (!nearest) return std::nullopt;
  const Interval120 rest = x - Interval120(*nearest);
  if (magnitude(rest) < ldexp(mignitude(x), -160)) return 0.0;
  return rounded(rest, Dtype::f64);
}

using Rounding = std::function<std::optional<double>(const Interval120&)>;

// What is stored of an output: under which suffix, in which format, rounded how.
struct Form {
  std::string suffix;
  Dtype dtype;
  Rounding round;
};

const std::vector<Form>& forms() {
  static const std::vector<Form> all = [] {
    std::vector<Form> list{{".residual", Dtype::f64, rounded_residual}};
    for (const auto& [suffix, dtype] : {std::pair{"", Dtype::f64},
                                        {".float32", Dtype::f32},
                                        {".bfloat16", Dtype::bf16},
                                        {".float16", Dtype::f16}})
      list.push_back({suffix, dtype, [dtype](const Interval120& x) { return rounded(x, dtype); }});
    return list;
  }();
  return all;
}

// Where an enclosure cannot be told from 0 and the truth is 0 by theorem, it may be taken for 0.
std::optional<double> value_of(const BlockSpec& spec, const Certificate& c, Eigen::Index i,
                               const Form& form) {
  const Interval120& x = c.value.data()[i];
  const bool is_zero = contains_zero(x) && magnitude(x) < End("1e-50") && is_zero_by_theorem(spec, c.name, i);
  return is_zero ? 0.0 : form.round(x);
}

// [B, T, d] for what has the shape of the stream, the declared shape for parameters.
std::vector<std::int64_t> shape_of(const CaseSettings& s, const std::string& name,
                                   const Matrix<double>& value) {
  if (name == "x" || name == "y" || name == "grad.x" || name == "grad.y")
    return {s.batch, s.tokens, s.spec.d};
  if (value.rows() == 1) return {value.cols()};
  return {value.rows(), value.cols()};
}

Json settings_json(const CaseSettings& s) {
  return {{"spec", to_json(s.spec)},
          {"T", s.tokens},
          {"batch", s.batch},
          {"seed", s.seed},
          {"regime", name_of(s.regime)}};
}

void add_inputs(Container& file, const CaseSettings& s) {
  const auto add = [&](const std::string& name, const Matrix<double>& value) {
    file.tensors[name] = stored(value, Dtype::f64, shape_of(s, name, value));
  };
  const CaseInputs in = inputs_of(s);
  add("x", in.x);
  add("grad.y", in.cotangent);
  for (const auto& [name, value] : in.parameters) add(name, value);
}

void add_output(Container& file, const CaseSettings& s, const Certificate& c) {
  for (const Form& form : forms()) {
    Matrix<double> y(c.value.rows(), c.value.cols());
    for (Eigen::Index i = 0; i < y.size(); ++i) {
      const std::optional<double> one = value_of(s.spec, c, i, form);
      if (!one)
        throw Error(fmt::format("{}{} [{}]: the enclosure does not decide between two neighbours", c.name,
                                form.suffix, i));
      y.data()[i] = *one;
    }
    file.tensors[c.name + form.suffix] = stored(y, form.dtype, shape_of(s, c.name, y));
  }
}

std::string hexadecimal(double x) { return fmt::format("{:a}", x); }

}  // namespace

bool is_zero_by_theorem(const BlockSpec& s, const std::string& output, std::int64_t i) {
  const bool bare = !s.attn_norms.k && (!s.rope || i % s.attention.head_dim >= s.rope->rotary_dim);
  return bare && output.ends_with("k_proj.bias");
}

Container golden_file(const GoldenCase& c) {
  Container file;
  End width60 = 0, width120 = 0;
  add_inputs(file, c.settings);
  try {
    for (const Certificate& output : certificates(c.settings)) {
      add_output(file, c.settings, output);
      width60 = std::max(width60, output.width60);
      width120 = std::max(width120, output.width120);
    }
  } catch (const Error& e) {
    throw Error(c.id + ": " + e.what());
  }
  file.metadata = {{"plumbline", "1"},
                   {"case", c.id},
                   {"settings", settings_json(c.settings).dump()},
                   {"width60", rounded_up(width60)},
                   {"width120", rounded_up(width120)}};
  return file;
}

std::string to_string(const std::string& id, const Place& p) {
  return fmt::format("{}: {}{}: expected {}, found {}", id, p.tensor,
                     p.index < 0 ? "" : fmt::format(" [{}]", p.index), p.expected, p.found);
}

std::vector<Place> differences(const Container& expected, const Container& found, std::size_t limit) {
  std::vector<Place> places;
  const auto add = [&](Place p) {
    if (places.size() < limit) places.push_back(std::move(p));
  };
  for (const auto& [key, value] : expected.metadata)
    if (const auto it = found.metadata.find(key); it == found.metadata.end() || it->second != value)
      add({"__metadata__." + key, -1, value, it == found.metadata.end() ? "none" : it->second});
  for (const auto& [key, value] : found.metadata)
    if (!expected.metadata.contains(key)) add({"__metadata__." + key, -1, "none", value});
  for (const auto& [name, t] : found.tensors)
    if (!expected.tensors.contains(name)) add({name, -1, "no such tensor", "one"});
  for (const auto& [name, t] : expected.tensors) {
    const auto it = found.tensors.find(name);
    if (it == found.tensors.end()) {
      add({name, -1, "a tensor", "none"});
    } else if (it->second.dtype != t.dtype || it->second.shape != t.shape) {
      add({name, -1, fmt::format("{} [{}]", info(t.dtype).word, fmt::join(t.shape, ", ")),
           fmt::format("{} [{}]", info(it->second.dtype).word, fmt::join(it->second.shape, ", "))});
    } else if (it->second.bytes != t.bytes) {
      for (std::int64_t i = 0; i < t.size(); ++i)
        if (encode(t[i], t.dtype) != encode(it->second[i], t.dtype))
          add({name, i, hexadecimal(t[i]), hexadecimal(it->second[i])});
    }
  }
  return places;
}

std::vector<Place> refuted(const Container& file, const BlockSpec& spec,
                           const std::vector<Certificate>& truth, std::size_t limit) {
  std::vector<Place> places;
  for (const Certificate& c : truth)
    for (const Form& form : forms()) {
      const auto it = file.tensors.find(c.name + form.suffix);
      if (it == file.tensors.end() || it->second.size() != c.value.size()) {
        places.push_back({c.name + form.suffix, -1, "a tensor of this shape", "none"});
        continue;
      }
      for (Eigen::Index i = 0; i < c.value.size() && places.size() < limit; ++i) {
        const std::optional<double> one = value_of(spec, c, i, form);
        if (const double found = it->second[i]; one != found)
          places.push_back(
              {c.name + form.suffix, i, one ? hexadecimal(*one) : "no decision", hexadecimal(found)});
      }
    }
  return places;
}

}  // namespace plumbline::golden
