#include "cli/live/comparing.hpp"

#include <fmt/format.h>

#include "cli/live/noise.hpp"
#include "cli/live/related.hpp"
#include "plumbline/oracle/calibration.hpp"

namespace plumbline::cli {
namespace {

using M = Matrix<double>;

// Of two questions, the errors of one set of members less those of another.
std::vector<M> differences(const Question& q, const Question& other, const Profile& profile) {
  std::vector<M> out = errors_of_members(other, profile, "y", 2);
  const std::vector<M> minus = errors_of_members(q, profile, "y", 1);
  for (std::size_t k = 0; k < out.size(); ++k) out[k] -= minus[k];
  return out;
}

void map_all(std::vector<M>& all, const Map& map) {
  for (M& e : all) e = map(e);
}

}  // namespace

M as_it_is(const M& y) { return y; }

Law::Finding unchanged(Asking& ask, const Question& q, const Question& other, const Map& keep) {
  const M before = ask(q).at("y"), after = ask(other).at("y");
  if (before == after) throw NothingToJudge("what is changed shows nowhere in y");
  const M a = keep(before), b = keep(after);
  if (a == b) return {};
  if (ask.repeats(q)) {
    Eigen::Index i, j;
    (a - b).cwiseAbs().maxCoeff(&i, &j);
    return {false,
            fmt::format("unaffected rows of y[{}, {}]: expected the same bits, found {:.9g} and {:.9g}", i, j,
                        a(i, j), b(i, j))};
  }
  std::vector<M> noise = differences(q, other, ask.profile());
  map_all(noise, keep);
  if (const auto beyond = beyond_noise(a - b, noise, guard(ask.profile(), false)))
    return {false, "unaffected rows of y" + *beyond};
  return {true, "the implementation does not repeat itself bit for bit"};
}

Law::Finding same_answer(Asking& ask, const Question& q, const Question& other, const Map& pulled) {
  const M a = ask(q).at("y"), b = ask(other).at("y");
  const M residual = pulled(b) - a;
  if (residual.isZero(0)) return {};
  std::vector<M> noise = errors_of_members(q, ask.profile(), "y", 1);
  const std::vector<M> others = errors_of_members(other, ask.profile(), "y", 2);
  // the map is affine; what it adds cancels in the difference of an answer and the zero answer
  const M zero = pulled(M::Zero(b.rows(), b.cols()));
  for (std::size_t k = 0; k < noise.size(); ++k) noise[k] = pulled(others[k]) - zero - noise[k];
  if (const auto beyond = beyond_noise(residual, noise, guard(ask.profile(), q.gradients)))
    return {false, "y" + *beyond};
  return {};
}

Law::Finding functional_is(Asking& ask, const Question& q, const std::string& output, const Map& functional,
                           const M& value) {
  const M found = functional(ask(q).at(output)) - value;
  std::vector<M> noise = errors_of_members(q, ask.profile(), output, 1);
  map_all(noise, functional);
  if (const auto beyond = beyond_noise(found, noise, guard(ask.profile(), q.gradients)))
    return {false, fmt::format("over the channels of {}: {}", output, *beyond)};
  return {};
}

Law::Finding repeated(Asking& ask, const Question& q) {
  const M a = ask(q).at("y"), b = ask(q).at("y");
  if (a == b) return {};
  if (const auto beyond = beyond_noise(b - a, differences(q, q, ask.profile()), guard(ask.profile(), false)))
    return {false, "y" + *beyond};
  return {true, fmt::format("not bit for bit: by up to {:.2g}", (b - a).cwiseAbs().maxCoeff())};
}

}  // namespace plumbline::cli
