// Random instances, drawn through RapidCheck so that dimensions shrink; numbers come from a seed.
#pragma once

#include <rapidcheck.h>

#include <ostream>
#include <string_view>

#include "plumbline/cases/case.hpp"
#include "properties/subjects/subject.hpp"

namespace plumbline {
std::ostream& operator<<(std::ostream& out, Regime regime);  // for RapidCheck, which looks beside Regime
}

namespace plumbline::properties {

Regime draw_regime();

// A whole number from least to most; shrinks to least. RapidCheck's own range starts narrow and widens.
int draw_number_from(int least, int most);

// The spec of that cell at the least dimensions of draw_small_spec.
BlockSpec spec_of(const Cell& cell);

// The spec of that cell at drawn dimensions and eps, with biases and no final norm, away from the points at
// which laws are vacuous: d >= 5, several heads.
BlockSpec draw_spec(const Cell& cell);

// The same, small: for laws that assemble whole Jacobians or run long chains.
BlockSpec draw_small_spec(const Cell& cell);

// The same, with every other choice drawn too: positions, mask, softcap, norms on q and k, gate, activation.
BlockSpec draw_rich_spec(const Cell& cell);

// Random parameters (gains away from 0) and an input of `tokens` rows in a drawn regime; 3 to 5 tokens where
// none are given.
Instance draw_instance(const BlockSpec& spec, int tokens);
Instance draw_instance(const BlockSpec& spec);

// The same with plain rows: entries in [-1, 1].
Instance draw_quiet(const BlockSpec& spec, int tokens);

// A matrix of uniform numbers in [-1, 1]: multiples of 2^-20.
Matrix<I> draw_matrix(Eigen::Index rows, Eigen::Index cols);
// As large as x.
Matrix<I> draw_like(const Matrix<I>& x);

// Sets the weight and the bias of a projection to 0, where it has them.
void silence(Instance& at, const std::string& projection);

}  // namespace plumbline::properties
