#include "plumbline/cases/vacuity.hpp"

#include <algorithm>
#include <numeric>

namespace plumbline {
namespace {

using M = Matrix<double>;

// A fixed permutation: i -> i k + 1 mod n, with k the first number from 2n/3 on that has no factor in common
// with n.
M shuffled(const M& x) {
  const Eigen::Index n = x.size();
  Eigen::Index k = std::max<Eigen::Index>(2 * n / 3, 1);
  while (std::gcd(k, n) != 1) ++k;
  M y(x.rows(), x.cols());
  for (Eigen::Index i = 0; i < n; ++i) y.data()[i] = x.data()[(i * k + 1) % n];
  return y;
}

template <class Change>
Outputs changed(const Outputs& exact, Change change) {
  Outputs out;
  for (const auto& [name, value] : exact) out[name] = change(value);
  return out;
}

}  // namespace

std::vector<EmptyAnswer> empty_answers(const Question& question, const Outputs& exact) {
  Outputs input = exact;
  const M& x = question.inputs.x;
  const Eigen::Index cols = exact.at("y").cols();
  input["y"] = x.replicate(1, (cols + x.cols() - 1) / x.cols()).leftCols(cols);
  return {{"zero", changed(exact, [](const M& x) -> M { return M::Zero(x.rows(), x.cols()); })},
          {"the negated output", changed(exact, [](const M& x) -> M { return -x; })},
          {"the output in reverse", changed(exact, [](const M& x) -> M { return x.reverse(); })},
          {"the shuffled output", changed(exact, shuffled)},
          {"row means",
           changed(exact, [](const M& x) -> M { return x.rowwise().mean().replicate(1, x.cols()); })},
          {"the input", std::move(input)}};
}

}  // namespace plumbline
