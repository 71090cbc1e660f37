// Questions that a relation asks beside the one drawn: the same with something changed whose effect is known.
#pragma once

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/cases/question.hpp"

namespace plumbline {

int tokens_of(const Question& question);  // of one sequence

bool is_causal(const BlockSpec& spec);  // attends, and to no later token

// Of every parameter of which that is true.
void scale_parameters(Question& question, bool (*is_meant)(const ParameterShape&), double factor);
// Whether the inputs are numbers of the profile's storage type.
bool is_representable(const Question& question, const Profile& profile);

// One token of every sequence, or the first sequence of the batch, with its sign changed.
Question with_other_last_token(Question question);
Question with_other_first_token(Question question);
Question with_other_first_sequence(Question question);
// These sequences of the batch, by number, in this order and as often.
Question with_sequences(const Question& question, const std::vector<int>& chosen);
// x, what stands beside it, and the cotangent with their signs changed.
Question with_other_signs(Question question);
// The rows of every sequence in the opposite order, by number.
std::vector<Eigen::Index> reversed_tokens(const Question& question);
// So many rows of each sequence, from its row `first` on.
std::vector<Eigen::Index> rows_of_sequences(const Question& question, int first, int count);

// Rows of mean 0 and variance 1, as multiples of 1/8 up to 2 in size: there every type has room for them plus
// 4. Nearly constant rows would be all rounding error once something large is added to them.
Question on_a_coarse_grid(Question question);
bool has_constant_row(const Question& question);
// What may then be added to x: another constant for every token.
Matrix<double> shifts(const Question& question);

// Every key-value head written out once for each of its query heads.
Question without_grouped_heads(Question question);

}  // namespace plumbline
