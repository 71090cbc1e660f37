#include "golden/generate/cases/cases.hpp"
#include "golden/generate/cases/specs.hpp"
#include "plumbline/base/names.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::golden {

NormSpec norm_kind(int i) {
  const NormSpec kinds[] = {layer_norm(1e-5), rms_norm(0), layer_norm(1e-12), rms_norm(1)};
  return kinds[i % 4];
}

void add_norms(List& list) {
  for (int kind = 0; kind < 4; ++kind)
    for (Regime regime : regimes) {
      BlockSpec s;
      s.part = Part::norm;
      s.d = 13;
      s.norm_slots.attn.in = norm_kind(kind);
      const char* names[] = {"layer_norm", "rms_norm", "layer_norm_small_eps", "rms_norm_offset_gain"};
      list.add(std::string(names[kind]) + "/" + std::string(name_of(regime)), s, regime, 4);
    }
}

void add_dyt(List& list) {
  const NormSpec dyt{.kind = NormKind::dyt};
  for (Regime regime : {Regime::plain, Regime::offset, Regime::tiny}) {
    BlockSpec s;
    s.part = Part::norm;
    s.d = 13;
    s.norm_slots.attn.in = dyt;
    list.add("dyt/" + std::string(name_of(regime)), s, regime, 4);
  }
  BlockSpec s = layout("pre_norm", 12);
  heads(s, 3, 3);
  list.add("pre_norm/dyt", with_layout(s, "pre_norm", dyt), Regime::plain, 5, 2);
}

void add_norms_in_attention(List& list) {
  add_attention(list, "qk-norm-after-rope", [](BlockSpec& s) {
    qk_norm(s, NormWidth::head_dim, QkPosition::after_rope);
    s.position.rope = rope(RopeStyle::half, 4);
  });
  add_attention(list, "norm-before-o-proj", [](BlockSpec& s) { s.norm_slots.attn.mid = layer_norm(1e-5); });
}

void add_norms_elsewhere(List& list) {
  BlockSpec s = layout("pre_norm", 12);
  s.norm_slots.ffn.mid = layer_norm(1e-5);
  s.part = Part::ffn;
  list.add("ffn/norm-before-down-proj", s, Regime::plain);

  s = BlockSpec{};
  s.part = Part::add_norm;
  s.d = 13;
  s.norm_slots.attn.in = rms_norm(0);
  s.residual_scale = 1.5;
  s.branch_scale = 0.5;
  list.add("add_norm/scaled", s, Regime::plain);
  s.part = Part::norm;
  s.residual_scale = s.branch_scale = 1;
  s.norm_slots.attn.in = NormSpec{.gain = false, .bias = false};
  list.add("layer_norm/without-gain", s, Regime::plain);
}

void add_value_norms(List& list) {
  add_attention(list, "norm-on-values", [](BlockSpec& s) {
    s.norm_slots.attn.v = rms_norm(0);
    s.norm_slots.attn.v->width = NormWidth::head_dim;
    s.norm_slots.attn.v->gain = false;
  });
  add_attention(list, "norm-on-all-values", [](BlockSpec& s) {
    s.norm_slots.attn.v = layer_norm(1e-5);
    s.norm_slots.attn.v->width = NormWidth::full_heads;
  });
}

}  // namespace plumbline::golden
