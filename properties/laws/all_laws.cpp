#include "properties/law.hpp"

namespace plumbline::properties {

const std::vector<Law>& all_laws() {
  static const std::vector<Law> laws = [] {
    std::vector<Law> all;
    for (const auto* room : {&norm_laws(),
                             &vacuous_point_laws(),
                             &special_point_laws(),
                             &pre_norm_laws(),
                             &post_norm_laws(),
                             &attention_definition_laws(),
                             &attention_laws(),
                             &attention_weight_laws(),
                             &activation_laws(),
                             &feed_forward_laws(),
                             &moe_laws(),
                             &stream_laws(),
                             &chain_laws(),
                             &bound_laws(),
                             &layout_laws(),
                             &identity_laws(),
                             &algebra_laws(),
                             &relation_laws(),
                             &given_mask_laws(),
                             &residual_laws(),
                             &direction_laws(),
                             &turning_laws(),
                             &linear_attention_laws(),
                             &part_laws()})
      all.insert(all.end(), room->begin(), room->end());
    return all;
  }();
  return laws;
}

}  // namespace plumbline::properties
