#include "plumbline/number/rounding.hpp"

#include <algorithm>

namespace plumbline {
namespace {

// MPFR's exponent range is global to the thread; a format narrows it for one rounding.
class ExponentRange {
 public:
  explicit ExponentRange(const DtypeInfo& f) : emin_(mpfr_get_emin()), emax_(mpfr_get_emax()) {
    mpfr_set_emin(4 - f.max_exponent - f.precision);  // of the smallest subnormal number, as MPFR counts
    mpfr_set_emax(f.max_exponent);
  }
  ~ExponentRange() {
    mpfr_set_emin(emin_);
    mpfr_set_emax(emax_);
  }

 private:
  mpfr_exp_t emin_, emax_;
};

}  // namespace

double rounded(const End& x, Dtype dtype) {
  const DtypeInfo& f = info(dtype);
  mpfr_t y;
  mpfr_init2(y, f.precision);
  const int direction = mpfr_set(y, x.backend().data(), MPFR_RNDN);
  {
    const ExponentRange range(f);
    mpfr_subnormalize(y, mpfr_check_range(y, direction, MPFR_RNDN), MPFR_RNDN);
  }
  const double value = mpfr_get_d(y, MPFR_RNDN);
  mpfr_clear(y);
  return value == 0 ? 0.0 : value;
}

long ulp_exponent(const End& x, int precision, long least) {
  return std::max<long>(mpfr_get_exp(x.backend().data()) - precision, least);  // |x| on 2^[exp-1, exp)
}

}  // namespace plumbline
