// A case: a spec with an input, parameters and a cotangent that follow from a seed, the same on every
// machine.
#pragma once

#include <cstdint>

#include "plumbline/block/evaluate.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline::cli {

struct CaseSettings {
  BlockSpec spec;
  int tokens = 6, batch = 1;
  std::uint64_t seed = 1;
};

// Every entry is a double on a grid of 2^-20 or finer, so it is exact in every number type.
struct CaseInputs {
  Matrix<double> x;  // [batch tokens, d], on [-1, 1)
  Parameters<double> parameters;
  Matrix<double> cotangent;  // [batch tokens, d], on [-1, 1)
};

// Reads {"spec": {...}, "T": 6, "batch": 1, "seed": 1}, or a bare spec. Throws Error naming the key.
CaseSettings case_from_json(const Json& json);

// Gains lie on [0.75, 1.75), other vectors on [-1, 1), matrices [out,in] on [-1, 1) times the power of 2 next
// to 1 / sqrt(in). Drawn in the order x, parameters as parameter_shapes lists them, cotangent.
CaseInputs inputs_of(const CaseSettings& settings);

}  // namespace plumbline::cli
