// Diagnoses in words.
#include "plumbline/judge/describe.hpp"
#include "plumbline/naming/diagnosis.hpp"

namespace plumbline {
namespace {

std::string list_of(const Deviations& deviations) {
  std::string out;
  for (const Deviation* d : deviations) out += (out.empty() ? "" : ", ") + std::string(d->id);
  return out;
}

std::string of_cases(int n, int all) {
  return std::to_string(n) + " of " + std::to_string(all) + " failing " + (all == 1 ? "case" : "cases");
}

}  // namespace

std::string described_name(const Diagnosis& d) {
  return d.alternative ? "computes " + d.alternative->id + ", " + d.alternative->says
                       : describe(d.deviations);
}

std::string describe(const Deviations& deviations) {
  std::string out = "computes ";
  for (const Deviation* d : deviations)
    out += (d == deviations.front() ? "" : ", and also ") + with_formula(*d);
  return out;
}

std::string describe(const Diagnosis& d, int failures) {
  const std::string count = of_cases(int(d.cases.size()), failures);
  if (!d.is_named()) return "none of the known deviations (" + count + ")";
  std::string out =
      described_name(d) + " (likelihood ratio " + ratio_text(d.log_ratio) + ", explains " + count;
  if (!d.same.empty()) out += "; the same here as " + list_of(d.same);
  if (!d.possible.empty()) out += "; not excluded: " + list_of(d.possible);
  if (d.absent > 0) out += "; absent from " + std::to_string(d.absent) + " agreeing cases";
  return out + ")";
}

}  // namespace plumbline
