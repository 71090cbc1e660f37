// What a law compares: answers with each other, or a functional of one with its value.
#pragma once

#include "cli/live/laws.hpp"

namespace plumbline::cli {

// A linear or affine map of the rows and columns of an answer.
using Map = std::function<Matrix<double>(const Matrix<double>&)>;
Matrix<double> as_it_is(const Matrix<double>& y);

// What `keep` leaves of y must not change, to the bit, from one question to the other. Where the
// implementation does not even repeat itself, it may by what rounding does. Throws NothingToJudge where
// nothing changes anywhere.
Law::Finding unchanged(Asking& ask, const Question& q, const Question& other, const Map& keep);

// y of one question must be `pulled(y)` of another: to the bit, or as well as rounding allows.
Law::Finding same_answer(Asking& ask, const Question& q, const Question& other, const Map& pulled);

// A linear functional of an output must have that value.
Law::Finding functional_is(Asking& ask, const Question& q, const std::string& output, const Map& functional,
                           const Matrix<double>& value);

// The question is answered as before, or differs by what rounding does.
Law::Finding repeated(Asking& ask, const Question& q);

}  // namespace plumbline::cli
