// Faults: broken rules of an algebra. A deviation is a wrong block; a fault is a right block over wrong
// arithmetic: a derivative without its factor, an enclosure that is rounded inward or loses its mark.
#pragma once

#include <span>
#include <string_view>

#include "plumbline/block/evaluate.hpp"
#include "plumbline/number/scalars.hpp"

namespace plumbline::properties {

enum class FaultyAlgebra { dual, tape, enclosure };

enum class Rule {
  right,
  // derivatives
  activation_slope,
  bias_constant,
  column_constant,
  gain_constant,
  left_factor_only,
  mean_constant,
  residual_constant,
  right_operand_constant,
  rotation_not_reversed,
  rsqrt_not_halved,
  rsqrt_squared,
  scale_missing,
  softmax_without_sum,
  // enclosures: the operation's result is shrunk to a point
  activation_inward,
  division_inward,
  matmul_inward,
  rsqrt_inward,
  softmax_inward,
  sum_inward,
  // enclosures: the operation's result is taken for a value, whatever domain was left
  activation_unmarked,
  division_unmarked,
  matmul_unmarked,
  rsqrt_unmarked,
  softmax_unmarked,
  sum_unmarked,
};

struct Fault {
  std::string_view id;  // algebra/what
  std::string_view formula;
  FaultyAlgebra algebra;
  Rule rule;
};

// The catalogue, sorted by id.
std::span<const Fault> faults();

// The block over an algebra with that rule; Rule::right is the algebra itself. One file each, since each
// instantiates the whole block.
Matrix<Interval60> evaluate_by(Rule rule, const BlockSpec& spec, const Parameters<Interval60>& parameters,
                               const Matrix<Interval60>& x, int batch = 1);
Gradients<Interval60> gradients_by(Rule rule, const BlockSpec& spec, const Parameters<Interval60>& parameters,
                                   const Matrix<Interval60>& x, const Matrix<Interval60>& cotangent);
// The derivative of y along (dx, dparameters); a parameter that dparameters leaves out does not move.
Matrix<Interval60> tangent_by(Rule rule, const BlockSpec& spec, const Parameters<Interval60>& parameters,
                              const Parameters<Interval60>& dparameters, const Matrix<Interval60>& x,
                              const Matrix<Interval60>& dx);

}  // namespace plumbline::properties
