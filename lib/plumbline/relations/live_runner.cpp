#include "plumbline/relations/live_runner.hpp"

#include <fmt/format.h>

#include <cstring>

#include "plumbline/cases/related.hpp"
#include "plumbline/judge/calibration.hpp"
#include "plumbline/judge/describe.hpp"
#include "plumbline/judge/verdict.hpp"
#include "plumbline/relations/noise.hpp"

namespace plumbline {
namespace {

using M = Matrix<double>;

// Of two questions, the errors of one set of members less those of another.
std::vector<M> differences(const Question& q, const Question& other, const Profile& profile) {
  std::vector<M> out = errors_of_members(other, profile, "y", 2);
  const std::vector<M> minus = errors_of_members(q, profile, "y", 1);
  for (std::size_t k = 0; k < out.size(); ++k) out[k] -= minus[k];
  return out;
}

std::vector<M> mapped(std::vector<M> all, const AffineMap& map) {
  for (M& e : all) e = map(e);
  return all;
}

// The first entry that differs in a bit.
std::optional<std::string> difference(const std::string& output, const M& a, const M& b) {
  for (Eigen::Index i = 0; i < a.size(); ++i)
    if (std::memcmp(a.data() + i, b.data() + i, sizeof(double)) != 0)
      return fmt::format("{}[{}, {}]: expected the same bits, found {:.9g} and {:.9g}", output, i / a.cols(),
                         i % a.cols(), a.data()[i], b.data()[i]);
  return std::nullopt;
}

}  // namespace

Held LiveRunner::unchanged(const Question& q, const Question& other, const AffineMap& keep) {
  const M before = ask_(q).at("y"), after = ask_(other).at("y");
  if (before == after) throw NothingToJudge("what is changed shows nowhere in y");
  const M a = keep(before), b = keep(after);
  if (a == b) return {};
  if (ask_.repeats(q)) {
    Eigen::Index i, j;
    (a - b).cwiseAbs().maxCoeff(&i, &j);
    return {false,
            fmt::format("unaffected rows of y[{}, {}]: expected the same bits, found {:.9g} and {:.9g}", i, j,
                        a(i, j), b(i, j))};
  }
  const std::vector<M> noise = mapped(differences(q, other, ask_.profile()), keep);
  if (const auto beyond = beyond_noise(a - b, noise, guard(ask_.profile(), false)))
    return {false, "unaffected rows of y" + *beyond};
  return {true, "the implementation does not repeat itself bit for bit"};
}

Held LiveRunner::same_rows(const Question& q, const AffineMap& of_q, const Question& other,
                           const AffineMap& of_other, const std::vector<std::string>& outputs) {
  const Outputs expected = ask_(q), found = ask_(other);
  for (const std::string& name : outputs)
    if (const auto what = difference(name, of_q(expected.at(name)), of_other(found.at(name))))
      return {false, *what};
  return {};
}

Held LiveRunner::same_answer(const Question& q, const Question& other, const AffineMap& pulled) {
  const M a = ask_(q).at("y"), b = ask_(other).at("y");
  const M residual = pulled(b) - a;
  if (residual.isZero(0)) return {};
  std::vector<M> noise = errors_of_members(q, ask_.profile(), "y", 1);
  const std::vector<M> others =
      mapped(errors_of_members(other, ask_.profile(), "y", 2), pulled.without_constant());
  for (std::size_t k = 0; k < noise.size(); ++k) noise[k] = others[k] - noise[k];
  if (const auto beyond = beyond_noise(residual, noise, guard(ask_.profile(), q.gradients)))
    return {false, "y" + *beyond};
  return {};
}

Held LiveRunner::image_is(const Question& q, const std::string& output, const AffineMap& map,
                          const M& expected) {
  const AffineMap linear = map.without_constant();
  const M found = map(ask_(q).at(output)) - linear(expected);
  const std::vector<M> noise = mapped(errors_of_members(q, ask_.profile(), output, 1), linear);
  if (const auto beyond = beyond_noise(found, noise, guard(ask_.profile(), q.gradients)))
    return {false, fmt::format("over the channels of {}: {}", output, *beyond)};
  return {};
}

Held LiveRunner::is_input(const Question& q) {
  const M y = ask_(q).at("y");
  if (y == q.inputs.x) return {};
  Eigen::Index i, j;
  (y - q.inputs.x).cwiseAbs().maxCoeff(&i, &j);
  return {false,
          fmt::format("y[{}, {}]: expected x = {:.9g}, found {:.9g}", i, j, q.inputs.x(i, j), y(i, j))};
}

Held LiveRunner::is_right(const Question& q) {
  const Judge judge(q, ask_.profile());
  const Verdict v = judge(ask_(q));
  if (v.finding == Finding::inconclusive) throw NothingToJudge(v.reason);
  if (v.finding == Finding::agrees) return {};
  return {false, describe(v)};
}

Held LiveRunner::is_repeated(const Question& q) {
  const M a = ask_(q).at("y"), b = ask_(q).at("y");
  if (a == b) return {};
  if (const auto beyond =
          beyond_noise(b - a, differences(q, q, ask_.profile()), guard(ask_.profile(), false)))
    return {false, "y" + *beyond};
  return {true, fmt::format("not bit for bit: by up to {:.2g}", (b - a).cwiseAbs().maxCoeff())};
}

void LiveRunner::require_open(std::string_view key, const Json& declared, const Json& other) {
  ask_.require_open(key, declared, other);
}

void LiveRunner::require_representable(const Question& q) {
  if (!is_representable(q, ask_.profile()))
    throw NothingToJudge("the scaled numbers are not of the storage type");
}

}  // namespace plumbline
