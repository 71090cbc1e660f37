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
              BallCost cost, bool y_alone) {
  if (y_alone) return {{"y", certified(spec, parameters, {in.x}, batch, cost)}};
  BallGradients g = certified_gradients(spec, parameters, {in.x}, {in.cotangent}, batch, cost);
  Named out;
  out.emplace_back("y", std::move(g.y));
  out.emplace_back("grad." + std::string(input_name(spec)), std::move(g.x));
  for (auto& [name, value] : g.parameters) out.emplace_back("grad." + name, std::move(value));
  return out;
}

// Fewer exact parts than these leave too many entries of a block of real width to be computed again.
int first_exact_parts(Dtype dtype) { return dtype == Dtype::f64 ? 3 : dtype == Dtype::f32 ? 2 : 1; }
constexpr int most_exact_parts = 3;

RoundedTensor undecided(const std::string& name, const BallMatrix& balls) {
  RoundedTensor t{.name = name, .value = Matrix<double>(balls.mid.rows(), balls.mid.cols())};
  for (long i = 0; i < balls.mid.size(); ++i) {
    t.undecided.push_back(i);
    t.largest_radius = std::max(t.largest_radius, balls.at(i).rad);
  }
  return t;
}

// Decides what it can of the entries in question.
void decide(RoundedTensor& t, const BallMatrix& balls, Dtype dtype, int exact_parts) {
  std::vector<long> left;
  for (const long i : t.undecided) {
    const Ball b = balls.at(i);
    if (!b.is_bounded() && exact_parts == most_exact_parts)
      throw Error(t.name + "[" + std::to_string(i / t.value.cols()) + ", " +
                  std::to_string(i % t.value.cols()) +
                  "]: nothing is proved: the root of a number below 0, a division by 0 or an overflow is not "
                  "excluded");
    const auto one = rounded(b, dtype);
    t.value.data()[i] = one.value_or(rounded(End(b.mid) + b.low, dtype));
    if (one)
      ++t.decided[std::size_t(exact_parts) - 1];
    else
      left.push_back(i);
  }
  t.undecided = std::move(left);
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
  const auto is_decided = [](const RoundedTensor& t) { return t.undecided.empty(); };
  std::vector<RoundedTensor> out;
  for (int parts = first_exact_parts(dtype); parts <= most_exact_parts; ++parts) {
    if (!out.empty() && std::all_of(out.begin(), out.end(), is_decided)) break;
    const bool y_alone =
        inputs.cotangent.size() == 0 || (!out.empty() && std::all_of(out.begin() + 1, out.end(), is_decided));
    const Named all = outputs(spec, inputs, parameters, batch, {threads, parts}, y_alone);
    for (std::size_t k = 0; k < all.size(); ++k) {
      if (k == out.size()) out.push_back(undecided(all[k].first, all[k].second));
      decide(out[k], all[k].second, dtype, parts);
    }
  }
  return out;
}

}  // namespace plumbline
