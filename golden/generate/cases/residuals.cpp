// Norms by length and by erf, the ways in which branches join the stream, and what else a router and a mixer
// can be.
#include <functional>

#include "golden/generate/cases/cases.hpp"

#include "plumbline/spec/presets.hpp"

namespace plumbline::golden {
namespace {

using AddCase = std::function<void(std::string id, BlockSpec spec, int tokens)>;

// One block of d = 6, and what is changed of it.
BlockSpec small_block(const char* preset, int n_layers = 1) {
  BlockSpec s = find_preset(preset).make(
      {.d = 6, .n_layers = n_layers, .n_heads = 2, .n_kv_heads = 1, .head_dim = 4, .d_ff = 7});
  if (n_layers == 1) s.part = Part::block, s.final_norm.reset();
  return s;
}

BlockSpec norm_alone(const NormSpec& n, int d) {
  BlockSpec s;
  s.part = Part::norm, s.d = d, s.norm_slots.attn.in = n;
  return s;
}

void add_norms(const AddCase& add) {
  const NormSpec derf{.kind = NormKind::derf}, l2{.kind = NormKind::l2_norm, .eps = 1e-3};
  add("l2_norm/plain", norm_alone(l2, 7), 5);
  add("l2_norm/without-eps",
      norm_alone({.kind = NormKind::l2_norm, .eps = 0, .gain = false, .bias = false}, 5), 5);
  // some rows are shorter than eps, some longer; no quotient by it is a float64
  NormSpec at_least{.kind = NormKind::l2_norm, .eps = 1.3, .gain_offset = 1, .bias = false};
  at_least.eps_use = EpsUse::at_least;
  add("l2_norm/at-least", norm_alone(at_least, 5), 8);
  add("derf/plain", norm_alone(derf, 6), 5);
  BlockSpec s = with_layout(small_block("pre_norm"), "pre_norm", derf);
  s.part = Part::block, s.final_norm.reset();
  add("derf/block", s, 4);

  s = small_block("pre_norm");
  s.part = Part::attention;
  s.position.rope = RopeSpec{.rotary_dim = 4};
  s.norm_slots.attn.q = s.norm_slots.attn.k = NormSpec{.kind = NormKind::l2_norm,
                                                       .eps = 0,
                                                       .bias = false,
                                                       .width = NormWidth::head_dim,
                                                       .position = QkPosition::after_rope};
  s.attention.scale.mult = 4;
  add("attention/l2-qk-norm", s, 5);
}

void add_residuals(const AddCase& add) {
  const auto of = [&](const char* name, const char* preset, void (*change)(ResidualSpec&)) {
    BlockSpec s = small_block(preset);
    change(s.residual);
    add(std::string("residual/") + name, s, 4);
  };
  of("gain-of-ffn", "pre_norm",
     [](ResidualSpec& r) { r.residual_gain = Sublayers::ffn, r.branch_gain = Sublayers::attn; });
  of("gain-of-attn", "post_norm", [](ResidualSpec& r) {
    r.residual_gain = Sublayers::attn, r.branch_gain = Sublayers::ffn, r.layer_scalar = true;
  });
  of("gains-of-both", "pre_norm", [](ResidualSpec& r) { r.residual_gain = r.branch_gain = Sublayers::both; });
  of("parallel", "parallel",
     [](ResidualSpec& r) { r.residual_gain = r.gpas = Sublayers::both, r.layer_scalar = true; });
  of("gpas-of-attn", "sandwich", [](ResidualSpec& r) { r.gpas = Sublayers::attn; });
  of("gpas-of-layer", "pre_norm", [](ResidualSpec& r) { r.gpas = Sublayers::ffn; });
  of("gpas-of-both", "post_norm", [](ResidualSpec& r) { r.gpas = Sublayers::both; });

  BlockSpec s = small_block("pre_norm");
  s.norm_slots = {};
  s.residual.rule = ResidualRule::lerp, s.residual.lerp_scale = 0.75;
  s.ffn.kind = FeedForwardKind::glu, s.ffn.activation = Activation::silu;
  add("residual/lerp", s, 4);
  s = small_block("pre_norm", 2);
  s.residual.norm_depth_scale = true;
  add("residual/norm-depth-scale", s, 4);
}

void add_feed_forwards(const AddCase& add) {
  const std::pair<const char*, Activation> functions[] = {
      {"gelu-bloom", Activation::gelu_bloom}, {"erf", Activation::erf}, {"softplus", Activation::softplus}};
  for (const auto& [name, f] : functions) {
    BlockSpec s = small_block("pre_norm");
    s.part = Part::ffn, s.ffn.activation = f;
    add(std::string("ffn/mlp-") + name, s, 4);
  }
  BlockSpec s = small_block("pre_norm");
  s.part = Part::ffn;
  s.ffn.moe =
      MoeSpec{.experts = 4, .score = RouterScore::sqrt_softplus, .correction_bias = true, .scaling = 1.5};
  add("moe/sqrt-softplus", s, 4);
  s.part = Part::router;
  s.ffn.moe->groups = 2, s.ffn.moe->chosen_groups = 1;
  add("moe/router", s, 5);

  s = small_block("pre_norm");
  s.part = Part::mixer;
  s.streams = StreamsSpec{.count = 3, .sinkhorn_steps = 4};
  add("streams/mixer", s, 3);
}

}  // namespace

void add_norms_and_residuals(List& list) {
  const AddCase add = [&](std::string id, BlockSpec spec, int tokens) {
    list.add(std::move(id), std::move(spec), Regime::plain, tokens);
  };
  add_norms(add);
  add_residuals(add);
  add_feed_forwards(add);
}

}  // namespace plumbline::golden
