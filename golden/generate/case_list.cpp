#include "golden/generate/case_list.hpp"

#include <algorithm>

#include "golden/generate/cases/cases.hpp"
#include "golden/generate/pairs.hpp"

namespace plumbline::golden {
namespace {

void add_pairs(List& list) {
  for (const PairCase& c : pair_cases()) list.add(c.id, c.spec, c.regime, 4);
}

// A case is seeded by its place in this list, so new ones stand at its end, whichever feature's they are.
constexpr void (*groups[])(List&) = {add_layouts,
                                     add_models,
                                     add_norms,
                                     add_attention,
                                     add_feed_forwards,
                                     add_large,
                                     add_pairs,
                                     add_alibi,
                                     add_dyt,
                                     add_scales,
                                     add_norms_in_attention,
                                     add_flat_alibi,
                                     add_sdpa,
                                     add_norms_elsewhere,
                                     add_residuals,
                                     add_partial_rope,
                                     add_sinks_and_gates,
                                     add_value_norms,
                                     add_scaled_rope,
                                     add_limited,
                                     add_gated_sandwich,
                                     add_streams,
                                     add_experts,
                                     add_sliding,
                                     add_buckets,
                                     add_latent,
                                     add_sdpa_with_buckets,
                                     add_buckets_of_t5,
                                     add_scaled_by_length,
                                     add_given,
                                     add_unlike_layers,
                                     add_norms_and_residuals,
                                     add_presets,
                                     add_heads_alone,
                                     add_parts};

}  // namespace

const std::vector<GoldenCase>& cases() {
  static const std::vector<GoldenCase> all = [] {
    List list;
    for (const auto& add : groups) add(list);
    std::vector<GoldenCase> sorted = list.cases();
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return sorted;
  }();
  return all;
}

const GoldenCase& find_case(const std::string& id) {
  for (const GoldenCase& c : cases())
    if (c.id == id) return c;
  throw Error("golden: unknown case \"" + id + "\"");
}

}  // namespace plumbline::golden
