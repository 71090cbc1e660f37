#include "golden/generate/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "golden/generate/form.hpp"
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/number/digits.hpp"

namespace plumbline::golden {
namespace {

bool is_parameter(const BlockSpec& s, const std::string& name) {
  const std::vector<ParameterShape> all = parameter_shapes(s);
  return std::any_of(all.begin(), all.end(),
                     [&](const ParameterShape& p) { return name == p.name || name == "grad." + p.name; });
}

// [B, T, channels] for what belongs to tokens, the declared shape for parameters, that of the matrix for what
// hides keys.
std::vector<std::int64_t> shape_of(const CaseSettings& s, const std::string& name,
                                   const Matrix<double>& value) {
  if (is_given_mask(name)) return {value.rows(), value.cols()};
  if (!is_parameter(s.spec, name)) return {s.batch, value.rows() / s.batch, value.cols()};
  if (value.rows() == 1) return {value.cols()};
  return {value.rows(), value.cols()};
}

Json settings_json(const CaseSettings& s) {
  Json json = {{"spec", to_json(s.spec)},
               {"T", s.tokens},
               {"batch", s.batch},
               {"seed", s.seed},
               {"regime", name_of(s.regime)}};
  if (s.key_tokens) json["T_k"] = *s.key_tokens;
  return json;
}

void add_inputs(Container& file, const CaseSettings& s) {
  const auto add = [&](const std::string& name, const Matrix<double>& value) {
    file.tensors[name] = stored(value, Dtype::f64, shape_of(s, name, value));
  };
  const CaseInputs in = inputs_of(s);
  add(std::string(input_name(s.spec)), in.x);
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

}  // namespace

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

}  // namespace plumbline::golden
