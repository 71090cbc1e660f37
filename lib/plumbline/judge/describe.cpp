#include "plumbline/judge/describe.hpp"

#include <cmath>
#include <cstdio>

namespace plumbline {

std::string brief_number(double x) {
  char text[32];
  if (!(std::abs(x) >= 1000 && std::abs(x) < 1e7)) {
    std::snprintf(text, sizeof text, "%.3g", x);
    return text;
  }
  const double unit = std::pow(10, std::floor(std::log10(std::abs(x))) - 2);
  std::snprintf(text, sizeof text, "%.0f", std::nearbyint(x / unit) * unit);
  return text;
}

std::string ratio_text(double log_ratio) {
  return log_ratio > 1000 ? "beyond e^1000" : "e^" + brief_number(log_ratio);
}

std::string with_formula(const Deviation& d) { return std::string(d.id) + ", " + std::string(d.formula); }

std::string describe(const Verdict& v) {
  const std::string finding(name_of(v.finding));
  switch (v.finding) {
    case Finding::agrees: return finding;
    case Finding::coarser: return "right in " + v.profile + ", coarser than declared (" + v.reason + ")";
    case Finding::wrong: break;
    case Finding::invalid:
    case Finding::inconclusive: return finding + ": " + v.reason;
  }
  if (!v.is_finite) return finding + ": " + v.reason;
  if (v.deviation.empty()) {
    const std::string size = v.profile.empty() ? "" : "; no larger than errors in " + v.profile;
    return finding + ": none of the known deviations (" + v.reason + size + ")";
  }
  return finding + ": computes " + with_formula(find_deviation(v.deviation)) + " (likelihood ratio " +
         ratio_text(v.log_ratio) + ")";
}

}  // namespace plumbline
