#include "plumbline/naming/arithmetic.hpp"

#include <algorithm>
#include <cmath>

#include "plumbline/ensemble/members.hpp"
#include "plumbline/judge/statistics.hpp"
#include "plumbline/judge/verdict.hpp"

namespace plumbline {
namespace {

using Errors = std::vector<Matrix<double>>;

// The mean square of errors, in standard errors.
double mean_square(const Errors& scaled) {
  double sum = 0;
  Eigen::Index entries = 0;
  for (const auto& z : scaled) sum += z.squaredNorm(), entries += (z.array() != 0).count();
  return sum / double(std::max<Eigen::Index>(entries, 1));
}

// The log likelihood of an error with independent normal entries, less what is the same for all calibrations.
double log_likelihood(const Calibration& c, const Errors& error) {
  double sum = 0;
  for (std::size_t k = 0; k < error.size(); ++k)
    for (Eigen::Index i = 0; i < error[k].size(); ++i)
      if (const double s = c.sigma()[k].data()[i]; s > 0)
        sum -= std::pow(error[k].data()[i] / s, 2) / 2 + std::log(s);
  return sum;
}

// The median square of the entries: a mistake in a few places leaves it small.
double usual_square(const Errors& scaled) {
  std::vector<double> all;
  for (const auto& z : scaled)
    for (Eigen::Index i = 0; i < z.size(); ++i) all.push_back(z.data()[i] * z.data()[i]);
  const auto middle = all.begin() + std::ptrdiff_t(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  return *middle;
}

// Whether an error is as large as correct code's in that profile: no larger than a member's, which errs the
// most; and no smaller, over all and in most places, than that of code which rounds to nearest, which errs
// the least. Otherwise a small mistake would pass for coarse arithmetic.
bool has_size_of(const Profile& profile, const Question& q, const Calibration& declared,
                 const Errors& error) {
  constexpr int some = 3;
  const Errors z = declared.scaled(error);
  const double found = mean_square(z), much = std::pow(guard(profile, q.gradients), 2);
  double most = 0, least = std::numeric_limits<double>::infinity(), least_usual = least;
  for (const Errors& e : member_errors(q, profile, 1, some))
    most = std::max(most, mean_square(declared.scaled(e)));
  if (found > much * most) return false;
  for (int seed = 1; seed <= some; ++seed) {
    const Errors plain = declared.scaled(declared.error(plain_answer(q, profile, seed)));
    least = std::min(least, mean_square(plain));
    least_usual = std::min(least_usual, usual_square(plain));
  }
  return found * much > least && usual_square(z) * much >= least_usual;
}

// How much likelier the answer is in that profile than as declared, if a correct implementation in it could
// give it.
std::optional<double> log_ratio_in(const Profile& profile, const Failing& f, const Calibration& declared) {
  const Errors error = declared.error(*f.outputs);
  if (!has_size_of(profile, f.request->question, declared, error)) return std::nullopt;
  const Judge judge(f.request->question, profile);
  if (judge.vacuous() || judge.p(*f.outputs) < Judge::alpha) return std::nullopt;
  const double gain = log_likelihood(judge.calibration(), error) - log_likelihood(declared, error);
  // not called coarser unless that is 1 / alpha times likelier than what was declared
  return gain > -std::log(Judge::alpha) ? std::optional(gain) : std::nullopt;
}

// sum z sign(y) over its standard error, as members show it: negative where errors go towards 0.
double direction(const Calibration& c, const Errors& error) {
  const auto along = [&](const Errors& e) {
    const Errors z = c.scaled(e);
    double sum = 0;
    for (std::size_t k = 0; k < z.size(); ++k)
      for (Eigen::Index i = 0; i < z[k].size(); ++i) {
        const long double y = c.truth()[k].data()[i];
        if (y != 0) sum += y > 0 ? z[k].data()[i] : -z[k].data()[i];
      }
    return sum;
  };
  double squares = 0;
  for (const Errors& e : c.member_errors()) squares += std::pow(along(e), 2);
  const double standard_error = std::sqrt(squares / double(c.member_errors().size()));
  return standard_error > 0 ? along(error) / standard_error : 0;
}

// What is left of errors when a common factor of each row is taken out, by least squares.
Errors without_row_factors(const Calibration& c, Errors error) {
  for (std::size_t k = 0; k < error.size(); ++k) {
    const Matrix<double> y = cast<double>(c.truth()[k]);
    for (int i = 0; i < y.rows(); ++i)
      if (const double size = y.row(i).squaredNorm(); size > 0)
        error[k].row(i) -= error[k].row(i).dot(y.row(i)) / size * y.row(i);
  }
  return error;
}

// Accumulators that drop what they have no room for, as those of matrix units do: errors go towards 0, they
// are no larger than if every addition did so, and no common factor of a row explains them.
std::optional<double> of_truncated_sums(const Failing& f, const Calibration& c) {
  const double much = guard(c.profile(), f.request->question.gradients);
  const double far = much * t_quantile_of_tail(Judge::alpha, double(c.member_errors().size()));
  const Errors error = c.error(*f.outputs);
  const double found = direction(c, error);
  if (found > -far) return std::nullopt;
  const int bits = info(c.profile().accumulator).precision;
  const Errors most =
      c.error(with_slip(f.request->question, {.what = Slip::What::sums_truncated, .from = bits}));
  double usual = 0;
  for (const Errors& e : c.member_errors()) usual = std::max(usual, mean_square(c.scaled(e)));
  if (direction(c, most) > -far || mean_square(c.scaled(error)) > much * much * mean_square(c.scaled(most)) ||
      mean_square(c.scaled(without_row_factors(c, error))) < usual)
    return std::nullopt;
  return found * found / 2;
}

// The log likelihood ratio of a failing case, given the calibration of the declared profile; nothing where it
// does not explain it.
using Likelihood = std::function<std::optional<double>(const Failing&, const Calibration& declared)>;

Likelihood in(std::function<Profile(Profile)> arithmetic) {
  return [=](const Failing& f, const Calibration& declared) -> std::optional<double> {
    try {
      return log_ratio_in(arithmetic(f.request->profile), f, declared);
    } catch (const Error&) {  // no coarser than declared, or correct code overflows
      return std::nullopt;
    }
  };
}

class Explaining {
 public:
  Explaining(std::span<const Failing> failing, int least)
      : failing_(failing), least_(least), calibrations_(failing.size()) {
    for (int i = 0; i < int(failing.size()); ++i) order_.push_back(i);
    std::stable_sort(order_.begin(), order_.end(),
                     [&](int a, int b) { return size_of(failing[a]) < size_of(failing[b]); });
  }

  // Explains the cases one by one, the smallest first; gives up where the first two are not explained.
  std::optional<Neighbour> explained(const std::string& id, const std::string& says, const Likelihood& in) {
    Neighbour n{.id = id, .says = says, .bug = "", .is_arithmetic = true};
    int missed = 0;
    for (int i : order_)
      if (const auto found = in(failing_[i], calibration(i))) {
        n.cases.push_back(i);
        n.log_ratio += *found;
      } else if (++missed >= int(failing_.size()) - least_ || missed > int(n.cases.size()) + 1) {
        return std::nullopt;
      }
    std::sort(n.cases.begin(), n.cases.end());
    n.explains = [in](const Failing& f) {
      return in(f, Calibration(f.request->question, f.request->profile)).has_value();
    };
    return n;
  }

 private:
  static Eigen::Index size_of(const Failing& f) {
    Eigen::Index n = 0;
    for (const auto& [name, value] : *f.outputs) n += value.size();
    return n;
  }

  const Calibration& calibration(int i) {
    auto& c = calibrations_[i];
    if (!c) c = std::make_unique<Calibration>(failing_[i].request->question, failing_[i].request->profile);
    return *c;
  }

  std::span<const Failing> failing_;
  int least_;
  std::vector<int> order_;
  std::vector<std::unique_ptr<Calibration>> calibrations_;
};

}  // namespace

bool is_far_fetched(const Neighbour& n) {
  const bool rounds = n.id.find("-in-bfloat16") != n.id.npos || n.id.find("-in-float16") != n.id.npos;
  constexpr int most_digits = 6;
  const auto number = n.id.find('=');
  const bool is_long = number != n.id.npos && std::count_if(n.id.begin() + std::ptrdiff_t(number), n.id.end(),
                                                            [](unsigned char c) { return std::isdigit(c); }) >
                                                  most_digits + 2;  // and an exponent
  return rounds || is_long;
}

std::optional<Neighbour> explained_by_arithmetic(std::span<const Failing> failing, int least) {
  if (failing.empty() || failing.front().request->profile.storage == Dtype::f64) return std::nullopt;
  Explaining explaining(failing, least);
  for (const Alternative& a : coarser_arithmetic(failing.front().request->question))
    if (auto found = explaining.explained(a.id, a.says, in(a.arithmetic))) return found;
  return explaining.explained("arithmetic/truncated-sums", "sums are truncated: errors go towards 0",
                              of_truncated_sums);
}

}  // namespace plumbline
