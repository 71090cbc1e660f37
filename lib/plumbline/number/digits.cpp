#include "plumbline/number/digits.hpp"

namespace plumbline {
namespace {

std::string scientific(const End& x, int digits) { return x.str(digits - 1, std::ios_base::scientific); }

}  // namespace

std::string rounded_up(const End& x) {
  if (x == 0) return "0";
  char text[32];
  mpfr_snprintf(text, sizeof text, "%.1RUe", x.backend().data());
  return text;
}

std::string certified_digits(const Interval120& x, int digits) {
  if (!is_bounded(x)) return "no value proved";
  const End low = lower(x), high = upper(x);
  if (low == 0 && high == 0) return "0";
  if (contains_zero(x)) return "0 +- " + rounded_up(magnitude(x));
  for (int n = digits; n > 0; --n)
    if (const std::string text = scientific(low, n); text == scientific(high, n)) return text;
  return "no digit proved";
}

}  // namespace plumbline
