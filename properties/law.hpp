// A law: a claim about residual blocks, how to try it once on random instances, and the mutants it must
// notice.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "properties/subject.hpp"

namespace plumbline::properties {

struct Law {
  std::string_view id;     // as in the literature notes: LN-1, PRE-3 ...
  std::string_view claim;  // one sentence, with its regime
  // Draws an instance with RapidCheck's generators and asserts the claim of it (RC_ASSERT).
  void (*check)(const Subject& subject);
  std::vector<std::string_view> mutants;  // ids of the deviations that must turn it red
};

const std::vector<Law>& norm_laws();
const std::vector<Law>& pre_norm_laws();
const std::vector<Law>& post_norm_laws();
const std::vector<Law>& attention_laws();
const std::vector<Law>& feed_forward_laws();
const std::vector<Law>& chain_laws();
const std::vector<Law>& layout_laws();

// All of them, in this order.
std::vector<Law> all_laws();

}  // namespace plumbline::properties
