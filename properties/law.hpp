// A law: a claim about residual blocks, where it is tried, how to try it once on a random instance, and the
// mutants it must notice.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "properties/subjects/subject.hpp"

namespace plumbline::properties {

struct Law {
  std::string_view id;     // as in the literature notes: LN-1, PRE-3 ...
  std::string_view claim;  // one sentence, with its regime
  Scope scope;             // the cells it is tried in, and why not in the others
  // Draws an instance of the subject's cell with RapidCheck's generators and asserts the claim (RC_ASSERT).
  std::function<void(const Subject& subject)> check;
  std::vector<std::string_view> mutants;  // ids of those that must turn it red
};

const std::vector<Law>& norm_laws();
const std::vector<Law>& vacuous_point_laws();
const std::vector<Law>& special_point_laws();
const std::vector<Law>& pre_norm_laws();
const std::vector<Law>& post_norm_laws();
const std::vector<Law>& attention_definition_laws();
const std::vector<Law>& attention_laws();
const std::vector<Law>& attention_weight_laws();
const std::vector<Law>& activation_laws();
const std::vector<Law>& feed_forward_laws();
const std::vector<Law>& moe_laws();
const std::vector<Law>& stream_laws();
const std::vector<Law>& chain_laws();
const std::vector<Law>& bound_laws();
const std::vector<Law>& layout_laws();
const std::vector<Law>& identity_laws();
const std::vector<Law>& algebra_laws();
const std::vector<Law>& relation_laws();
const std::vector<Law>& given_mask_laws();
const std::vector<Law>& residual_laws();
const std::vector<Law>& direction_laws();
const std::vector<Law>& turning_laws();
const std::vector<Law>& linear_attention_laws();
const std::vector<Law>& part_laws();

// All of them, in this order.
const std::vector<Law>& all_laws();

}  // namespace plumbline::properties
