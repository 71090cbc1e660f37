#include "plumbline/judge/verdict.hpp"

#include <cmath>
#include <cstdio>

#include "plumbline/cases/vacuity.hpp"

namespace plumbline {
namespace {

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", x);
  return text;
}

std::string shape(const Matrix<double>& x) {
  return "[" + std::to_string(x.rows()) + ", " + std::to_string(x.cols()) + "]";
}

std::string entry(const std::string& name, Eigen::Index i, Eigen::Index cols) {
  return name + "[" + std::to_string(i / cols) + ", " + std::to_string(i % cols) + "]";
}

Verdict with(Finding finding, std::string reason, double p = 1) {
  Verdict v;
  v.finding = finding;
  v.reason = std::move(reason);
  v.p = p;
  return v;
}

}  // namespace

Judge::Judge(std::shared_ptr<const Question> question, const Profile& profile,
             const CalibrationSettings& settings)
    : Judge(question, profile, settings, (check_representable(question->inputs, profile), Unchecked{})) {
  vacuous_ = find_vacuous();
}

Judge::Judge(std::shared_ptr<const Question> question, const Profile& profile,
             const CalibrationSettings& settings, Unchecked)
    : guard_(guard(profile, question->gradients)),
      settings_(settings),
      calibration_(std::make_unique<Calibration>(std::move(question), profile, settings)) {}

Judge::~Judge() = default;

const Signatures& Judge::signatures() const {
  return *signatures_([&] { return std::make_unique<Signatures>(*calibration_); });
}

std::optional<std::string> Judge::find_vacuous() const {
  Outputs exact;
  for (std::size_t i = 0; i < calibration_->names().size(); ++i)
    exact[calibration_->names()[i]] = cast<double>(calibration_->truth()[i]);
  for (const EmptyAnswer& a : empty_answers(calibration_->question(), exact)) {
    const auto error = calibration_->error(a.outputs);
    if (calibration_->test_shapes(error, guard_).p < alpha) continue;
    if (calibration_->test(error, guard_).p >= alpha) return std::string(a.name);
  }
  return std::nullopt;
}

std::optional<Verdict> Judge::invalid(const Outputs& observed) const {
  for (std::size_t k = 0; k < calibration_->names().size(); ++k) {
    const std::string& name = calibration_->names()[k];
    const Matrix<double> truth = cast<double>(calibration_->truth()[k]);
    const auto it = observed.find(name);
    if (it == observed.end()) return with(Finding::invalid, name + ": expected a tensor, found none", 0);
    const Matrix<double>& y = it->second;
    if (y.rows() != truth.rows() || y.cols() != truth.cols())
      return with(Finding::invalid, name + ": expected " + shape(truth) + ", found " + shape(y), 0);
  }
  return std::nullopt;
}

std::optional<Verdict> Judge::not_finite(const Outputs& observed) const {
  for (std::size_t k = 0; k < calibration_->names().size(); ++k) {
    const std::string& name = calibration_->names()[k];
    const Matrix<double>& y = observed.at(name);
    for (Eigen::Index i = 0; i < y.size(); ++i)
      if (!std::isfinite(y.data()[i])) {
        Verdict v = with(Finding::wrong,
                         entry(name, i, y.cols()) + ": expected a finite number, found " +
                             (std::isnan(y.data()[i]) ? "NaN" : number(y.data()[i])) + overflow_in_coarser(),
                         0);
        v.is_finite = false;
        return v;
      }
  }
  return std::nullopt;
}

std::optional<Verdict> Judge::beyond_zero(const std::vector<Matrix<double>>& error) const {
  for (std::size_t k = 0; k < error.size(); ++k) {
    const Matrix<double>& sigma = calibration_->sigma()[k];
    const double limit = far_beyond * calibration_->largest_error(int(k));
    for (Eigen::Index i = 0; i < sigma.size(); ++i)
      if (sigma.data()[i] == 0 && std::abs(error[k].data()[i]) > limit)
        return with(Finding::wrong,
                    entry(calibration_->names()[k], i, sigma.cols()) + ": expected 0 within " +
                        number(limit) + ", found an error of " + number(error[k].data()[i]),
                    0);
  }
  return std::nullopt;
}

bool Judge::accepts(const std::vector<Matrix<double>>& error, const Deviation* unknown, Verdict& v) const {
  if (std::optional<Verdict> zero = beyond_zero(error)) {
    v = *zero;
    return false;
  }
  v.test = calibration_->test(error, guard_);
  v.p = v.test.p;
  v.reason = v.test.family +
             (v.test.by_mean_square ? ": the mean square of its errors is " : ": its largest error is ") +
             number(v.test.statistic) +
             (v.test.by_mean_square ? " in squared standard errors" : " standard errors");
  const Match loudest = signatures().loudest(error, guard_, unknown);
  if (const double p = signatures().p(loudest, guard_); loudest.signature && p < v.p) {
    v.p = p;
    if (signatures().is_at_full_size(loudest)) v.resembles = loudest.signature->deviation;
    v.reason = loudest.detector + ": " + number(loudest.coefficient) + " of " +
               std::string(loudest.signature->deviation->id) + ", " + number(loudest.statistic) +
               " times what a correct output shows";
  }
  return v.p >= alpha;
}

LogRatios Judge::log_ratios(const Outputs& observed) const {
  return signatures().log_ratios(calibration_->error(observed));
}

double Judge::p(const Outputs& observed) const {
  const auto error = calibration_->error(observed);
  return beyond_zero(error) ? 0 : calibration_->test(error, guard_).p;
}

Verdict Judge::operator()(const Outputs& observed, const Deviation* unknown) const {
  return judged(observed, unknown, true);
}

Verdict Judge::unnamed(const Outputs& observed, const Deviation* unknown) const {
  return judged(observed, unknown, false);
}

Verdict Judge::judged(const Outputs& observed, const Deviation* unknown, bool names) const {
  if (std::optional<Verdict> v = invalid(observed)) return *v;
  if (std::optional<Verdict> v = not_finite(observed)) return *v;
  const auto error = calibration_->error(observed);
  Verdict v;
  const bool accepted = accepts(error, unknown, v);
  v.log_ratios = signatures().log_ratios(error);
  if (accepted) {
    v.finding = Finding::agrees;
    if (vacuous_) {
      v.finding = Finding::inconclusive;
      v.reason = *vacuous_ + " would pass too";
    }
    return v;
  }
  v.finding = Finding::wrong;
  if (names && name(observed, unknown, v)) return v;
  // Coarser arithmetic errs more, but along no deviation's pattern; a small mistake errs along one.
  if (is_right_in_coarser(observed, unknown, v) && !v.resembles) v.finding = Finding::coarser;
  return v;
}

std::vector<std::string> Judge::cannot_separate() const {
  std::vector<std::string> ids = signatures().without_effect();
  for (const Signature& s : signatures().all())
    if (!signatures().separates(s, guard_)) ids.emplace_back(s.deviation->id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

const std::map<std::string, double>& Judge::smallest_noticed() const {
  return noticed_([&] { return calibration_->smallest_noticed(guard_, alpha); });
}

Verdict judge(const Question& question, const Profile& profile, const Outputs& observed,
              const CalibrationSettings& settings) {
  return Judge(question, profile, settings)(observed);
}

}  // namespace plumbline
