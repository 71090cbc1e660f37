#include "plumbline/number/complementary_error.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <map>
#include <utility>

namespace plumbline {
namespace {

constexpr int steps = 16, farthest = 26;  // the points lie at k / 16
constexpr double reach = 0.5 / steps;     // no argument is farther from the nearest
constexpr mpfr_prec_t guard = 20, word = 64, most_bits = 512;

class Number {
 public:
  explicit Number(mpfr_prec_t bits) { mpfr_init2(value_, bits); }
  ~Number() { mpfr_clear(value_); }
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;
  operator mpfr_ptr() { return value_; }
  operator mpfr_srcptr() const { return value_; }

 private:
  mpfr_t value_;
};

// With g = erfc', erfc(c + h) = erfc c + sum of g_n h^(n+1) / (n+1), and from g' = -2 (c + h) g follows
// g_(n+1) = -2 (c g_n + g_(n-1)) / (n+1). Without the signs the same recurrence gives m_n >= |g_n|, the
// coefficients of |g_0| e^(2|c|h + h^2).
//   rounding of g_n: with v bits, at most 6 (n+1) 2^-v m_n, as each step adds 5 2^-v of the larger terms to
//     what the two before had; v = w + 64, so in w bits it is the last rounding that counts
//   the rest from n = N on: |h| |g_0| e^(2|c|r + r^2) (|h|/r)^N, for every r > |h|
class Point {
 public:
  Point(int k, mpfr_prec_t w) : value_(w), sum_(w) {
    const double c = std::abs(double(k)) / steps;
    const int terms = terms_for(c, double(w));
    const mpfr_prec_t v = w + 64;
    Number at(v), g(v), before(v), next(v);
    mpfr_set_si(at, k, MPFR_RNDN);
    mpfr_div_ui(at, at, steps, MPFR_RNDN);
    mpfr_erfc(value_, at, MPFR_RNDN);
    slope(g, at);
    mpfr_set_zero(before, 1);
    const double first = std::abs(mpfr_get_d(g, MPFR_RNDA));
    for (unsigned n = 0; n < unsigned(terms); ++n) {
      mpfr_div_ui(coefficients_.emplace_back(w), g, n + 1, MPFR_RNDN);
      mpfr_mul(next, at, g, MPFR_RNDN);
      mpfr_add(next, next, before, MPFR_RNDN);
      mpfr_mul_si(next, next, -2, MPFR_RNDN);
      mpfr_div_ui(next, next, n + 1, MPFR_RNDN);
      mpfr_swap(before, g);
      mpfr_swap(g, next);
    }
    // Horner's scheme loses 2 N 2^-w of the sum of m_n |h|^(n+1) / (n+1), the coefficients two of it, the
    // rest one; erfc c and the last sum are rounded once each.
    const double sum = reach * first * std::exp(2 * c * reach + reach * reach);
    const double error = 2 * mpfr_get_d(value_, MPFR_RNDU) + (2 * terms + 8) * sum;
    error_ = mpfr_exp_t(std::ceil(std::log2(error) + 0.5)) - w;  // 0.5: far above what these doubles lose
  }

  mpfr_exp_t error() const { return error_; }
  void at(mpfr_ptr y, mpfr_srcptr h) {
    mpfr_set(sum_, coefficients_.back(), MPFR_RNDN);
    for (auto a = coefficients_.rbegin() + 1; a != coefficients_.rend(); ++a) {
      mpfr_mul(sum_, sum_, h, MPFR_RNDN);
      mpfr_add(sum_, sum_, *a, MPFR_RNDN);
    }
    mpfr_mul(sum_, sum_, h, MPFR_RNDN);
    mpfr_add(y, value_, sum_, MPFR_RNDN);
  }

 private:
  // Until the rest is below 2^-w |h g_0|.
  static int terms_for(double c, double w) {
    double fewest = std::numeric_limits<double>::infinity();
    for (double r = 0.5; r <= 8; r *= 2)
      fewest = std::min(fewest, (w + (2 * c * r + r * r) / std::log(2.0)) / std::log2(r / reach));
    return int(fewest) + 1;
  }
  // erfc' = -2 / sqrt(pi) e^(-c^2).
  static void slope(Number& g, Number& c) {
    mpfr_sqr(g, c, MPFR_RNDN);
    mpfr_neg(g, g, MPFR_RNDN);
    mpfr_exp(g, g, MPFR_RNDN);
    Number root(mpfr_get_prec(g));
    mpfr_const_pi(root, MPFR_RNDN);
    mpfr_sqrt(root, root, MPFR_RNDN);
    mpfr_div(g, g, root, MPFR_RNDN);
    mpfr_mul_si(g, g, -2, MPFR_RNDN);
  }

  Number value_, sum_;
  std::deque<Number> coefficients_;
  mpfr_exp_t error_ = 0;
};

// Points are made when they are needed first, by each thread for itself.
Point& point(int k, mpfr_prec_t bits) {
  thread_local std::map<std::pair<mpfr_prec_t, int>, Point> points;
  return points.try_emplace({bits, k}, k, bits).first->second;
}

bool is_near_zero(mpfr_srcptr x) { return mpfr_number_p(x) && mpfr_cmpabs_ui(x, farthest) <= 0; }

}  // namespace

mpfr_exp_t complementary_error_near(mpfr_ptr y, mpfr_srcptr x) {
  const int k = int(std::lround(mpfr_get_d(x, MPFR_RNDN) * steps));
  Point& nearest = point(k, mpfr_get_prec(y));
  // Exact: h is a multiple of the last bit of x or of 1/16, and no larger than x where k is not 0.
  Number h(std::max<mpfr_prec_t>(mpfr_get_prec(x), 64));
  mpfr_set_si(h, -k, MPFR_RNDN);
  mpfr_div_ui(h, h, steps, MPFR_RNDN);
  mpfr_add(h, h, x, MPFR_RNDN);
  nearest.at(y, h);
  return nearest.error();
}

// Where all within 2^error of what is near round alike, erfc x rounds so too (mpfr_can_round, for RNDN with
// one bit more, as its manual says). MPFR is faster where the last of its words is not full.
void complementary_error(mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t rounding) {
  const mpfr_prec_t bits = mpfr_get_prec(y);
  if (bits <= most_bits && is_near_zero(x)) {
    Number near((bits + guard + word - 1) / word * word - 1);
    const mpfr_exp_t error = complementary_error_near(near, x);
    if (mpfr_can_round(near, mpfr_get_exp(near) - error, MPFR_RNDN, MPFR_RNDZ,
                       bits + (rounding == MPFR_RNDN))) {
      mpfr_set(y, near, rounding);
      return;
    }
  }
  mpfr_erfc(y, x, rounding);
}

}  // namespace plumbline
