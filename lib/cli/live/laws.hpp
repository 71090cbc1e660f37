// Laws that a right implementation obeys whatever its numbers are, tried on a black box by asking it several
// related questions. They need no reference values: where the bits of the answers can decide, they do; where
// rounding enters, the members of the ensemble say how much of it is right.
#pragma once

#include <functional>
#include <span>

#include "cli/live/examine.hpp"
#include "plumbline/oracle/recipes.hpp"

namespace plumbline::cli {

using Implementation = std::function<Answer(const Request&)>;

// Asks on behalf of a law.
class Asking {
 public:
  Asking(const Implementation& ask, const Profile& profile, std::string id)
      : ask_(ask), profile_(profile), id_(std::move(id)) {}

  // Throws NotAnswered, NotFinite, or NothingToJudge where an answer is not finite and need not be.
  Outputs operator()(const Question& question);
  // Whether the same question is answered with the same bits.
  bool repeats(const Question& question) { return (*this)(question) == (*this)(question); }

  const Profile& profile() const { return profile_; }
  const Answer& last() const { return last_; }

 private:
  const Implementation& ask_;
  const Profile& profile_;
  std::string id_;
  Answer last_;
};

struct Law {
  std::string_view id;                       // as in the theory; a path of its own
  std::string_view statement;                // what holds
  bool gradients;                            // it is about gradients
  bool (*applies)(const QuestionSettings&);  // spec and sizes decide, so no numbers are drawn for it
  // How it is broken, or a remark, or nothing.
  struct Finding {
    bool holds = true;
    std::string what = {};
  };
  Finding (*check)(Asking&, const Question&);
  std::string_view changes = {};  // a knob of the spec that its other question has at another value
};

std::span<const Law> laws();
const Law& find_law(std::string_view id);  // throws Error where there is none

// Outcome holds, broken, wrong (where an answer is not finite), invalid, skipped (where the implementation
// does not support a question that the law asks) or untried (where the law says nothing about this question,
// or correct code overflows on one that it asks).
Examination examine_law(const Law& law, const Implementation& implementation, Request request);

// Whether the law fails as it has done for whoever computes these deviations and does all else right.
bool follows_from(const Deviations& deviations, const Law& law, const Request& request,
                  const Examination& failed);

}  // namespace plumbline::cli
