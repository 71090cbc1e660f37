// What a rejected answer is instead: a deviation of the catalogue, or right in coarser arithmetic.
#include <cmath>

#include "plumbline/judge/verdict.hpp"
#include "plumbline/number/grid.hpp"

namespace plumbline {
namespace {

constexpr int most_candidates = 3;

bool has_numbers_of(Dtype storage, const Matrix<double>& y) {
  const Grid<double> grid(storage);
  return y.unaryExpr([&](double v) { return grid.nearest(v); }) == y;
}

}  // namespace

std::unique_ptr<Judge> Judge::of_deviating(Question q, const Profile& profile, const Deviations& deviations,
                                           const CalibrationSettings& settings) {
  try {
    for (const Deviation* d : deviations) q = deviating(*d, q);
    std::unique_ptr<Judge> judge(
        new Judge(std::make_shared<const Question>(std::move(q)), profile, settings, Unchecked{}));
    return judge->find_vacuous() ? nullptr : std::move(judge);
  } catch (const Error&) {
    return nullptr;
  }
}

std::unique_ptr<Judge> Judge::judge_of(const Deviation& d) const {
  return of_deviating(calibration_->question(), calibration_->profile(), {&d}, settings_);
}

// An output computes a deviation if that makes it likelier than correct arithmetic does, and it could be a
// correct implementation's of the deviating block. Most likely first.
bool Judge::name(const Outputs& observed, const Deviation* unknown, Verdict& v) const {
  const auto error = calibration_->error(observed);
  for (const Match& m : signatures().likeliest(error, -std::log(alpha), most_candidates, unknown)) {
    const Deviation& d = *m.signature->deviation;
    const std::unique_ptr<Judge> other = judge_of(d);
    if (!other) continue;
    const double p = other->p(as_read_by(d, observed));
    if (v.log_ratio < m.log_ratio) {
      v.coefficient = m.coefficient;
      v.log_ratio = m.log_ratio;
      v.unexplained = p;
    }
    if (p < alpha) continue;
    v.coefficient = m.coefficient;
    v.log_ratio = m.log_ratio;
    v.unexplained = p;
    v.deviation = d.id;
    return true;
  }
  return false;
}

const Profile* Judge::next_profile() const {
  const Profile* next = coarser_than(calibration_->profile());
  if (next && !calibration_->question().gradients && next->token_sums != Dtype::f32 &&
      next->cast_order == CastOrder::stores)
    next = coarser_than(*next);  // what it says of gradients is all that sets it apart
  return next;
}

const Judge* Judge::coarser() const {
  const Profile* next = next_profile();
  if (!next) return nullptr;
  return coarser_([&] {
           std::unique_ptr<Judge> judge(
               new Judge(calibration_->shared_question(), *next, settings_, Unchecked{}));
           judge->vacuous_ = judge->find_vacuous();
           return judge;
         })
      .get();
}

// "Coarser" only if y is made of numbers of the coarser type: otherwise a small bug that hides in coarse
// noise would be excused. Coarser arithmetic with the same storage shows in errors alone.
bool Judge::is_right_in_coarser(const Outputs& observed, const Deviation* unknown, Verdict& v) const {
  const Dtype declared = calibration_->profile().storage;
  try {
    for (const Judge* next = coarser(); next; next = next->coarser()) {
      const Profile& profile = next->calibration_->profile();
      Verdict other;
      if (!next->vacuous_ && next->accepts(next->calibration_->error(observed), unknown, other)) {
        v.profile = profile.name;
        return profile.storage == declared || has_numbers_of(profile.storage, observed.at("y"));
      }
      if (profile.storage != declared) break;
    }
  } catch (const NothingToJudge&) {  // the coarser profile overflows here: it explains nothing
  }
  return false;
}

// A remark on an answer that is not finite: whether correct code in a coarser profile overflows here too.
std::string Judge::overflow_in_coarser() const {
  const Judge* finer = this;
  while (const Profile* next = finer->next_profile()) {
    if (next->storage != calibration_->profile().storage) break;
    try {
      finer = finer->coarser();
    } catch (const NothingToJudge&) {
      return "; correct code in " + next->name + ", coarser than declared, overflows here";
    }
  }
  return "";
}

}  // namespace plumbline
