// How much each functional of a correct answer varies: what Calibration takes from its members.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <iterator>
#include <numeric>

#include "plumbline/base/caches.hpp"
#include "plumbline/cases/nothing_to_judge.hpp"
#include "plumbline/judge/calibration.hpp"

namespace plumbline {
namespace {

Scores sums_of_squares(const std::vector<Scores>& of_members) {
  Scores sums;
  for (const Matrix<double>& s : of_members.front()) sums.push_back(s.cwiseAbs2());
  for (std::size_t k = 1; k < of_members.size(); ++k)
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += of_members[k][i].cwiseAbs2();
  return sums;
}

// Members that share a pass: more do not fit the cache; where weights do not either, to read them counts.
int at_once(const Question& q) {
  Eigen::Index largest = 0;
  for (const auto& [name, value] : q.inputs.parameters) largest = std::max(largest, value.size());
  return q.gradients || largest < beyond_caches ? 4 : 12;
}
// Functionals are normalised: of independent scores they would be of size 1. One that is below 2^-26 for
// every member has lost more than half of a double's digits to cancellation: it is our own rounding, not the
// members' error. The row sum of the cotangents of probabilities is such a one: no output responds to it.
constexpr double cancelled = 0x1p-26;

}  // namespace

void Calibration::set_standard_errors() {
  const int k1 = settings_.members;
  traces_.resize(std::min(settings_.threads, k1));
  traces_.front() = std::make_unique<Trace>(*question_);
  std::vector<Matrix<double>> values;
  for (const auto& t : truth_) values.push_back(cast<double>(t));
  bank_ = std::make_unique<Bank>(*question_, values, sigma_, *traces_.front());
  if (bank_->families().empty()) throw NothingToJudge("every output is 0: there is nothing to judge");

  Functionals c = functionals_of_all();
  const std::span of_members = std::span(c).first(2 * k1), of_right_answers = std::span(c).subspan(2 * k1);
  tau_.resize(bank_->size());
  families_.resize(bank_->families().size());
  in_parallel(int(families_.size()), settings_.threads, [&](int f) {
    for (auto& functionals : c) bank_->scale(functionals, bank_->families()[f]);
    set_standard_errors(f, of_members);
    include_right_answers(f, of_right_answers);
  });
}

// Of the members, and of the right answers after them, before they are scaled. Runs a few of one set at a
// time, so that the scores of all need not be kept. Makes the traces that are not there yet.
auto Calibration::functionals_of_all() -> Functionals {
  using Answers = std::span<const std::vector<Matrix<double>>>;
  const int k1 = settings_.members, threads = int(traces_.size());
  const std::size_t at_once = plumbline::at_once(*question_);
  std::vector<Answers> all;
  for (const Answers set : {Answers(errors_).first(k1), Answers(errors_).subspan(k1), Answers(right_)})
    for (std::size_t k = 0; k < set.size(); k += at_once)
      all.push_back(set.subspan(k, std::min(at_once, set.size() - k)));
  const int of_first_set = (k1 + int(at_once) - 1) / int(at_once);
  std::vector<Functionals> of(all.size());
  std::vector<Scores> squares(of_first_set);
  std::atomic<int> next = 0;
  in_parallel(threads, threads, [&](int t) {
    if (!traces_[t]) traces_[t] = std::make_unique<Trace>(*question_, traces_.front().get());
    for (int i = next++; i < int(all.size()); i = next++) {
      const auto scores = bank_->scores(all[i], *traces_[t]);
      if (i < of_first_set) squares[i] = sums_of_squares(scores);
      of[i] = bank_->functionals(scores);
    }
  });
  Scores& mean_squares = squares.front();
  for (std::size_t i = 0; i < mean_squares.size(); ++i) {
    for (int few = 1; few < of_first_set; ++few) mean_squares[i] += squares[few][i];
    mean_squares[i] /= k1;
  }
  bank_->normalise(mean_squares);
  Functionals c;
  for (Functionals& few : of) std::move(few.begin(), few.end(), std::back_inserter(c));
  return c;
}

// How many of the functionals of a family vary independently. They may all be one: where attention is
// saturated, each channel of a query says how one score erred.
double Calibration::independent(const Family& f, std::span<const std::vector<double>> c,
                                const std::vector<double>& inverse_tau) const {
  if (!settings_.correlation) return f.count;
  const int at_a_time = std::min(f.count, 1024);  // so that a block of them stays in the cache
  const int members = int(c.size());
  Matrix<double> products = Matrix<double>::Zero(members, members), some(members, at_a_time);
  for (int first = 0; first < f.count; first += at_a_time) {
    const int n = std::min(at_a_time, f.count - first);
    for (int k = 0; k < members; ++k)
      for (int i = 0; i < n; ++i) {
        const double by = inverse_tau[first + i];
        some(k, i) = by > 0 ? c[k][f.first + first + i] * by : 0;
      }
    products.selfadjointView<Eigen::Lower>().rankUpdate(some.leftCols(n));  // all that is read of them
  }
  return independent_count(products, f.count);
}

// Sets the standard errors, the inflation of the tails, and mu and s of log mean T^2, of one family, from the
// functionals c of all members.
void Calibration::set_standard_errors(int family, std::span<const std::vector<double>> c) {
  const int k1 = settings_.members;
  const Family& f = bank_->families()[family];
  std::vector<double> c2(f.count), sum(f.count), most(f.count), members_above(f.count);
  for (int k = 0; k < 2 * k1; ++k) {
    const double *of_member = c[k].data() + f.first, weight = k < k1 ? 0 : 1.0 / k1;
#pragma omp simd
    for (int i = 0; i < f.count; ++i) {
      const double size = std::abs(of_member[i]);
      sum[i] += size;
      most[i] = most[i] < size ? size : most[i];
      members_above[i] += size > cancelled ? 1.0 : 0.0;
      c2[i] += weight * size * size;
    }
  }
  const auto is_finite = [&](int i) {  // a derivative may be infinite: that of a root at 0, say
    return sum[i] <= std::numeric_limits<double>::max();
  };
  for (int i = 0; i < f.count; ++i)
    if (!is_finite(i)) c2[i] = 0;
  const Moderated m = variances(c2, std::vector<double>(f.count, 1.0));
  std::vector<double> inverse_tau(f.count);
  for (int i = 0; i < f.count; ++i) {
    double& tau = tau_[f.first + i];
    tau = !is_finite(i) ? 0 : c2[i] > 0 ? std::sqrt(m.variance[i]) : cancelled;
    // If most members give 0, the variance says nothing: the scale is then the largest value seen.
    if (is_finite(i) && members_above[i] <= k1) tau = std::max(tau, most[i]);
    inverse_tau[i] = tau > 0 ? 1 / tau : 0;
  }

  // What a family says of one functional it has from as many as vary independently, k1 times each.
  FamilyTest test{.independent = independent(f, c, inverse_tau)};
  test.dof = std::min(m.dof, k1 * test.independent);
  double largest = 0;
  std::vector<double> log_squares;
  for (int k = 0; k < k1; ++k) {
    const double* of_member = c[k].data() + f.first;
    double mean_square = 0;
#pragma omp simd reduction(+ : mean_square) reduction(max : largest)
    for (int i = 0; i < f.count; ++i) {
      const double t = inverse_tau[i] > 0 ? std::abs(of_member[i]) * inverse_tau[i] : 0;
      mean_square += t * t;
      largest = largest < t ? t : largest;
    }
    log_squares.push_back(std::log(std::max(mean_square / f.count, 1e-300)));
  }
  if (settings_.tail_inflation)
    test.tail_inflation = tail_inflation(largest, k1 * test.independent, test.dof);
  test.mean_log_square = std::accumulate(log_squares.begin(), log_squares.end(), 0.0) / k1;
  double spread = 0;
  for (double e : log_squares) spread += (e - test.mean_log_square) * (e - test.mean_log_square);
  test.deviation_of_log_square = std::max(least_deviation, std::sqrt(spread / (k1 - 1)));
  families_[family] = test;
}

// Errors of nearest rounding may share a factor, and then a sum along the output is far more than independent
// errors give. Where a right answer shows more than the noisiest of so many correct ones would, tau is raised
// until it does not, and likewise the deviation of the mean square.
void Calibration::include_right_answers(int family, std::span<const std::vector<double>> of_right_answers) {
  const Family& f = bank_->families()[family];
  FamilyTest& test = families_[family];
  if (of_right_answers.empty()) return;
  const double answers = double(of_right_answers.size());
  const double noisiest =
      test.tail_inflation * t_quantile_of_tail(1 / (2 * answers * test.independent), test.dof);
  for (const auto& c : of_right_answers)
    for (int i = f.first; i < f.first + f.count; ++i)
      if (tau_[i] > 0 && std::isfinite(c[i])) tau_[i] = std::max(tau_[i], std::abs(c[i]) / noisiest);
  const double noisiest_square = t_quantile_of_tail(1 / (2 * answers), settings_.members - 1);
  for (const auto& c : of_right_answers) {
    double mean_square = 0;
    for (int i = f.first; i < f.first + f.count; ++i)
      if (tau_[i] > 0) mean_square += c[i] * c[i] / (tau_[i] * tau_[i]);
    const double excess = std::log(std::max(mean_square / f.count, 1e-300)) - test.mean_log_square;
    test.deviation_of_log_square = std::max(test.deviation_of_log_square, excess / noisiest_square);
  }
}

}  // namespace plumbline
