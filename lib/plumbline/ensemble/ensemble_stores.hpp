// What Ensemble<S> keeps of the forward pass for the backward one: values as they were stored, and the errors
// that kernels make when they compute from these.
#pragma once

#include "plumbline/ensemble/ensemble.hpp"

namespace plumbline {

template <class S>
auto Ensemble<S>::with_running_mean(Tensor v) -> Tensor {
  if (exact_ || to_nearest_ || last_centre_.rows() != v.value.rows() || leaves_out(Term::running_mean))
    return v;
  const std::uint64_t salt = next_salt();
  for (int i = 0; i < v.value.rows(); ++i) {
    const S centre = last_centre_(i, 0), rounding = centre * S(statistics_.half_ulp() / 65536);
    if (v.value(i, 0) > S(0))
      v.value(i, 0) += std::sqrt(v.value(i, 0) * S(2) / S(3)) * rounding *
                       S(almost_normal(mixed(statistics_.identity(centre) ^ salt)));
  }
  return v;
}

template <class S>
bool Ensemble<S>::leaves_out(const Place& place) const {
  constexpr std::uint64_t every = 1, none = 2;
  const bool is_result = place.site == Site::other || place.site == Site::y || place.site == Site::gradient;
  if (!to_nearest_ || is_result || stores_ == every) return false;
  return stores_ == none || mixed(stores_ ^ mixed(std::uint64_t(place.site))) % 2 == 0;
}

// Whether what is stored there are scores, before or after their soft cap.
inline bool is_of_scores(Site site) {
  return site == Site::scores || site == Site::tanh_scores || site == Site::capped_scores;
}

// x, y, gradients, the stream and its norms have the storage type, all else a branch's.
template <class S>
const Grid<S>& Ensemble<S>::memory(const Place& place) const {
  if (!branches_are_coarser()) return storage_;
  const bool is_given_or_result =
      place.site == Site::x || place.site == Site::y || place.site == Site::gradient;
  return place.on_stream || is_given_or_result ? storage_ : branches_;
}

// A number that is in memory already: every reader casts it alike.
template <class S>
Matrix<S> Ensemble<S>::cast_to(const Grid<S>& grid, const Matrix<S>& x) const {
  const std::uint64_t salt = mixed(seed_ ^ 0x63617374);
  return x.unaryExpr([&](S v) { return grid.rounded(v, salt); });
}

template <class S>
auto Ensemble<S>::stored_as(const Grid<S>& grid, const Tensor& x, bool left_out) -> Tensor {
  if (is_of(grid, x)) return x;
  if (x.stored > 0 && !exact_) return {cast_to(grid, x.value), grid.precision(), x.terms};
  const bool stays = grid.precision() >= kernel_.precision() || left_out;
  return {stays ? x.value : rounded(x.value, grid), left_out ? 0 : grid.precision(), x.terms};
}

template <class S>
auto Ensemble<S>::store(const Tensor& x, const Place& place) -> Tensor {
  if (place.site == Site::variance) return with_running_mean(x);  // a statistic stays in its own type
  if (place.site == Site::input) last_centre_.resize(0, 0), last_product_.resize(0, 0);
  Tensor y = stored_as(memory(place), x, leaves_out(place));
  if (exact_) return y;
  if (place.site == Site::weights) is_alone_ = true;
  if (place.site == Site::products && sums_matter_ && !to_nearest_) {
    score_deviation_ = run_->sum_deviations.at(next_sum_ - 1);
    score_factor_ = 1;
  }
  if (place.site == Site::heads)
    heads_.push_back({y.value, last_sum_error_ + (y.value - x.value), last_softmax_error_});
  if (place.site == Site::normalized) {
    Matrix<S> error;  // none where the result is no product with a row's factor
    if (last_product_.rows() == rows(y) && last_product_.cols() == cols(y))
      error = (last_product_.array() == 0).select(S(0), y.value.array() / last_product_.array() - S(1));
    norms_[place.path].push_back({std::move(error), last_centre_, last_factor_});
  }
  return y;
}

template <class S>
auto Ensemble<S>::store_cotangent(const Tensor& g, const Place& place) -> Tensor {
  if (exact_) return store(g, place);
  Tensor y = place.site == Site::variance || leaves_out(place) ? g : stored_as(memory(place), g);
  if (place.site == Site::probabilities) {
    probability_cotangent_error_ = y.value - g.value;
    if (earlier_sum_error_.rows() == rows(g) && earlier_sum_error_.cols() == cols(g))
      probability_cotangent_error_ += earlier_sum_error_;  // then came dv
  }
  if (place.site == Site::heads) {
    dot_error_ = error_of_dot(y.value, heads_.back());
    saved_error_ = std::move(heads_.back().softmax_error);
    saved_sinks_ = sinks_;
    if (leaves_out(Term::probabilities_anew)) saved_error_.resize(0, 0);
    heads_.pop_back();
  } else if (place.site == Site::normalized) {
    Norm& norm = norms_.at(place.path).back();
    saved_error_ = std::move(norm.result_error);
    saved_sinks_ = 0;
    if (leaves_out(Term::stored_result)) saved_error_.resize(0, 0);
    variance_error_ = uncentred_error(y.value, norm);
    norms_.at(place.path).pop_back();
    variance_cotangent_.resize(0, 0);
  } else if (place.site == Site::variance) {
    if (variance_error_.size() > 0) y.value += variance_error_;
    variance_cotangent_ = y.value;
  } else if (place.site == Site::input || is_of_scores(place.site)) {
    saved_error_.resize(0, 0);
  }
  if (to_nearest_ && stores_ % 4 < 2) forget_what_was_saved();
  return y;
}

// The backward pass then follows the formula, from the values that the forward pass left.
template <class S>
void Ensemble<S>::forget_what_was_saved() {
  for (Matrix<S>* error : {&dot_error_, &saved_error_, &variance_error_, &probability_cotangent_error_})
    error->resize(0, 0);
}

template <class S>
Matrix<S> Ensemble<S>::uncentred_error(const Matrix<S>& g, const Norm& norm) {
  if (to_nearest_ || norm.centre.rows() != g.rows() || leaves_out(Term::uncentred)) return {};
  const std::uint64_t salt = next_salt();
  Matrix<S> error(g.rows(), 1);
  for (int i = 0; i < g.rows(); ++i) {
    const S centre = norm.centre(i, 0), r = norm.factor(i, 0);
    const S sum = centre * g.row(i).sum(), squares = centre * centre * g.row(i).squaredNorm();
    error(i, 0) =
        -r * r * r / S(2) *
        sum_error(sum, sum_deviation(sum, squares, int(g.cols()), true, statistics_), salt, statistics_);
  }
  return error;
}

// The error of the sums of o do: that of the stored o; and in every other member that of the sums themselves,
// which does not cancel against dp where one p is 1, as the error of a sum of p dp would.
template <class S>
Matrix<S> Ensemble<S>::error_of_dot(const Matrix<S>& g, const Head& head) {
  Matrix<S> error = g.cwiseProduct(head.output_error).rowwise().sum();
  if (leaves_out(Term::dot_of_stored_output)) error.setZero();
  if (!fuses_attention_ || !sums_matter_ || leaves_out(Term::dot_summed_apart)) return error;
  const std::uint64_t salt = next_salt();
  const Matrix<S> terms = g.cwiseProduct(head.output);
  for (Eigen::Index i = 0; i < terms.rows(); ++i) {
    const S sum = terms.row(i).sum();
    const S deviation = sum_deviation(sum, terms.row(i).squaredNorm(), int(terms.cols()), true, accumulator_);
    error(i, 0) += sum_error(sum, deviation, salt, accumulator_);
  }
  return error;
}

// In every other member the row sums of p dp come from the output and do not see how dp was computed and
// stored: so the error of dp does not cancel where one p is 1.
template <class S>
void Ensemble<S>::add_cotangent_error_to_dot(const Matrix<S>& p) {
  const Matrix<S>& error = probability_cotangent_error_;
  if (!fuses_attention_ || error.rows() != p.rows()) return;
  if (error.cols() != p.cols() && error.cols() != p.cols() - saved_sinks_) return;
  if (leaves_out(Term::dot_apart_from_dp)) return;
  const Matrix<S> missed = -p.leftCols(error.cols()).cwiseProduct(error).rowwise().sum();
  dot_error_ = dot_error_.rows() == missed.rows() ? Matrix<S>(dot_error_ + missed) : missed;
  probability_cotangent_error_.resize(0, 0);
}

template <class S>
auto Ensemble<S>::saved(const Tensor& x) -> Tensor {
  add_cotangent_error_to_dot(x.value);
  anew_.resize(0, 0);
  if (multiplies_first()) alone_ = x.value;
  const Eigen::Index keys = saved_error_.cols() - saved_sinks_;
  if (saved_error_.rows() != x.value.rows()) return x;
  if (saved_error_.cols() != x.value.cols() && keys != x.value.cols()) return x;
  Tensor y{x.value.cwiseProduct((saved_error_.leftCols(x.value.cols()).array() + S(1)).matrix())};
  saved_mean_ = y.value.rowwise().mean();
  anew_ = y.value - x.value;
  return y;
}

template <class S>
auto Ensemble<S>::centring_sum(const Tensor& sum) -> Tensor {
  if (saved_error_.size() == 0 || variance_cotangent_.rows() != sum.value.rows()) return sum;
  if (leaves_out(Term::mean_of_result)) return sum;
  return {sum.value - S(2) * variance_cotangent_.cwiseProduct(saved_mean_)};
}

// PyTorch on CUDA keeps p g in memory, in the storage type; apex does not. Where one p is nearly 1, or g the
// same everywhere, the products cancel, and their errors are larger than what is left.
template <class S>
auto Ensemble<S>::dot_of_products(const Tensor& g) -> Tensor {
  products_ = rounded(alone_.cwiseProduct(g.value), branches_);
  return row_sum({products_});
}

template <class S>
auto Ensemble<S>::less_products(const Tensor& col) -> Tensor {
  const Matrix<S> means = rounded(col.value.col(0).asDiagonal() * alone_, kernel_);
  Matrix<S> z = (alone_.array() == S(0)).select(S(0), (products_ - means).array() / alone_.array());
  products_.resize(0, 0);
  return {std::move(z)};
}

// The output comes from the probabilities of the forward pass; in every other member its dot product with do
// does too.
template <class S>
auto Ensemble<S>::softmax_dot(const Tensor& dot, const Tensor& g) -> Tensor {
  if (exact_) return dot;
  if (multiplies_first()) return dot_of_products(g);
  Tensor y = dot;
  if (dot_error_.rows() == dot.value.rows()) y.value += dot_error_;
  if (leaves_out(Term::dot_of_first_probabilities)) return y;
  if (fuses_attention_ && anew_.rows() == g.value.rows() && anew_.cols() == g.value.cols())
    y.value -= anew_.cwiseProduct(g.value).rowwise().sum();
  return y;
}

}  // namespace plumbline
