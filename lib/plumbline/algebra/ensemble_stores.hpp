// What Ensemble<S> keeps of one pass for the other: values as they were stored, and the errors that kernels
// make of them on the way back.
#pragma once

#include "plumbline/algebra/ensemble.hpp"

namespace plumbline {

template <class S>
auto Ensemble<S>::with_running_mean(Tensor v) -> Tensor {
  if (exact_ || last_centre_.rows() != v.value.rows()) return v;
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
auto Ensemble<S>::store(const Tensor& x, std::string_view place) -> Tensor {
  if (place.ends_with("variance")) return with_running_mean(x);  // a statistic stays in its own type
  if (place.ends_with("input")) last_centre_.resize(0, 0);
  if (x.stored) return x;
  Tensor y{storage_.precision() >= kernel_.precision() ? x.value : rounded(x.value, storage_), true, x.terms};
  if (exact_) return y;
  if (place.ends_with("heads"))
    heads_.push_back({last_sum_error_ + (y.value - x.value), last_softmax_error_});
  if (place.ends_with("normalized"))
    norms_[std::string(place)].push_back(
        {(last_product_.array() == 0).select(S(0), y.value.array() / last_product_.array() - S(1)),
         last_centre_, last_factor_});
  return y;
}

template <class S>
auto Ensemble<S>::store_cotangent(const Tensor& g, std::string_view place) -> Tensor {
  if (exact_) return store(g, place);
  Tensor y = place.ends_with("variance") ? g : store(g, "");
  if (place.ends_with("heads")) {
    dot_error_ = y.value.cwiseProduct(heads_.back().output_error).rowwise().sum();
    saved_error_ = std::move(heads_.back().softmax_error);
    heads_.pop_back();
  } else if (place.ends_with("normalized")) {
    Norm& norm = norms_.at(std::string(place)).back();
    saved_error_ = std::move(norm.result_error);
    variance_error_ = uncentred_error(y.value, norm);
    norms_.at(std::string(place)).pop_back();
    variance_cotangent_.resize(0, 0);
  } else if (place.ends_with("variance")) {
    if (variance_error_.size() > 0) y.value += variance_error_;
    variance_cotangent_ = y.value;
  } else if (place.ends_with("input") || place.ends_with("scores")) {
    saved_error_.resize(0, 0);
  }
  return y;
}

template <class S>
Matrix<S> Ensemble<S>::uncentred_error(const Matrix<S>& g, const Norm& norm) {
  if (norm.centre.rows() != g.rows()) return {};
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

template <class S>
auto Ensemble<S>::saved(const Tensor& x) -> Tensor {
  if (saved_error_.rows() != x.value.rows() || saved_error_.cols() != x.value.cols()) return x;
  Tensor y{x.value.cwiseProduct((saved_error_.array() + S(1)).matrix())};
  saved_mean_ = y.value.rowwise().mean();
  return y;
}

template <class S>
auto Ensemble<S>::centring_sum(const Tensor& sum) -> Tensor {
  if (saved_error_.size() == 0 || variance_cotangent_.rows() != sum.value.rows()) return sum;
  return {sum.value - S(2) * variance_cotangent_.cwiseProduct(saved_mean_)};
}

template <class S>
auto Ensemble<S>::softmax_dot(const Tensor& dot) -> Tensor {
  return exact_ || dot_error_.rows() != dot.value.rows() ? dot : Tensor{dot.value + dot_error_};
}

}  // namespace plumbline
