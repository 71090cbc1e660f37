#include "properties/law.hpp"

namespace plumbline::properties {

std::vector<Law> all_laws() {
  std::vector<Law> all;
  for (const auto* room : {&norm_laws(), &pre_norm_laws(), &post_norm_laws(), &attention_laws(),
                           &feed_forward_laws(), &chain_laws(), &layout_laws()})
    all.insert(all.end(), room->begin(), room->end());
  return all;
}

}  // namespace plumbline::properties
