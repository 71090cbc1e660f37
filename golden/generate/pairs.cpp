#include "golden/generate/pairs.hpp"

#include "plumbline/base/names.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::golden {
namespace {

enum class Rope { none, half, interleaved, partial };
enum class Score { plain, softcap, qk_norm, qk_norm_full };

struct Row {
  const char* layout;
  Regime regime;
  NormKind norm;
  int gain_offset, n_heads, n_kv_heads;
  MaskKind mask;
  Rope rope;
  Score score;
  bool bias;
  FeedForwardKind ffn;
  Activation activation;
};

constexpr NormKind layer = NormKind::layer_norm, rms = NormKind::rms_norm;

// Found by a greedy search, a row at a time that covers the most pairs that were still missing.
constexpr Row rows[] = {
    {"pre_norm", Regime::offset, layer, 0, 4, 2, MaskKind::causal_sliding, Rope::half, Score::qk_norm_full,
     false, FeedForwardKind::glu, Activation::quick_gelu},
    {"pre_norm", Regime::tiny, layer, 0, 2, 2, MaskKind::bidirectional, Rope::interleaved, Score::softcap,
     false, FeedForwardKind::mlp, Activation::silu},
    {"pre_norm", Regime::large, layer, 0, 3, 1, MaskKind::causal, Rope::interleaved, Score::softcap, false,
     FeedForwardKind::mlp, Activation::silu},
    {"pre_norm", Regime::large, rms, 1, 3, 1, MaskKind::bidirectional, Rope::partial, Score::qk_norm_full,
     false, FeedForwardKind::mlp, Activation::quick_gelu},
    {"pre_norm", Regime::constant, layer, 0, 2, 2, MaskKind::bidirectional, Rope::interleaved, Score::qk_norm,
     false, FeedForwardKind::mlp, Activation::silu},
    {"post_norm", Regime::plain, rms, 1, 3, 1, MaskKind::causal_sliding, Rope::partial, Score::qk_norm, true,
     FeedForwardKind::glu, Activation::gelu_tanh},
    {"sandwich", Regime::tiny, rms, 1, 2, 2, MaskKind::causal, Rope::none, Score::qk_norm, true,
     FeedForwardKind::glu, Activation::silu},
    {"sandwich", Regime::large, layer, 0, 2, 2, MaskKind::bidirectional, Rope::half, Score::qk_norm, true,
     FeedForwardKind::mlp, Activation::relu},
    {"sandwich", Regime::spike, rms, 1, 4, 2, MaskKind::causal_sliding, Rope::partial, Score::qk_norm_full,
     true, FeedForwardKind::glu, Activation::gelu_erf},
    {"sandwich", Regime::constant, rms, 1, 4, 2, MaskKind::causal, Rope::half, Score::qk_norm_full, false,
     FeedForwardKind::glu, Activation::relu},
    {"output_norm", Regime::constant, rms, 0, 3, 1, MaskKind::causal_sliding, Rope::interleaved,
     Score::softcap, true, FeedForwardKind::mlp, Activation::gelu_erf},
    {"deep_norm", Regime::offset, rms, 0, 4, 2, MaskKind::bidirectional, Rope::interleaved, Score::softcap,
     true, FeedForwardKind::glu, Activation::gelu_tanh},
    {"parallel", Regime::tiny, rms, 1, 3, 1, MaskKind::bidirectional, Rope::partial, Score::qk_norm_full,
     true, FeedForwardKind::mlp, Activation::silu},
    {"parallel", Regime::large, rms, 1, 2, 2, MaskKind::causal_sliding, Rope::interleaved,
     Score::qk_norm_full, true, FeedForwardKind::mlp, Activation::gelu_tanh},
    {"parallel", Regime::spike, rms, 0, 4, 2, MaskKind::causal, Rope::partial, Score::softcap, true,
     FeedForwardKind::mlp, Activation::quick_gelu},
    {"parallel", Regime::spike, rms, 0, 3, 1, MaskKind::causal_sliding, Rope::interleaved, Score::qk_norm,
     false, FeedForwardKind::glu, Activation::relu},
};

std::optional<RopeSpec> rope_of(Rope rope) {
  switch (rope) {
    case Rope::none: break;
    case Rope::half: return RopeSpec{.rotary_dim = 4};
    case Rope::interleaved: return RopeSpec{.style = RopeStyle::interleaved, .rotary_dim = 4};
    case Rope::partial: return RopeSpec{.rotary_dim = 2};
  }
  return std::nullopt;
}

void apply(Score score, BlockSpec& s) {
  if (score == Score::softcap) s.attention.softcap.cap = 2;
  if (score == Score::plain || score == Score::softcap) return;
  const NormWidth width = score == Score::qk_norm ? NormWidth::head_dim : NormWidth::full_heads;
  s.norm_slots.attn.q = s.norm_slots.attn.k =
      NormSpec{.kind = rms, .eps = 1e-6, .bias = false, .width = width};
}

BlockSpec spec_of(const Row& r) {
  BlockSpec s = find_preset(r.layout).make(
      {.d = 9, .n_heads = r.n_heads, .n_kv_heads = r.n_kv_heads, .head_dim = 4, .d_ff = 6});
  s = with_layout(s, r.layout, {.kind = r.norm, .gain_offset = r.gain_offset, .bias = r.norm == layer});
  s.attention.mask.kind = r.mask;
  if (r.mask == MaskKind::causal_sliding) s.attention.mask.window = 3;
  s.position.rope = rope_of(r.rope);
  apply(r.score, s);
  s.attention.bias = {r.bias, r.bias, r.bias, r.bias};
  s.ffn.kind = r.ffn;
  s.ffn.activation = r.activation;
  s.ffn.bias.in = s.ffn.bias.out = r.bias;
  return s;
}

}  // namespace

std::vector<PairCase> pair_cases() {
  std::vector<PairCase> cases;
  for (const Row& r : rows) {
    const std::string number = std::to_string(cases.size() + 1);
    const std::string name =
        std::string(name_of(r.regime)) + "-pairs-" + (number.size() < 2 ? "0" : "") + number;
    cases.push_back({std::string(r.layout) + "/" + name, spec_of(r), r.regime});
  }
  return cases;
}

}  // namespace plumbline::golden
