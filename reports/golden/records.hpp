// What the golden values say of themselves and of the plain number types.
#pragma once

#include <string>
#include <vector>

#include "golden/check/errors.hpp"
#include "golden/generate/case_list.hpp"

namespace plumbline::reports {

struct GoldenRecord {
  golden::GoldenCase golden_case;
  long values;                    // certified outputs
  std::string width60, width120;  // bounds of the relative widths of their enclosures
  std::vector<golden::ErrorRecord> errors;
};

// Recomputes every case.
std::vector<GoldenRecord> run_golden();

// The records of one scalar and one output ("y", "grad.x", "grad.parameters"), sorted by normwise error.
std::vector<golden::ErrorRecord> sorted_errors(const std::vector<GoldenRecord>& records,
                                               const std::string& scalar, const std::string& output);

}  // namespace plumbline::reports
