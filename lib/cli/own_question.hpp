// A question of the user's own, in a safetensors file: x (q, k and v of sdpa; residual of add_norm), the
// parameters, and the cotangent grad.y of y (and grad.sum). It is a question as emit writes it or as a
// failure is saved, but all of its metadata may be missing.
#pragma once

#include "cli/block_options.hpp"
#include "plumbline/exchange/exchange.hpp"

namespace plumbline::cli {

struct OwnQuestion {
  Request request;                      // the id is the file's name
  std::optional<Answer> answer = {};    // that stands in the file too, as in one of a failure
  std::vector<std::string> notes = {};  // what the file does not say, and what was taken for it
};

// What the command line says, where it does: it goes before what the file says.
struct Said {
  const BlockOptions& block;
  std::optional<std::string> profile = {};
  std::optional<bool> gradients = {};
  std::uint64_t seed = 1;  // of cotangents that are missing
};

// The spec is that of --spec, --preset or --hf, which has parameters too, or else in the metadata; the
// profile, if nobody names one, the one that x is stored for; a cotangent that is missing is drawn. Throws
// Error naming the file, the tensor, what was expected and what was found.
OwnQuestion own_question(const std::string& path, const Said& said);
// The same of several, which have different names.
std::vector<OwnQuestion> own_questions(const std::vector<std::string>& paths, const Said& said);

// --question FILE, as often as one likes, in the place of those options.
void add_own_questions(CLI::App& verb, std::vector<std::string>& paths,
                       std::initializer_list<const char*> in_place_of);
// What `verb` was given; these are its --profile and --grads.
Said said_by(const CLI::App& verb, const BlockOptions& block, const std::string& profile, bool gradients,
             std::uint64_t seed);

}  // namespace plumbline::cli
