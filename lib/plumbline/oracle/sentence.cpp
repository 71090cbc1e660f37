#include "plumbline/oracle/sentence.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace plumbline {
namespace {

// Two significant digits, all written out.
std::string number(double x) {
  const double step = std::pow(10, std::max(0.0, std::floor(std::log10(std::max(std::abs(x), 1.0))) - 1));
  char text[64];
  std::snprintf(text, sizeof text, "%.0f", std::round(x / step) * step);
  return text;
}

std::string what_is_wrong(const Verdict& v) {
  if (v.deviation.empty())
    return v.rejection.family.empty() ? v.reason : "none of the known deviations; " + v.reason;
  const Deviation& d = find_deviation(v.deviation);
  return "computes " + v.deviation + ", that is " + std::string(d.formula) + " (likelihood ratio e^" +
         number(v.likelihood_ratio) + ")";
}

}  // namespace

std::string sentence(const Verdict& v) {
  const std::string name(name_of(v.finding));
  switch (v.finding) {
    case Finding::agrees: return name;
    case Finding::wrong: return name + ": " + what_is_wrong(v);
    case Finding::coarser: return name + ": right in " + v.profile + ", coarser than declared";
    default: return name + ": " + v.reason;
  }
}

std::string kind_of(const Verdict& v) {
  const std::string name(name_of(v.finding));
  if (v.finding == Finding::wrong) return name + " " + (v.deviation.empty() ? "unknown" : v.deviation);
  if (v.finding == Finding::coarser) return name + " " + v.profile;
  if (v.finding == Finding::invalid) return name + " " + v.reason.substr(0, v.reason.find_first_of(":["));
  return name;
}

}  // namespace plumbline
