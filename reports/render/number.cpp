#include "reports/render/number.hpp"

#include <fmt/format.h>

namespace plumbline::reports {
namespace {

// "1.86e+00" as digits and a power of ten.
struct Scientific {
  std::string digits;
  int power;
};

Scientific parsed(const std::string& text) {
  const std::size_t e = text.find('e');
  return {text.substr(0, e), std::stoi(text.substr(e + 1))};
}

Scientific scientific(const Mp50& x, int digits) {
  return parsed(x.str(digits - 1, std::ios_base::scientific));
}

}  // namespace

std::string significant(const Mp50& x, int digits) {
  if (x == 0) return "0";
  const auto [mantissa, power] = scientific(x, digits);
  if (power < -3 || power > 5) return mantissa + "e" + std::to_string(power);
  char text[64];
  mpfr_snprintf(text, sizeof text, "%.*Rf", std::max(0, digits - 1 - power), x.backend().data());
  return text;
}

std::string significant(const Interval60& x, int digits) {
  if (!is_bounded(x)) return "no value proved";
  const End low = lower(x), high = upper(x);
  if (low == 0 && high == 0) return "0";
  if (contains_zero(x)) {
    char text[32];
    mpfr_snprintf(text, sizeof text, "%.1RUe", magnitude(x).backend().data());
    const auto [mantissa, power] = parsed(text);
    return "|.| < " + mantissa + "e" + std::to_string(power);
  }
  for (int n = digits; n > 1; --n) {
    const std::string text = significant(static_cast<Mp50>(low), n);
    if (text == significant(static_cast<Mp50>(high), n)) return text;
  }
  return "no digit proved";
}

std::string counted(long n) {
  std::string digits = std::to_string(n);
  for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) digits.insert(i, ",");
  return digits;
}

}  // namespace plumbline::reports
