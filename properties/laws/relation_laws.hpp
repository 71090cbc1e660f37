// Relations on enclosures.
#pragma once

#include "properties/subjects/subject.hpp"

namespace plumbline::properties {

// Whether the subject's answers obey the relation, each compared as enclosures are. Throws NothingToJudge
// where the question shows nothing.
Held held_on_enclosures(const Relation& relation, const Subject& subject, const Question& question);

}  // namespace plumbline::properties
