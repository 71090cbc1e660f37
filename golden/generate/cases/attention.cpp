#include "golden/generate/cases/cases.hpp"
#include "golden/generate/cases/specs.hpp"

namespace plumbline::golden {
namespace {

constexpr AttentionKind attention_kinds[] = {
    {"causal", [](BlockSpec& s) { heads(s, 3, 3); }},
    {"bidirectional", [](BlockSpec& s) { heads(s, 3, 3), s.attention.mask.kind = MaskKind::bidirectional; }},
    {"gqa", [](BlockSpec& s) { heads(s, 4, 2); }},
    {"mqa-without-biases",
     [](BlockSpec& s) {
       heads(s, 3, 1), s.attention.bias = {false, false, false, false};
     }},
    {"window",
     [](BlockSpec& s) {
       heads(s, 2, 2), s.attention.mask.kind = MaskKind::causal_sliding, s.attention.mask.window = 3;
     }},
    {"rope-half", [](BlockSpec& s) { heads(s, 4, 2), s.position.rope = rope(RopeStyle::half, 4); }},
    {"rope-interleaved",
     [](BlockSpec& s) { heads(s, 2, 2), s.position.rope = rope(RopeStyle::interleaved, 4); }},
    {"rope-partial", [](BlockSpec& s) { heads(s, 3, 3), s.position.rope = rope(RopeStyle::half, 2); }},
    {"softcap", [](BlockSpec& s) { heads(s, 2, 2), s.attention.softcap.cap = 2; }},
    {"qk-norm",
     [](BlockSpec& s) {
       heads(s, 4, 2), qk_norm(s, NormWidth::head_dim, QkPosition::before_rope),
           s.position.rope = rope(RopeStyle::half, 4);
     }},
    {"qk-norm-full",
     [](BlockSpec& s) { heads(s, 3, 3), qk_norm(s, NormWidth::full_heads, QkPosition::before_rope); }},
};

}  // namespace

// Queries and keys that read a large stream as it is saturate the softmax until no precision decides its
// gradients; norms on them keep the scores in bounds.
const AttentionKind& attention_kind(int i, const BlockSpec& s, Regime regime) {
  constexpr std::size_t kinds = std::size(attention_kinds);
  const bool saturates = !s.norm_slots.attn.in && (regime == Regime::large || regime == Regime::spike);
  return attention_kinds[saturates ? kinds - 1 - static_cast<std::size_t>(i) % 2
                                   : static_cast<std::size_t>(i) % kinds];
}

void add_attention(List& list) {
  for (const AttentionKind& kind : attention_kinds) {
    BlockSpec s = layout("pre_norm", 12);
    kind.apply(s);
    s.part = Part::attention;
    list.add(std::string("attention/") + kind.name, s, Regime::plain, 6, 2);
  }
}

void add_scales(List& list) {
  add_attention(list, "scale-one", [](BlockSpec& s) {
    s.attention.scale = {.rule = ScaleRule::one, .value = {}, .mult = 0.25};
  });
  add_attention(list, "scale-by-number", [](BlockSpec& s) {
    s.attention.scale = {.rule = ScaleRule::inv_sqrt_scalar, .value = 7};
    s.attention.mask.kind = MaskKind::bidirectional;
  });
}

void add_sinks_and_gates(List& list) {
  add_attention(list, "sink", [](BlockSpec& s) { s.attention.sink.present = true; });
  add_attention(list, "gate", [](BlockSpec& s) { s.attention.gate = Activation::sigmoid; });
  add_attention(list, "gate-silu", [](BlockSpec& s) { s.attention.gate = Activation::silu; });
}

void add_sliding(List& list) {
  add_attention(
      list, "sliding",
      [](BlockSpec& s) {
        heads(s, 2, 2), s.attention.mask.kind = MaskKind::sliding, s.attention.mask.window = 3;
      },
      6);
}

}  // namespace plumbline::golden
