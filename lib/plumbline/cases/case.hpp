// A case: a spec with an input, parameters and a cotangent, which follow from a seed, the same on every
// machine. Cases are plain, and few: what they give is proved and kept (golden/). Questions (question.hpp)
// are drawn to show mistakes, in numbers of a profile, and answers to them are judged.
#pragma once

#include <cstdint>
#include <optional>

#include "plumbline/base/names.hpp"
#include "plumbline/block/evaluate.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {

// What kind of rows x has. Each kind hides some mistakes, plain rows the most.
enum class Regime { plain, offset, tiny, large, spike, constant };

PLUMBLINE_NAMES(Regime, {plain, "plain"}, {offset, "offset"}, {tiny, "tiny"}, {large, "large"},
                {spike, "spike"}, {constant, "constant"})

// x in [-1, 1), its row t changed by the regime, in the order of the enumeration: as it is; plus 2, 4 or 8;
// times 2^-(6 + t mod 4), so that the variance is near 1e-5; times 2^12; channel t mod d times 2^8; every
// second row 3/4.
Matrix<double> in_regime(Matrix<double> x, Regime regime);

// All that a case follows from.
struct CaseSettings {
  BlockSpec spec;
  int tokens = 6, batch = 1;
  std::uint64_t seed = 1;
  Regime regime = Regime::plain;
  std::optional<int> key_tokens = {};  // of sdpa; none: as many as tokens
};

// Every entry has at most 24 significant bits, so it is exact in every number type, float too.
struct CaseInputs {
  Matrix<double> x;               // [batch tokens, d], in its regime
  Parameters<double> parameters;  // and the inputs beside x
  Matrix<double> cotangent;       // of y, on [-1, 1)
};

// Reads {"spec": {...}, "T": 6, "T_k": 6, "batch": 1, "seed": 1, "regime": "plain"}, or a bare spec. Throws
// Error naming the key.
CaseSettings case_from_json(const Json& json);

// The numbers of a case. Gains lie on [0.75, 1.75), other vectors on [-1, 1), matrices [out,in] on [-1, 1)
// times the power of 2 next to 1 / sqrt(in). Drawn in the order x, other inputs, parameters as
// parameter_shapes lists them, cotangent.
CaseInputs inputs_of(const CaseSettings& settings);

}  // namespace plumbline
