// How far a plain number type is from the truth: the block evaluated in it, against enclosures.
#pragma once

#include <string>
#include <vector>

#include "golden/generate/case_list.hpp"

namespace plumbline::golden {

struct ErrorRecord {
  std::string case_id, scalar, output;  // output: "y", "grad.x" or "grad.parameters"
  double largest, rms;                  // |error| in ulps of the scalar at the truth
  double normwise;                      // the largest |error| of a tensor in ulps at its largest |truth|
  int entries, not_finite;              // how many are measured; how many are no finite numbers, and are not
};
Json to_json(const ErrorRecord& record);

// float, double, long double, Mp50, Mp100: three records each, over entries whose truth is told from 0.
// Inputs are exact in all of them. Of the first three the digits depend on the machine's C library and vector
// width; of the others they do not.
std::vector<ErrorRecord> errors_of(const GoldenCase& c);

}  // namespace plumbline::golden
