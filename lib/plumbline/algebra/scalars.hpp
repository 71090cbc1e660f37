// The kinds of number that a plain algebra computes with, and the functions that a new kind must supply.
#pragma once

#include <Eigen/Core>
#include <boost/multiprecision/eigen.hpp>
#include <boost/multiprecision/mpfi.hpp>
#include <boost/multiprecision/mpfr.hpp>
#include <string>
#include <type_traits>

#include "plumbline/algebra/exact.hpp"
#include "plumbline/spec/block_spec.hpp"

namespace plumbline {

namespace mp = boost::multiprecision;
using Mp50 = mp::number<mp::mpfr_float_backend<50, mp::allocate_stack>, mp::et_off>;
using Mp100 = mp::number<mp::mpfr_float_backend<100, mp::allocate_stack>, mp::et_off>;
// Enclosures: the true value lies between the two ends. 60 digits are 202 bits, 120 digits 401.
using Interval60 = mp::number<mp::mpfi_float_backend<60>, mp::et_off>;
using Interval120 = mp::number<mp::mpfi_float_backend<120>, mp::et_off>;

#define PLUMBLINE_FOR_EACH_SCALAR(apply) \
  apply(float) apply(double) apply(long double) apply(Mp50) apply(Mp100) apply(Interval60) apply(Interval120)

template <class S>
inline constexpr bool is_interval = false;
template <unsigned digits>
inline constexpr bool is_interval<mp::number<mp::mpfi_float_backend<digits>, mp::et_off>> = true;

template <class S>
inline constexpr bool is_native = std::is_floating_point_v<S>;

template <class S>
using Matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Entry by entry, exactly (every supported scalar holds at least the values of double, but for float, which
// rounds).
template <class To, class From>
Matrix<To> cast(const Matrix<From>& x) {
  Matrix<To> y(x.rows(), x.cols());
  for (Eigen::Index i = 0; i < x.size(); ++i) y.data()[i] = static_cast<To>(x.data()[i]);
  return y;
}

// f and its derivatives; for intervals, enclosures of the range. Source of the formulas: scalars.cpp.
template <class S>
struct Function {
  static S value(const Exact& c);  // factor / sqrt(radicand)
  static S ratio(long p, long q);  // p / q
  static S exp(const S& x);
  static S tanh(const S& x);
  static S rsqrt(const S& x);
  static S maximum(const S& x, const S& c);
  static S above(const S& x, const S& c);  // 1 where x > c, else 0; [0,1] where an interval cannot tell
  static S activation(Activation f, int derivative, const S& x);
  // cos and sin of the angle position * base^(-2 pair / dim).
  static std::pair<S, S> turn(int position, int pair, int dim, double base);
};

}  // namespace plumbline
