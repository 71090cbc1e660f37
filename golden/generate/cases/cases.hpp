// The cases of each feature, added to one list. A case's place in the list is its seed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "golden/generate/case_list.hpp"

namespace plumbline::golden {

class List {
 public:
  void add(std::string id, BlockSpec spec, Regime regime, int tokens = 5, int batch = 1,
           std::optional<int> key_tokens = {}) {
    cases_.push_back({std::move(id), {std::move(spec), tokens, batch, 1000 + seeds_++, regime, key_tokens}});
  }
  // A case that has a seed of its own.
  void add(GoldenCase c) { cases_.push_back(std::move(c)); }
  const std::vector<GoldenCase>& cases() const { return cases_; }

 private:
  std::uint64_t seeds_ = 0;
  std::vector<GoldenCase> cases_;
};

// layouts.cpp: whole blocks, stacks and models
void add_layouts(List& list);
void add_models(List& list);
void add_large(List& list);
void add_residuals(List& list);

// norms.cpp
void add_norms(List& list);
void add_dyt(List& list);
void add_norms_in_attention(List& list);
void add_norms_elsewhere(List& list);
void add_value_norms(List& list);

// attention.cpp: heads, masks, scores, gates
void add_attention(List& list);
void add_scales(List& list);
void add_sinks_and_gates(List& list);
void add_sliding(List& list);

// scaled_dot_products.cpp: attention without projections
void add_sdpa(List& list);
void add_sdpa_with_buckets(List& list);

// positions.cpp
void add_alibi(List& list);
void add_flat_alibi(List& list);
void add_partial_rope(List& list);
void add_scaled_rope(List& list);
void add_buckets(List& list);
void add_buckets_of_t5(List& list);
void add_scaled_by_length(List& list);

// latent.cpp
void add_latent(List& list);

// feed_forward.cpp
void add_feed_forwards(List& list);
void add_limited(List& list);
void add_gated_sandwich(List& list);

// experts.cpp
void add_experts(List& list);

// streams.cpp
void add_streams(List& list);

// residuals.cpp: norms by length and by erf, ways to join the stream, routers and mixers
void add_norms_and_residuals(List& list);

// parts.cpp: softmaxes, projections and activations by themselves, masks by chunks
void add_parts(List& list);

// presets.cpp: those that are files
void add_presets(List& list);

// given.cpp: what a question says of its keys
void add_given(List& list);

// heads_alone.cpp: heads that turn, and states
void add_heads_alone(List& list);

// unlike_layers.cpp
void add_unlike_layers(List& list);

}  // namespace plumbline::golden
