// What the cases of a run say together: one name for one bug.
#pragma once

#include <set>

#include "plumbline/campaign/examine.hpp"
#include "plumbline/campaign/run_report.hpp"
#include "plumbline/naming/diagnosis.hpp"

namespace plumbline {

// A case that was judged.
struct Judged {
  Request request;
  Examination examination;
  int number;          // in the stream of draws, if it was drawn
  std::size_t result;  // which one of the report's it is

  // Not checked: that there is one. JudgedCases holds no case without.
  const Verdict& verdict() const { return *examination.verdict; }
};

// Judged cases, of which only the failures are kept with their answers, and of those only so many: a
// diagnosis needs no more.
class JudgedCases {
 public:
  static constexpr int most_failures = 100;

  // Leaves out what was not judged.
  void add(const Request& request, const Examination& examination, int number, std::size_t result);
  const Judged& operator[](int i) const { return cases_[i]; }

  // The diagnoses, whose cases are indices of these. The report gets the name of what explains it for each
  // case that is explained, and a note where failures were left out.
  std::vector<Diagnosis> diagnose(RunReport& report);
  // Failures that are in no diagnosis.
  std::vector<Judged> unexplained() const;

 private:
  std::vector<Judged> cases_;
  std::set<int> explained_;
  int failures_ = 0;
};

// "wrong: computes ..., explains 37 of 37 failing cases)", with the names in fields of their own. Where it
// was found and how to see it again is left open.
Failure failure_of(const Diagnosis& diagnosis, int failing);

}  // namespace plumbline
