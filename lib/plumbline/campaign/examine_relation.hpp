// Trying a relation on an implementation, and what came of it.
#pragma once

#include "plumbline/campaign/examine.hpp"
#include "plumbline/cases/deviate.hpp"
#include "plumbline/relations/asking.hpp"
#include "plumbline/relations/relation.hpp"

namespace plumbline {

// Outcome holds, broken, wrong (where an answer is not finite), invalid, skipped (where the implementation
// does not support a question that the relation asks) or untried, with the reason: it says nothing about this
// question, or asks about what is pinned; correct code overflows on one that it asks; or it holds of an
// answer that takes no notice of the question.
Examination examine(const Relation& relation, const Implementation& implementation, Request request,
                    const Open& open = leaves_all_open);

// Whether the relation fails as it has done for whoever computes these deviations and does all else right.
bool follows_from(const Deviations& deviations, const Relation& relation, const Request& request,
                  const Examination& failed);

}  // namespace plumbline
