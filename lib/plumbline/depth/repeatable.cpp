#include "plumbline/depth/repeatable.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "plumbline/base/error.hpp"

// The same text for vectors of four and of eight numbers, whichever the processor has.
#define PLUMBLINE_ALSO_AVX2 __attribute__((target_clones("avx2", "default")))

namespace plumbline {
namespace {

constexpr float two_root_of_two_over_pi = 1.5957691216f;
constexpr float largest_argument = 88.3762626f,
                smallest_argument = -87.3365479f;  // of results that are normal

// 2^n for whole n from -126 to 127.
inline float power_of_two(float n) { return std::bit_cast<float>((std::int32_t(n) + 127) << 23); }

// Without a branch, so that a loop of it is one over vectors.
inline float exp_within(float x) {
  constexpr float to_whole = 12582912.0f;  // 1.5 2^23: beside it a float has no digits behind the point
  const float n = (x * 1.44269504f + to_whole) - to_whole;
  const float r =
      (x - n * 0.693359375f) - n * -2.12194440e-4f;  // log 2 in two parts, the first exact times n
  const float p =
      1 + r * (1 + r * (0.5f +
                        r * (1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 + r * (1.0f / 720 + r / 5040))))));
  return p * power_of_two(n);
}

inline float exp_of(float x) {
  const float inside = x < smallest_argument  ? smallest_argument
                       : x > largest_argument ? largest_argument
                                              : x;
  const float e = exp_within(inside);
  return x < smallest_argument  ? 0.0f
         : x > largest_argument ? std::numeric_limits<float>::infinity()
         : x == x               ? e
                                : x;
}

inline float tanh_of(float x) {
  const float square = x * x;
  // below a quarter the difference from 1 would cancel: the series x - x^3/3 + 2 x^5/15 - ...
  if (square < 0.0625f)
    return x * (1 + square * (-1.0f / 3 +
                              square * (2.0f / 15 + square * (-17.0f / 315 + square * (62.0f / 2835)))));
  return 1 - 2 / (1 + exp_of(2 * x));
}

PLUMBLINE_ALSO_AVX2 void exp_all(const float* x, float* y, std::ptrdiff_t n) {
  for (std::ptrdiff_t i = 0; i < n; ++i) y[i] = exp_of(x[i]);
}

// x sigma(k x + a k x^3), or its derivative: silu, quick_gelu and gelu_tanh are of this form.
template <int derivative>
__attribute__((always_inline)) inline void gated(float k, float a, const float* x, float* y,
                                                 std::ptrdiff_t n) {
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const float v = x[i], s = 1 / (1 + exp_of(-(k * (v + a * v * v * v))));
    y[i] = derivative == 0 ? v * s : s + v * (s * (1 - s)) * (k * (1 + 3 * a * v * v));
  }
}

PLUMBLINE_ALSO_AVX2 void gated_all(int derivative, float k, float a, const float* x, float* y,
                                   std::ptrdiff_t n) {
  if (derivative == 0)
    gated<0>(k, a, x, y, n);
  else
    gated<1>(k, a, x, y, n);
}

using Eight = float __attribute__((vector_size(32)));  // two registers where vectors are of four

// `rows` rows of z = x y from the i-th on, of `vectors` times eight columns from the j-th on.
template <int rows, int vectors>
__attribute__((always_inline)) inline void product_tile(const Matrix<float>& x, const Matrix<float>& y,
                                                        Matrix<float>& z, Eigen::Index i, Eigen::Index j) {
  Eight sum[rows][vectors] = {};
  const float *a = x.data() + i * x.cols(), *b = y.data() + j;
  for (Eigen::Index k = 0; k < x.cols(); ++k, ++a, b += y.cols())
    for (int v = 0; v < vectors; ++v) {
      Eight right;
      std::memcpy(&right, b + 8 * v, sizeof right);
      for (int r = 0; r < rows; ++r) sum[r][v] += a[r * x.cols()] * right;
    }
  for (int r = 0; r < rows; ++r) std::memcpy(z.data() + (i + r) * z.cols() + j, sum[r], sizeof sum[r]);
}

template <int rows>
__attribute__((always_inline)) inline void product_rows(const Matrix<float>& x, const Matrix<float>& y,
                                                        Matrix<float>& z, Eigen::Index i) {
  Eigen::Index j = 0;
  for (; j + 16 <= z.cols(); j += 16) product_tile<rows, 2>(x, y, z, i, j);
  for (; j + 8 <= z.cols(); j += 8) product_tile<rows, 1>(x, y, z, i, j);
  for (; j < z.cols(); ++j)
    for (int r = 0; r < rows; ++r) {
      float sum = 0;
      for (Eigen::Index k = 0; k < x.cols(); ++k) sum += x(i + r, k) * y(k, j);
      z(i + r, j) = sum;
    }
}

PLUMBLINE_ALSO_AVX2 void product(const Matrix<float>& x, const Matrix<float>& y, Matrix<float>& z) {
  Eigen::Index i = 0;
  for (; i + 4 <= z.rows(); i += 4) product_rows<4>(x, y, z, i);
  for (; i < z.rows(); ++i) product_rows<1>(x, y, z, i);
}

}  // namespace

float repeatable::exp(float x) { return exp_of(x); }
float repeatable::tanh(float x) { return tanh_of(x); }

// log x = k log 2 + 2 artanh((m - 1) / (m + 1)), x = m 2^k, sqrt(1/2) <= m < sqrt 2.
double repeatable::log(double x) {
  int k = 0;
  double m = std::frexp(x, &k);
  if (m < 0.70710678118654752) m *= 2, --k;
  const double t = (m - 1) / (m + 1), square = t * t;
  double series = 0;
  for (int n = 25; n >= 1; n -= 2) series = series * square + 1.0 / n;
  return k * 0.69314718055994531 + 2 * t * series;
}

Matrix<float> Repeatable::matmul(const Tensor& x, const Tensor& y) const {
  Tensor z(x.rows(), y.cols());
  product(x, y, z);
  return z;
}

Matrix<float> Repeatable::row_sum(const Tensor& x) const {
  Tensor out(x.rows(), 1);
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    float part[8] = {};
    const float* row = &x(i, 0);
    Eigen::Index j = 0;
    for (; j + 8 <= x.cols(); j += 8)
      for (int p = 0; p < 8; ++p) part[p] += row[j + p];
    for (int p = 0; j < x.cols(); ++j, ++p) part[p] += row[j];
    out(i, 0) = ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
  }
  return out;
}

Matrix<float> Repeatable::col_sum(const Tensor& x) const {
  Tensor out = zeros(1, cols(x));
  for (Eigen::Index i = 0; i < x.rows(); ++i)
    for (Eigen::Index j = 0; j < x.cols(); ++j) out(0, j) += x(i, j);
  return out;
}

Matrix<float> Repeatable::exp(const Tensor& x) const {
  Tensor y(x.rows(), x.cols());
  exp_all(x.data(), y.data(), x.size());
  return y;
}

Matrix<float> Repeatable::tanh(const Tensor& x) const {
  return x.unaryExpr([](float v) { return tanh_of(v); });
}

Matrix<float> Repeatable::activation(Activation f, int derivative, const Tensor& x) const {
  Tensor y(x.rows(), x.cols());
  switch (f) {
    case Activation::relu: return derivative == 0 ? maximum(x, {0}) : above(x, {0});
    case Activation::gelu_tanh:
      gated_all(derivative, two_root_of_two_over_pi, 0.044715f, x.data(), y.data(), x.size());
      return y;
    case Activation::silu: gated_all(derivative, 1, 0, x.data(), y.data(), x.size()); return y;
    case Activation::quick_gelu: gated_all(derivative, 1.702f, 0, x.data(), y.data(), x.size()); return y;
    case Activation::sigmoid: {
      y.array() = 1 / (1 + exp(Tensor(-x)).array());
      if (derivative == 1) y.array() *= 1 - y.array();
      return y;
    }
    case Activation::gelu_erf:
    case Activation::gelu_bloom:
    case Activation::erf:
    case Activation::softplus: break;
  }
  const std::string why =
      f == Activation::gelu_erf ? ": its erf is the C library's, and differs from machine to machine" : "";
  throw Error("ffn.activation: expected relu, gelu_tanh, silu, quick_gelu or sigmoid, found " +
              std::string(name_of(f)) + why);
}

Matrix<float> Repeatable::softmax_rows(const Tensor& x, const Mask& mask) const {
  require_sight(mask);
  Tensor p = zeros(rows(x), cols(x));
  for (int i = 0; i < x.rows(); ++i) {
    const int first = mask.first(i), n = mask.last(i) - first + 1;
    const float* from = &x(i, first);
    float largest = Eigen::Map<const Eigen::RowVectorXf>(from, n).maxCoeff();
    if (mask.sink) largest = std::max(largest, x(i, mask.keys));
    float *to = &p(i, first), total = 0;
    for (int j = 0; j < n; ++j) to[j] = from[j] - largest;
    exp_all(to, to, n);
    for (int j = 0; j < n; ++j) total += to[j];
    if (mask.sink) {
      float& sink = p(i, mask.keys);
      sink = x(i, mask.keys) - largest;
      exp_all(&sink, &sink, 1);
      total += sink;
      sink /= total;
    }
    for (int j = 0; j < n; ++j) to[j] /= total;
  }
  return p;
}

Matrix<float> Repeatable::rotate(const Tensor&, const Rotation&) const {
  throw Error(
      "position.rope: expected none: its sines are the C library's, and differ from machine to machine");
}

}  // namespace plumbline
