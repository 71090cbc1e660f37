// The record of a census, and what other runs add to it. Rows are told apart by what was asked: part, spec,
// batch, tokens, keys and profile; each says which seeds it asked.
#pragma once

#include "plumbline/spec/json.hpp"

namespace plumbline {

// Throws Error where the rules differ, or where a row of `more` has a seed that is counted already.
void add_to_record(Json& record, const Json& more);

}  // namespace plumbline
