#include "plumbline/relations/noise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumbline/cases/nothing_to_judge.hpp"
#include "plumbline/ensemble/members.hpp"
#include "plumbline/judge/statistics.hpp"
#include "plumbline/judge/verdict.hpp"

namespace plumbline {
namespace {

// As many as both sets of a calibration: here one set gives the scale and the tails. Student's t at 1e-9 is
// 7.4 of 48 members, and 6.0 of infinitely many.
constexpr int members_in_a_set = 48;

std::vector<double> mean_squares(const std::vector<Matrix<double>>& members) {
  std::vector<double> out(members.front().size());
  for (const auto& m : members)
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += m.data()[i] * m.data()[i] / double(members.size());
  return out;
}

}  // namespace

std::vector<Matrix<double>> errors_of_members(const Question& q, const Profile& profile,
                                              const std::string& output, int set) {
  const std::vector<std::string> names = output_names(q);
  const auto at = std::find(names.begin(), names.end(), output) - names.begin();
  std::vector<Matrix<double>> out;
  for (auto& member : member_errors(q, profile, std::uint64_t(1 + 1000 * set), members_in_a_set)) {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (!member[i].allFinite())
        throw NothingToJudge(
            fmt::format("correct code in profile \"{}\" overflows ({})", profile.name, names[i]));
    out.push_back(std::move(member[at]));
  }
  return out;
}

std::optional<std::string> beyond_noise(const Matrix<double>& x, const std::vector<Matrix<double>>& members,
                                        double guard) {
  const int count = static_cast<int>(members.size());
  const auto n = static_cast<std::size_t>(x.size());
  const Moderated m = moderated(mean_squares(members), std::vector<double>(n, 1.0), count);
  const auto in_sigmas = [&](const Matrix<double>& e, std::size_t i) {
    const double size = std::abs(e.data()[i]);
    return size == 0 ? 0 : size / std::sqrt(m.variance[i]);
  };
  double largest = 0, worst = 0;
  for (const auto& e : members)
    for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, in_sigmas(e, i));
  const double limit = guard * tail_inflation(largest, count * double(n), m.dof) *
                       t_quantile_of_tail(Judge::alpha / (2.0 * double(n)), m.dof);
  std::size_t where = 0;
  for (std::size_t i = 0; i < n; ++i)
    if (!(in_sigmas(x, i) <= worst)) worst = in_sigmas(x, i), where = i;
  if (worst <= limit) return std::nullopt;
  return fmt::format("[{}, {}]: expected 0 within {:.2g}, found {:.2g}", where / x.cols(), where % x.cols(),
                     limit * std::sqrt(m.variance[where]), x.data()[where]);
}

}  // namespace plumbline
