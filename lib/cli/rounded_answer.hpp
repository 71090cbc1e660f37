// The answer to a question that no implementation can better: every output rounded correctly, with its proof.
#pragma once

#include <string>

#include "plumbline/cases/question.hpp"

namespace plumbline::cli {

// Writes it to a file, as an implementation would answer, and prints of each tensor how its entries were
// decided. Throws Error where the file cannot be written, and as evaluate does.
void write_rounded_answer(const Question& question, const Profile& profile, const std::string& path);

}  // namespace plumbline::cli
