#include "plumbline/judge/calibration.hpp"

#include <cmath>

#include "plumbline/block/certified.hpp"
#include "plumbline/cases/nothing_to_judge.hpp"
#include "plumbline/cases/tied_experts.hpp"
#include "plumbline/ensemble/members.hpp"
#include "plumbline/number/grid.hpp"
#include "plumbline/number/scalars.hpp"

namespace plumbline {
namespace {

template <class S>
std::vector<Matrix<long double>> exact(const Question& q) {
  const auto x = cast<S>(q.inputs.x);
  const auto parameters = cast<S>(q.inputs.parameters);
  if (!q.gradients) return {cast<long double>(evaluate<S>(q.spec, parameters, x, q.batch))};
  const Gradients<S> g = gradients<S>(q.spec, parameters, x, cast<S>(q.inputs.cotangent), q.batch);
  std::vector<Matrix<long double>> out{cast<long double>(g.y), cast<long double>(g.x)};
  for (const auto& [name, value] : g.parameters) out.push_back(cast<long double>(value));
  return out;
}

// Multiply-adds from which balls are the faster way; below it the sums of a few digits more cost nothing.
constexpr double worth_balls = 0x1p26;

bool is_large(const Question& q) {
  double weights = 0;
  for (const auto& [name, value] : q.inputs.parameters) weights += double(value.size());
  return weights * double(q.inputs.x.rows()) > worth_balls;
}

// Whether the radii are far below the rounding errors of any implementation, in units of each entry, or of
// one that is 2^-10 of the largest: all below 2^-8, and their root mean square below 2^-10, so that a
// functional of n entries errs less than 2^-10 sqrt(n) units. `largest`: of all outputs, beside which one
// that is 0 but for what cancels is measured.
bool is_certain(const BallMatrix& balls, const Grid<double>& grid, double largest) {
  double own = balls.mid.cwiseAbs().maxCoeff(), squares = 0;
  if (!balls.is_exact() && own <= balls.rad.maxCoeff()) own = largest;
  const double floor = own * 0x1p-10;
  for (Eigen::Index i = 0; i < balls.mid.size(); ++i) {
    const double units = balls.at(i).rad / grid.unit(std::max(std::abs(balls.mid.data()[i]), floor));
    if (!(units <= 0x1p-8)) return false;
    squares += units * units;
  }
  return squares <= 0x1p-20 * double(balls.mid.size());
}

// Middles in long double; nothing where some ball is too wide.
std::optional<std::vector<Matrix<long double>>> exact_by_balls(const Question& q, Dtype storage,
                                                               int threads) {
  const BallParameters parameters = exactly(cast<double>(q.inputs.parameters));
  const BallCost cost{threads, q.gradients || storage == Dtype::f64 ? 3 : 2};
  const Grid<double> grid(storage);
  std::vector<Matrix<long double>> out;
  double largest = 0;
  const auto push = [&](const BallMatrix& balls) {
    largest = std::max(largest, balls.mid.cwiseAbs().maxCoeff());
    if (!is_certain(balls, grid, largest)) return false;
    out.push_back(cast<long double>(balls.mid));
    if (!balls.is_exact()) out.back() += cast<long double>(balls.low);
    return true;
  };
  if (!q.gradients)
    return push(certified(q.spec, parameters, {q.inputs.x}, q.batch, cost)) ? std::optional(out)
                                                                            : std::nullopt;
  const BallGradients g =
      certified_gradients(q.spec, parameters, {q.inputs.x}, {q.inputs.cotangent}, q.batch, cost);
  if (!push(g.y) || !push(g.x)) return std::nullopt;
  for (const auto& [name, value] : g.parameters)
    if (!push(value)) return std::nullopt;
  return out;
}

Matrix<double> mean_squares(const std::vector<std::vector<Matrix<double>>>& sets, int output, int count) {
  Matrix<double> sum = Matrix<double>::Zero(sets[0][output].rows(), sets[0][output].cols());
  for (int k = 0; k < count; ++k) sum += sets[k][output].cwiseAbs2();
  return sum / count;
}

// Row mean times column mean over the mean: the variance that rows and columns explain.
Matrix<double> prior(const Matrix<double>& s2) {
  const double mean = s2.mean();
  if (!(mean > 0)) return s2;
  const Eigen::VectorXd rows = s2.rowwise().mean();
  const Eigen::RowVectorXd cols = s2.colwise().mean();
  return rows * cols / mean;
}

// Code that takes tokens in chunks has exp(sums of decays up to i - sums up to j) for all pairs, and its
// gradient of a decay is a sum over all of these, which cancels: it errs more than members do, which go from
// token to token.
void refuse_gradients_of_decays(const Question& q) {
  if (q.gradients && recurs(q.spec) && decays(*q.spec.attention.linear))
    throw NothingToJudge(
        "gradients of part \"linear_attention\" by a rule that decays: expected y alone to be asked "
        "for, since right code that works in chunks errs in more ways than are known");
}

}  // namespace

double guard(const Profile& profile, bool gradients) {
  const Arithmetic a = profile.arithmetic();
  return !sums_matter(a) ? 1.15 : gradients ? 1.5 : 1.3;
}

std::vector<Matrix<long double>> exact_outputs(const Question& question, const Profile& profile,
                                               int threads) {
  if (is_large(question))
    if (auto certain = exact_by_balls(question, profile.storage, threads)) return std::move(*certain);
  return profile.storage == Dtype::f64 ? exact<Mp50>(question) : exact<long double>(question);
}

Calibration::Calibration(std::shared_ptr<const Question> question, const Profile& profile,
                         const CalibrationSettings& settings)
    : question_(std::move(question)),
      profile_(profile),
      settings_(settings),
      names_(output_names(*question_)) {
  refuse_gradients_of_decays(*question_);
  refuse_tied_experts(*question_);
  // One after the other where both hold copies of many weights; each runs on all threads then.
  std::optional<Members> members;
  in_parallel(2, is_large(*question_) ? 1 : settings_.threads, [&](int part) {
    if (part == 0) truth_ = exact_outputs(*question_, profile_, settings_.threads);
    if (part == 1)
      errors_ = members.emplace(*question_, profile_)
                    .errors(1 + 1000003 * settings_.seed, 2 * settings_.members, settings_.threads,
                            settings_.left_out);
  });
  if (settings_.right_answers) right_ = members->right_answer_errors(truth_, settings_.threads);
  members.reset();
  for (std::size_t i = 0; i < names_.size(); ++i)
    for (const auto* answers : {&errors_, &right_})
      for (const auto& answer : *answers)
        if (!answer[i].allFinite())
          throw NothingToJudge(names_[i] + ": a correct implementation in profile \"" + profile_.name +
                               "\" overflows on this input; there is nothing to judge");
  set_scale();
  set_standard_errors();
}

Moderated Calibration::variances(std::span<const double> mean_squares, std::span<const double> priors) const {
  if (settings_.moderation) return moderated(mean_squares, priors, settings_.members);
  return {{mean_squares.begin(), mean_squares.end()}, double(settings_.members)};
}

void Calibration::set_scale() {
  const Grid<double> grid(profile_.storage);
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const Matrix<double> value = cast<double>(truth_[i]);
    Matrix<double> s2 = mean_squares(errors_, int(i), settings_.members);
    double largest = 0;
    for (const auto* answers : {&errors_, &right_})
      for (const auto& answer : *answers) largest = std::max(largest, answer[i].cwiseAbs().maxCoeff());
    largest_.push_back(largest);
    // a value of exactly 0 comes out far below its rounding errors
    no_scale_.push_back(value.cwiseAbs().maxCoeff() <= largest * no_scale);
    const Matrix<double> measured = s2;
    for (Eigen::Index e = 0; e < s2.size(); ++e) {
      const double q = value.data()[e] == 0 ? 0 : grid.unit(value.data()[e]);
      s2.data()[e] = std::max(s2.data()[e], q * q / 12);
    }
    const Matrix<double> p = prior(s2);
    const Moderated m = variances({s2.data(), std::size_t(s2.size())}, {p.data(), std::size_t(p.size())});
    Matrix<double> sigma(s2.rows(), s2.cols());
    for (Eigen::Index e = 0; e < s2.size(); ++e) {
      const bool silent = no_scale_.back() || !(s2.data()[e] > 0);
      sigma.data()[e] = silent ? 0 : std::sqrt(m.variance[e]);
    }
    sigma_.push_back(std::move(sigma));
  }
}

std::vector<Matrix<double>> Calibration::error(const Outputs& observed) const {
  std::vector<Matrix<double>> e;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const Matrix<long double> d = cast<long double>(observed.at(names_[i])) - truth_[i];
    e.push_back(cast<double>(d));
  }
  return e;
}

std::vector<Matrix<double>> Calibration::scaled(const std::vector<Matrix<double>>& error) const {
  return bank_->shape_scores(error);
}

std::vector<double> Calibration::functionals(const Scores& scores) const {
  std::vector<double> c = bank_->functionals({&scores, 1}).front();
  bank_->scale(c);
  return c;
}

std::vector<Scores> Calibration::scores(std::span<const std::vector<Matrix<double>>> errors) const {
  const std::lock_guard lock(trace_is_used_);
  if (errors.size() == 1) return bank_->scores(errors, *traces_.front());
  const int parts = int(std::min(traces_.size(), errors.size()));
  std::vector<std::vector<Scores>> of_parts(parts);
  in_parallel(parts, parts, [&](int t) {
    const std::size_t begin = errors.size() * t / parts, end = errors.size() * (t + 1) / parts;
    of_parts[t] = bank_->scores(errors.subspan(begin, end - begin), *traces_[t]);
  });
  std::vector<Scores> out;
  for (auto& some : of_parts) std::move(some.begin(), some.end(), std::back_inserter(out));
  return out;
}

}  // namespace plumbline
