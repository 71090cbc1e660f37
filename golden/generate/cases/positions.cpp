#include "golden/generate/cases/cases.hpp"
#include "golden/generate/cases/specs.hpp"

namespace plumbline::golden {

// Of as many heads as make a power of two, and of others.
void add_alibi(List& list) {
  for (int n_heads : {4, 6}) {
    BlockSpec s = layout("pre_norm", 12);
    heads(s, n_heads, n_heads / 2);
    s.position.bias = AlibiSpec{};
    s.part = Part::attention;
    list.add("attention/alibi-" + std::to_string(n_heads), s, Regime::plain, 6, 2);
  }
}

void add_flat_alibi(List& list) {
  add_attention(list, "alibi-of-4-bits", [](BlockSpec& s) { s.position.bias = AlibiSpec{.max_bias = 4}; });
}

void add_partial_rope(List& list) {
  add_attention(list, "rope-of-4-channels-of-6", [](BlockSpec& s) {
    s.attention.head_dim = 6;
    s.position.rope = rope(RopeStyle::half, 4);
  });
}

void add_scaled_rope(List& list) {
  add_attention(list, "rope-other-sign", [](BlockSpec& s) {
    s.position.rope = rope(RopeStyle::half, 4);
    s.position.rope->sign = -1;
  });
  add_attention(list, "rope-linear", [](BlockSpec& s) {
    s.position.rope = rope(RopeStyle::half, 4);
    s.position.rope->scaling = RopeScaling{};
  });
  add_attention(list, "rope-llama3", [](BlockSpec& s) {
    heads(s, 2, 1), s.attention.head_dim = 8;
    s.position.rope = rope(RopeStyle::half, 8);  // wavelengths of 6, 63, 628 and 6283: each kind of pair
    s.position.rope->scaling = RopeScaling{.kind = RopeScalingKind::llama3,
                                           .factor = 32,
                                           .original_max_position = 1024,
                                           .low_freq_factor = 1.5,
                                           .high_freq_factor = 5};
  });
  add_attention(list, "rope-yarn", [](BlockSpec& s) {
    heads(s, 2, 1), s.attention.head_dim = 8;
    s.position.rope = rope(RopeStyle::interleaved, 8);
    s.position.rope->scaling =
        RopeScaling{.kind = RopeScalingKind::yarn, .factor = 4, .original_max_position = 512};
  });
  add_attention(list, "rope-yarn-between-pairs", [](BlockSpec& s) {
    heads(s, 2, 1), s.attention.head_dim = 8;
    s.position.rope = rope(RopeStyle::half, 8);
    s.position.rope->scaling = RopeScaling{.kind = RopeScalingKind::yarn,
                                           .factor = 32,
                                           .original_max_position = 4096,
                                           .beta_fast = 16,
                                           .beta_slow = 2,
                                           .truncate = false,
                                           .attention_factor = 1.25};
  });
}

namespace {

void add_bucketed(List& list, const char* name, void (*change)(BlockSpec&)) {
  add_attention(list, name, change, 6);
}

}  // namespace

void add_buckets(List& list) {
  add_bucketed(list, "buckets-causal", [](BlockSpec& s) {
    heads(s, 2, 2);
    s.position.buckets = BucketsSpec{.count = 4, .max_distance = 8};  // a distance of 4 is a whole power
  });
  add_bucketed(list, "buckets-of-both-sides", [](BlockSpec& s) {
    heads(s, 2, 2);
    s.position.buckets = BucketsSpec{.count = 8, .max_distance = 8};
    s.attention.mask.kind = MaskKind::bidirectional;
    s.attention.scale.rule = ScaleRule::one;
  });
}

void add_buckets_of_t5(List& list) {
  add_bucketed(list, "buckets-of-t5",
               [](BlockSpec& s) { heads(s, 2, 2), s.position.buckets = BucketsSpec{}; });
}

// Beyond the original length, and up to it.
void add_scaled_by_length(List& list) {
  const auto attention = [&](const char* name, const RopeScaling& scaling) {
    BlockSpec s = layout("pre_norm", 8);
    s.part = Part::attention;
    heads(s, 2, 1), s.attention.head_dim = 8;
    s.position.rope = rope(RopeStyle::half, 8);
    s.position.rope->scaling = scaling;
    list.add(std::string("attention/") + name, s, Regime::plain, 6);
  };
  RopeScaling longrope{.kind = RopeScalingKind::longrope, .factor = 32, .original_max_position = 4};
  longrope.short_factor = {1, 1.25, 1.5, 2}, longrope.long_factor = {1.5, 3, 6, 12};
  attention("rope-longrope", longrope);
  longrope.original_max_position = 6, longrope.attention_factor = 1.25;
  attention("rope-longrope-of-the-original-length", longrope);
  attention("rope-dynamic", {.kind = RopeScalingKind::dynamic, .factor = 2.5, .original_max_position = 4});
}

}  // namespace plumbline::golden
