#include "plumbline/cases/case.hpp"

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/block/sizes.hpp"
#include "plumbline/cases/given.hpp"
#include "plumbline/spec/json_reader.hpp"

namespace plumbline {
namespace {

// The standard fixes the bits of mt19937_64, but not what its distributions make of them.
Matrix<double> uniform(std::mt19937_64& bits, int rows, int cols) {
  Matrix<double> x(rows, cols);
  for (Eigen::Index i = 0; i < x.size(); ++i)
    x.data()[i] = std::ldexp(static_cast<double>(bits() >> 43), -20) - 1;
  return x;
}

Matrix<double> parameter(std::mt19937_64& bits, const ParameterShape& p) {
  const Matrix<double> u = uniform(bits, p.rows, p.cols);
  if (p.role == Role::gain) return (u.array() * 0.5 + 1.25).matrix();
  if (p.role != Role::weight) return u;
  return u * std::ldexp(1.0, -(std::bit_width(static_cast<unsigned>(p.cols)) / 2));
}

int read_count(JsonReader& r, const char* key, int value, int largest = largest_size) {
  r.read(key, value);
  check_size(r.path(key), value, largest);
  return value;
}

}  // namespace

Matrix<double> in_regime(Matrix<double> x, Regime regime) {
  for (int t = 0; t < x.rows(); ++t) {
    auto row = x.row(t);
    switch (regime) {
      case Regime::plain: break;
      case Regime::offset: row.array() += std::ldexp(2.0, t % 3); break;
      case Regime::tiny: row *= std::ldexp(1.0, -6 - t % 4); break;
      case Regime::large: row *= 0x1p12; break;
      case Regime::spike: row(t % x.cols()) *= 0x1p8; break;
      case Regime::constant:
        if (t % 2) row.setConstant(0.75);
    }
  }
  return x;
}

CaseSettings case_from_json(const Json& json) {
  if (!json.is_object() || !json.contains("spec")) return {.spec = spec_from_json(json)};
  JsonReader r(json, "case");
  CaseSettings c{.spec = spec_from_json(*r.find("spec"))};
  c.tokens = read_count(r, "T", c.tokens);
  c.batch = read_count(r, "batch", c.batch, most_sequences);
  if (r.find("T_k")) {
    if (!has_own_keys(c.spec))
      throw Error(r.path("T_k") + ": expected none, since part is \"" + std::string(name_of(c.spec.part)) +
                  "\"");
    c.key_tokens = read_count(r, "T_k", c.tokens);
  }
  if (const Json* seed = r.find("seed")) {
    if (!seed->is_number_unsigned()) r.fail("seed", "a whole number of at least 0", *seed);
    c.seed = seed->get<std::uint64_t>();
  }
  r.read("regime", c.regime);
  r.finish();
  return c;
}

CaseInputs inputs_of(const CaseSettings& c) {
  std::mt19937_64 bits(c.seed);
  CaseInputs in;
  in.x = in_regime(uniform(bits, c.batch * c.tokens, input_width(c.spec)), c.regime);
  for (const ParameterShape& p :
       other_inputs(c.spec, c.batch * c.tokens, c.batch * c.key_tokens.value_or(c.tokens), c.batch))
    if (!chooses_keys(c.spec, p.name)) in.parameters[p.name] = uniform(bits, p.rows, p.cols);
  draw_given(in.parameters, c.spec, {c.batch, c.tokens, c.key_tokens.value_or(c.tokens)},
             [&](int least, int most) { return least + int(bits() % std::uint64_t(most - least + 1)); });
  for (const ParameterShape& p : parameter_shapes(c.spec)) in.parameters[p.name] = parameter(bits, p);
  in.cotangent = uniform(bits, c.batch * c.tokens, output_width(c.spec));
  return in;
}

}  // namespace plumbline
