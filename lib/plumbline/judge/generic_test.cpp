// The generic test of an error, which looks for no mistake in particular.
#include <cmath>

#include "plumbline/judge/calibration.hpp"

namespace plumbline {
namespace {

constexpr int smallest_pooled_family = 8;

}  // namespace

TestResult Calibration::test(const std::vector<double>& c, int families, double guard,
                             const Counts& counts) const {
  TestResult worst{.p = std::numeric_limits<double>::infinity()};
  const int k1 = settings_.members;
  const auto note = [&](double p, const Family& f, double statistic, bool by_mean_square) {
    if (counts && !counts(f, by_mean_square)) return;
    if (!(p >= worst.p)) worst = {p, f.name, f.place, statistic, by_mean_square};
  };
  for (int i = 0; i < families; ++i) {
    const Family& f = bank_->families()[i];
    const FamilyTest& test = families_[i];
    double largest = 0, mean_square = 0;
    for (int j = f.first; j < f.first + f.count; ++j) {
      const double t = tau_[j] > 0 ? c[j] / tau_[j] : 0;
      if (!(std::abs(t) <= largest)) largest = std::abs(t);
      mean_square += t * t / f.count;
    }
    note(2.0 * f.count * t_tail(largest / (guard * test.tail_inflation), test.dof), f, largest, false);
    if (f.count < smallest_pooled_family) continue;
    const double excess =
        std::log(std::max(mean_square, 1e-300)) - test.mean_log_square - 2 * std::log(guard);
    note(t_tail(excess / (test.deviation_of_log_square * std::sqrt(1 + 1.0 / k1)), k1 - 1), f, mean_square,
         true);
  }
  worst.p *= 2.0 * double(bank_->families().size());
  if (worst.p > 1) worst.p = 1;
  return worst;
}

TestResult Calibration::test(const std::vector<Matrix<double>>& error, double guard,
                             const Counts& counts) const {
  return test(functionals(scores({&error, 1}).front()), int(families_.size()), guard, counts);
}

TestResult Calibration::test_shapes(const std::vector<Matrix<double>>& error, double guard) const {
  const Scores shapes = bank_->shape_scores(error);
  return test(functionals(shapes), bank_->shapes(), guard);
}

std::map<std::string, double> Calibration::smallest_noticed(double guard, double alpha) const {
  std::vector<std::string> places;
  for (const Tap& tap : traces_.front()->taps())
    if (std::find(places.begin(), places.end(), tap.place) == places.end()) places.push_back(tap.place);
  const int n = int(places.size());
  std::vector<std::vector<Matrix<double>>> changes(n, std::vector<Matrix<double>>(names_.size()));
  auto of_places = responses(*question_, places, settings_.threads);
  for (int k = 0; k < n; ++k) changes[k][0] = std::move(of_places[k]);
  const std::vector<Scores> scores_of_changes = scores(changes);
  const std::vector<double> limit = limits(guard, alpha);
  // the multiple of each change at which the first family would notice it
  std::vector<double> smallest(n, std::numeric_limits<double>::infinity());
  in_parallel(n, settings_.threads, [&](int k) {
    const std::vector<double> c = functionals(scores_of_changes[k]);
    for (std::size_t i = 0; i < families_.size(); ++i) {
      const Family& f = bank_->families()[i];
      double largest = 0;
      for (int j = f.first; j < f.first + f.count; ++j)
        if (tau_[j] > 0) largest = std::max(largest, std::abs(c[j]) / tau_[j]);
      if (largest > 0) smallest[k] = std::min(smallest[k], limit[i] / largest);
    }
  });
  std::map<std::string, double> out;
  for (int k = 0; k < n; ++k) out[places[k]] = smallest[k];
  return out;
}

std::vector<double> Calibration::limits(double guard, double alpha) const {
  std::vector<double> limit;
  for (std::size_t i = 0; i < families_.size(); ++i) {
    const double share = alpha / (4 * double(families_.size()) * bank_->families()[i].count);
    limit.push_back(guard * families_[i].tail_inflation * t_quantile_of_tail(share, families_[i].dof));
  }
  return limit;
}

}  // namespace plumbline
