// Enclosures: a range that holds the true value, and a mark that says whether there is one.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <boost/multiprecision/mpfi.hpp>
#include <boost/multiprecision/mpfr.hpp>
#include <ostream>
#include <type_traits>
#include <utility>

#include "plumbline/number/complementary_error.hpp"

namespace plumbline {

namespace mp = boost::multiprecision;

// The decorations of IEEE 1788-2015, clause 11. Its com, dac and def are one here: nobody asks whether a
// function is continuous, and a range says itself whether it is bounded.
enum class Domain : unsigned char {
  ill,  // formed of what is no real number: NaN, or an infinity
  trv,  // some operation may have left its domain: perhaps there is no value
  def,  // there is a value, and it lies in the range
};

// Every operation holds the values of all points of its operands that lie in its domain: the root of [-1, 4]
// is [0, 2], marked trv. The mark of a result is the least of its operands' and its own, so that what left a
// domain once stays marked, also as a factor of 0. The empty range (MPFI's NaN) is that of no value at all.
template <unsigned digits>
class Enclosure {
 public:
  using Range = mp::number<mp::mpfi_float_backend<digits>, mp::et_off>;

  Enclosure() = default;  // the point 0
  // The point x; of what is no number (NaN, an infinity) the empty range, marked ill. What has more digits
  // than the range is rounded outward, as is text, which throws std::runtime_error where it is no number. A
  // range with its mark is taken as it is.
  template <class N>
  requires std::is_arithmetic_v<N> Enclosure(N x) : Enclosure(Range(x), Domain::def) {
    refuse_what_is_no_number();
  }
  template <unsigned other, mp::mpfr_allocation_type allocation>
  explicit Enclosure(const mp::number<mp::mpfr_float_backend<other, allocation>, mp::et_off>& x) {
    mpfi_set_fr(data(), x.backend().data());
    refuse_what_is_no_number();
  }
  explicit Enclosure(const char* text) : Enclosure(Range(text), Domain::def) { refuse_what_is_no_number(); }
  Enclosure(Range range, Domain domain) : range_(std::move(range)), domain_(domain) {}

  // The mark; the two ends, which are NaN of the empty range.
  Domain domain() const { return domain_; }
  mpfi_srcptr range() const { return range_.backend().data(); }

  // The number pi, between two neighbours of that many digits.
  static Enclosure pi() {
    Enclosure y;
    mpfi_const_pi(y.data());
    return y;
  }

  // Interval arithmetic, each end rounded outward (MPFI). Division by a range that holds 0 is marked trv, and
  // its ends may be infinite. (IEEE 1788-2015)
  Enclosure operator-() const { return {Range(-range_), domain_}; }
  Enclosure& operator+=(const Enclosure& y) { return with(y, range_ += y.range_); }
  Enclosure& operator-=(const Enclosure& y) { return with(y, range_ -= y.range_); }
  Enclosure& operator*=(const Enclosure& y) { return with(y, range_ *= y.range_); }
  Enclosure& operator/=(const Enclosure& y) { return *this = *this / y; }

  // As above.
  friend Enclosure operator+(const Enclosure& x, const Enclosure& y) {
    return {x.range_ + y.range_, least(x, y)};
  }
  friend Enclosure operator-(const Enclosure& x, const Enclosure& y) {
    return {x.range_ - y.range_, least(x, y)};
  }
  friend Enclosure operator*(const Enclosure& x, const Enclosure& y) {
    return {x.range_ * y.range_, least(x, y)};
  }
  friend Enclosure operator/(const Enclosure& x, const Enclosure& y) {
    if (!mpfi_has_zero(y.range())) return {x.range_ / y.range_, least(x, y)};
    return {over_zero(x.range_, y.range_), std::min(least(x, y), Domain::trv)};
  }

  // Whether every point of x is less than every point of y.
  friend bool operator<(const Enclosure& x, const Enclosure& y) {
    return least(x, y) == Domain::def && mpfr_less_p(&x.range()->right, &y.range()->left);
  }
  friend bool operator>(const Enclosure& x, const Enclosure& y) { return y < x; }

  // The range of f over x, each end rounded outward (MPFI). sqrt and log take what of x lies in their domain,
  // marked trv where that is not all of it; the empty range where it is nothing.
  friend Enclosure abs(const Enclosure& x) { return x.by(mpfi_abs); }
  friend Enclosure square(const Enclosure& x) { return x.by(mpfi_sqr); }
  friend Enclosure exp(const Enclosure& x) { return x.by(mpfi_exp); }
  friend Enclosure tanh(const Enclosure& x) { return x.by(mpfi_tanh); }
  friend Enclosure cos(const Enclosure& x) { return x.by(mpfi_cos); }
  friend Enclosure sin(const Enclosure& x) { return x.by(mpfi_sin); }
  friend Enclosure sqrt(const Enclosure& x) { return x.not_below_zero(x.starts_below_zero()).by(mpfi_sqrt); }
  friend Enclosure log(const Enclosure& x) {
    const bool at_zero = mpfr_sgn(&x.range()->left) <= 0;
    if (at_zero && mpfr_sgn(&x.range()->right) <= 0) return nothing(x.domain_);
    return x.not_below_zero(at_zero).by(mpfi_log);
  }
  // log(1 + x) of x >= 0, which is all that softplus asks of it.
  friend Enclosure log1p(const Enclosure& x) { return x.by(mpfi_log1p); }
  // Decreasing: the range over [a, b] is [erfc b, erfc a], each end rounded outward.
  friend Enclosure erfc(const Enclosure& x) {
    Enclosure y{Range(), x.domain_};
    complementary_error(&y.data()->left, &x.range()->right, MPFR_RNDD);
    complementary_error(&y.data()->right, &x.range()->left, MPFR_RNDU);
    return y;
  }
  friend Enclosure erf(const Enclosure& x) {
    Enclosure y{Range(), x.domain_};
    mpfr_erf(&y.data()->left, &x.range()->left, MPFR_RNDD);
    mpfr_erf(&y.data()->right, &x.range()->right, MPFR_RNDU);
    return y;
  }
  friend Enclosure max(const Enclosure& x, const Enclosure& y) {
    if (mpfi_nan_p(x.range()) || mpfi_nan_p(y.range())) return nothing(least(x, y));  // mpfr_max ignores NaN
    Enclosure z{Range(), least(x, y)};
    mpfr_max(&z.data()->left, &x.range()->left, &y.range()->left, MPFR_RNDD);
    mpfr_max(&z.data()->right, &x.range()->right, &y.range()->right, MPFR_RNDU);
    return z;
  }
  // 1 where x > c, else 0; both where that cannot be told.
  friend Enclosure exceeds(const Enclosure& x, const Enclosure& c) {
    if (mpfi_nan_p(x.range()) || mpfi_nan_p(c.range())) return nothing(least(x, c));
    Enclosure y{Range(0), least(x, c)};
    if (mpfr_greater_p(&x.range()->right, &c.range()->left)) mpfr_set_ui(&y.data()->right, 1, MPFR_RNDN);
    if (mpfr_greater_p(&x.range()->left, &c.range()->right)) mpfr_set_ui(&y.data()->left, 1, MPFR_RNDN);
    return y;
  }
  // From the lower of both lower ends to the upper of both upper ends.
  friend Enclosure hull(const Enclosure& x, const Enclosure& y) {
    Enclosure z{Range(), least(x, y)};
    mpfi_union(z.data(), x.range(), y.range());
    return z;
  }

  // A point near the middle; where an end is at infinity, the other end, or 0.
  friend Enclosure middle(const Enclosure& x) {
    Enclosure y{Range(), x.domain_};
    const mpfr_srcptr low = &x.range()->left, high = &x.range()->right;
    if (mpfi_nan_p(x.range())) return x;
    if (mpfi_bounded_p(x.range()))
      mpfi_mid(&y.data()->left, x.range());
    else if (mpfr_number_p(low) || mpfr_number_p(high))
      mpfr_set(&y.data()->left, mpfr_number_p(low) ? low : high, MPFR_RNDN);
    mpfr_set(&y.data()->right, &y.data()->left, MPFR_RNDN);
    return y;
  }

  // The range as MPFI writes it, and the mark where it is not def: "[1,2]_trv".
  friend std::ostream& operator<<(std::ostream& out, const Enclosure& x) {
    out << x.range_;
    return x.domain_ == Domain::def ? out : out << (x.domain_ == Domain::trv ? "_trv" : "_ill");
  }

 private:
  mpfi_ptr data() { return range_.backend().data(); }
  static Domain least(const Enclosure& x, const Enclosure& y) { return std::min(x.domain_, y.domain_); }
  static Enclosure nothing(Domain domain = Domain::trv) {
    Enclosure y{Range(), std::min(domain, Domain::trv)};
    mpfr_set_nan(&y.data()->left);
    mpfr_set_nan(&y.data()->right);
    return y;
  }
  void refuse_what_is_no_number() {
    if (!mpfi_bounded_p(range())) *this = nothing(Domain::ill);
  }
  Enclosure& with(const Enclosure& y, const Range&) {
    domain_ = least(*this, y);
    return *this;
  }
  Enclosure by(int (*f)(mpfi_ptr, mpfi_srcptr)) const {
    Enclosure y{Range(), domain_};
    f(y.data(), range());
    return y;
  }
  bool starts_below_zero() const { return mpfr_sgn(&range()->left) < 0; }
  // The part of the range that is not below 0, marked where that is not all of it.
  Enclosure not_below_zero(bool leaves) const {
    if (!leaves) return *this;
    if (mpfr_sgn(&range()->right) < 0) return nothing(domain_);
    Enclosure y{range_, std::min(domain_, Domain::trv)};
    if (starts_below_zero()) mpfr_set_zero(&y.data()->left, 1);
    return y;
  }
  // {a / b : a in x, b in y, b not 0}, where y holds 0.
  static Range over_zero(const Range& x, Range y) {
    if (mpfi_is_zero(y.backend().data()) || mpfi_nan_p(x.backend().data())) return nothing().range_;
    if (mpfi_is_zero(x.backend().data())) return Range(0);
    // MPFI takes the side from the sign of the end that is 0.
    const mpfi_ptr ends = y.backend().data();
    if (mpfr_zero_p(&ends->left)) mpfr_set_zero(&ends->left, 1);
    if (mpfr_zero_p(&ends->right)) mpfr_set_zero(&ends->right, -1);
    return x / y;
  }

  Range range_;
  Domain domain_ = Domain::def;
};

}  // namespace plumbline

namespace Eigen {

// What Eigen asks of a type of numbers; the costs are rough.
template <unsigned digits>
struct NumTraits<plumbline::Enclosure<digits>> : GenericNumTraits<plumbline::Enclosure<digits>> {
  enum {
    IsComplex = 0,
    IsInteger = 0,
    IsSigned = 1,
    RequireInitialization = 1,
    ReadCost = 20,
    AddCost = 40,
    MulCost = 60
  };
};

}  // namespace Eigen
