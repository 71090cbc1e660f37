#include "properties/subjects/fault.hpp"

namespace plumbline::properties {
namespace {

constexpr auto dual = FaultyAlgebra::dual, tape = FaultyAlgebra::tape, enclosure = FaultyAlgebra::enclosure;

constexpr Fault all_faults[] = {
    {"dual/activation-slope", "f' is 1 where x > 0, else 0", dual, Rule::activation_slope},
    {"dual/bias-constant", "d(x + b) = dx", dual, Rule::bias_constant},
    {"dual/column-constant", "d(x c) = dx c where c is a column", dual, Rule::column_constant},
    {"dual/gain-constant", "d(x gamma) = dx gamma", dual, Rule::gain_constant},
    {"dual/left-factor-only", "d(x y) = dx y, entry by entry", dual, Rule::left_factor_only},
    {"dual/mean-constant", "d(x - c) = dx where c is a column", dual, Rule::mean_constant},
    {"dual/residual-constant", "d(x + y) = dy", dual, Rule::residual_constant},
    {"dual/right-operand-constant", "d(X Y) = dX Y", dual, Rule::right_operand_constant},
    {"dual/rotation-not-reversed", "d(R x) = R' dx", dual, Rule::rotation_not_reversed},
    {"dual/rsqrt-not-halved", "d x^-1/2 = -x^-3/2 dx", dual, Rule::rsqrt_not_halved},
    {"dual/rsqrt-squared", "d x^-1/2 = -1/2 x^-1 dx", dual, Rule::rsqrt_squared},
    {"dual/scale-missing", "d(c x) = dx", dual, Rule::scale_missing},
    {"dual/softmax-without-sum", "dP = P dx", dual, Rule::softmax_without_sum},
    {"enclosure/activation-inward", "f(x) shrunk to a point", enclosure, Rule::activation_inward},
    {"enclosure/activation-unmarked", "f(x) without the mark of a domain that was left", enclosure,
     Rule::activation_unmarked},
    {"enclosure/division-inward", "x / n shrunk to a point", enclosure, Rule::division_inward},
    {"enclosure/division-unmarked", "x / n without the mark of a domain that was left", enclosure,
     Rule::division_unmarked},
    {"enclosure/matmul-inward", "X Y shrunk to a point", enclosure, Rule::matmul_inward},
    {"enclosure/matmul-unmarked", "X Y without the mark of a domain that was left", enclosure,
     Rule::matmul_unmarked},
    {"enclosure/rsqrt-inward", "x^-1/2 shrunk to a point", enclosure, Rule::rsqrt_inward},
    {"enclosure/rsqrt-unmarked", "x^-1/2 without the mark of a domain that was left", enclosure,
     Rule::rsqrt_unmarked},
    {"enclosure/softmax-inward", "softmax(x) shrunk to a point", enclosure, Rule::softmax_inward},
    {"enclosure/softmax-unmarked", "softmax(x) without the mark of a domain that was left", enclosure,
     Rule::softmax_unmarked},
    {"enclosure/sum-inward", "row sums shrunk to a point", enclosure, Rule::sum_inward},
    {"enclosure/sum-unmarked", "row sums without the mark of a domain that was left", enclosure,
     Rule::sum_unmarked},
    {"tape/activation-slope", "f' is 1 where x > 0, else 0", tape, Rule::activation_slope},
    {"tape/bias-constant", "nothing reaches a bias", tape, Rule::bias_constant},
    {"tape/column-constant", "x c passes nothing to the column c", tape, Rule::column_constant},
    {"tape/gain-constant", "nothing reaches a gain", tape, Rule::gain_constant},
    {"tape/left-factor-only", "x y passes nothing to y, entry by entry", tape, Rule::left_factor_only},
    {"tape/mean-constant", "x - c passes nothing to the column c", tape, Rule::mean_constant},
    {"tape/residual-constant", "x + y passes nothing to x", tape, Rule::residual_constant},
    {"tape/right-operand-constant", "X Y passes nothing to Y", tape, Rule::right_operand_constant},
    {"tape/rotation-not-reversed", "a rotation passes R g where R' g is right", tape,
     Rule::rotation_not_reversed},
    {"tape/rsqrt-not-halved", "x^-1/2 passes -x^-3/2 g", tape, Rule::rsqrt_not_halved},
    {"tape/rsqrt-squared", "x^-1/2 passes -1/2 x^-1 g", tape, Rule::rsqrt_squared},
    {"tape/scale-missing", "c x passes g", tape, Rule::scale_missing},
    {"tape/softmax-without-sum", "softmax passes P g", tape, Rule::softmax_without_sum},
};

}  // namespace

std::span<const Fault> faults() { return all_faults; }

}  // namespace plumbline::properties
