#include "plumbline/cases/rounded_truth.hpp"

#include <algorithm>
#include <cmath>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/number/grid.hpp"
#include "plumbline/number/rounding.hpp"

namespace plumbline {
namespace {

// The distance of c to the nearest number that rounds another way: half a unit, of the smaller one at a power
// of two.
double half_a_unit(const Grid<double>& grid, double c) {
  return std::min(grid.unit(c), grid.unit(std::nextafter(c, 0.0))) / 2;
}

using Named = std::vector<std::pair<std::string, BallMatrix>>;

Named outputs(const BlockSpec& spec, const CaseInputs& in, const BallParameters& parameters, int batch,
              BallCost cost) {
  if (in.cotangent.size() == 0) return {{"y", certified(spec, parameters, {in.x}, batch, cost)}};
  BallGradients g = certified_gradients(spec, parameters, {in.x}, {in.cotangent}, batch, cost);
  Named out;
  out.emplace_back("y", std::move(g.y));
  out.emplace_back("grad." + std::string(input_name(spec)), std::move(g.x));
  for (auto& [name, value] : g.parameters) out.emplace_back("grad." + name, std::move(value));
  return out;
}

// Decides what it can of the entries in question.
std::vector<long> decide(RoundedTensor& t, const BallMatrix& balls, const std::vector<long>& in_question,
                         Dtype dtype, long& decided) {
  std::vector<long> left;
  for (const long i : in_question) {
    const Ball b = balls.at(i);
    if (!b.is_bounded())
      throw Error(t.name + "[" + std::to_string(i / t.value.cols()) + ", " +
                  std::to_string(i % t.value.cols()) +
                  "]: nothing is proved: the root of a number below 0, a division by 0 or an overflow is not "
                  "excluded");
    const auto one = rounded(b, dtype);
    t.value.data()[i] = one.value_or(rounded(End(b.mid) + b.low, dtype));
    if (one)
      ++decided;
    else
      left.push_back(i);
  }
  return left;
}

}  // namespace

std::optional<double> rounded(const Ball& x, Dtype dtype) {
  if (!x.is_bounded()) return std::nullopt;
  const Grid<double> grid(dtype, Rounding::to_nearest);
  const double c = dtype == Dtype::f64 ? x.mid : grid.nearest(x.mid);
  const bool has_units =
      dtype != Dtype::f64 || std::abs(x.mid) > 0x1p-1000;  // the grid of doubles ends there
  // x.mid - c is exact: the two are within a unit of each other. The rest may lose 2^-52 of itself.
  if (std::isfinite(c) && has_units &&
      (std::abs((x.mid - c) + x.low) + x.rad) * (1 + 0x1p-50) < half_a_unit(grid, c))
    return c == 0 ? 0.0 : c;
  const End middle = End(x.mid) + End(x.low);
  const double low = rounded(End(middle - End(x.rad)), dtype),
               high = rounded(End(middle + End(x.rad)), dtype);
  return low == high ? std::optional<double>(low) : std::nullopt;
}

std::vector<RoundedTensor> correctly_rounded(const BlockSpec& spec, const CaseInputs& inputs, int batch,
                                             Dtype dtype, int threads) {
  const BallParameters parameters = exactly(inputs.parameters);
  std::vector<RoundedTensor> out;
  for (int exact_parts : {2, 3}) {
    const bool is_first = exact_parts == 2;
    if (!is_first && std::all_of(out.begin(), out.end(), [](const auto& t) { return t.undecided.empty(); }))
      break;
    const Named all = outputs(spec, inputs, parameters, batch, {threads, exact_parts});
    if (is_first)
      for (const auto& [name, balls] : all) {
        out.emplace_back().name = name;
        out.back().value.resize(balls.mid.rows(), balls.mid.cols());
        for (long i = 0; i < balls.mid.size(); ++i) {
          out.back().undecided.push_back(i);
          out.back().largest_radius = std::max(out.back().largest_radius, balls.at(i).rad);
        }
      }
    for (std::size_t k = 0; k < all.size(); ++k) {
      RoundedTensor& t = out[k];
      t.undecided = decide(t, all[k].second, t.undecided, dtype, t.decided[std::size_t(exact_parts - 2)]);
    }
  }
  return out;
}

}  // namespace plumbline
