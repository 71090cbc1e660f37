// Laws that a right implementation obeys whatever its numbers are, tried on a black box by asking it several
// related questions. They need no reference values: where the bits of the answers can decide, they do; where
// rounding enters, the members of the ensemble say how much of it is right. What a law asks stays inside the
// declared spec.
#pragma once

#include <span>

#include "cli/live/asking.hpp"
#include "cli/live/examine.hpp"
#include "plumbline/oracle/recipes.hpp"

namespace plumbline::cli {

struct Law {
  std::string_view id;         // small letters: those of the theory in properties/ have capitals
  std::string_view statement;  // what holds
  bool gradients;              // it is about gradients
  bool (*applies)(const QuestionSettings&);  // spec and sizes decide, so no numbers are drawn for it
  // How it is broken, or a remark, or nothing.
  struct Finding {
    bool holds = true;
    std::string what = {};
  };
  Finding (*check)(Asking&, const Question&);
  std::string_view promise = {};  // the option that says so, of what not every right implementation does
};

std::span<const Law> token_laws();     // which token may change which row
std::span<const Law> function_laws();  // what the function is like
// All of them, in this order.
const std::vector<const Law*>& laws();
const Law& find_law(std::string_view id);  // throws Error where there is none

// Outcome holds, broken, wrong (where an answer is not finite), invalid, skipped (where the implementation
// does not support a question that the law asks) or untried, with the reason: the law says nothing about this
// question, or asks about what is pinned; correct code overflows on one that it asks; or it holds of an
// answer that takes no notice of the question.
Examination examine_law(const Law& law, const Implementation& implementation, Request request,
                        const Open& open = leaves_all_open);

// Whether the law fails as it has done for whoever computes these deviations and does all else right.
bool follows_from(const Deviations& deviations, const Law& law, const Request& request,
                  const Examination& failed);

}  // namespace plumbline::cli
