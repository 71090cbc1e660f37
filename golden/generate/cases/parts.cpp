// Operations by themselves: softmaxes, projections, activations; and masks by chunks.
#include "golden/generate/cases/cases.hpp"
#include "golden/generate/cases/specs.hpp"

namespace plumbline::golden {
namespace {

// What a spec of that part is where it says nothing but its width.
template <Part part>
BlockSpec alone(int d) {
  BlockSpec s;
  s.part = part, s.d = d;
  s.attention.n_heads = s.attention.n_kv_heads = 1, s.attention.head_dim = d;
  s.ffn.d_ff = 4 * d;
  PartOf<part>::begin(s);
  return s;
}

void add_softmaxes(List& list) {
  const auto add = [&](const char* name, void (*change)(AttentionSpec&), int tokens = 5, int batch = 1) {
    BlockSpec s = alone<Part::softmax>(7);
    change(s.attention);
    list.add(std::string("softmax/") + name, s, Regime::plain, tokens, batch);
  };
  add("plain", [](AttentionSpec&) {});
  add("scaled", [](AttentionSpec& a) { a.scale.mult = 2.5; });
  add("capped", [](AttentionSpec& a) { a.softcap.cap = 0.75, a.mask.kind = MaskKind::causal; });
  add("sink", [](AttentionSpec& a) { a.sink.present = true, a.scale.rule = ScaleRule::inv_sqrt_head_dim; });
  add(
      "causal", [](AttentionSpec& a) { a.mask.kind = MaskKind::causal; }, 4, 2);
  add(
      "causal-from-the-first-key",
      [](AttentionSpec& a) { a.mask.kind = MaskKind::causal, a.mask.alignment = CausalAlignment::top_left; },
      9);
  add("sliding", [](AttentionSpec& a) { a.mask.kind = MaskKind::sliding, a.mask.window = 2; });
  add(
      "chunked",
      [](AttentionSpec& a) {
        a.mask.kind = MaskKind::causal_chunked, a.mask.window = 3, a.sink.present = true;
      },
      7);
}

void add_linears(List& list) {
  BlockSpec s = alone<Part::linear>(6);
  list.add("linear/square", s, Regime::plain, 4, 2);
  s.linear->d_out = 4;
  list.add("linear/narrow", s, Regime::offset, 5);
  s.linear->bias = false;
  list.add("linear/without-bias", s, Regime::spike, 5);
}

void add_activations(List& list) {
  for (const auto& [f, name] : names<Activation>()) {
    BlockSpec s = alone<Part::activation>(5);
    s.ffn.activation = f;
    list.add("activation/" + std::string(name), s, Regime::plain, 4);
  }
  BlockSpec s = alone<Part::activation>(5);
  s.ffn.activation = Activation::relu, s.ffn.squared = true;
  list.add("activation/relu-squared", s, Regime::plain, 4);
}

void add_gated(List& list) {
  const auto add = [&](const char* name, void (*change)(FeedForwardSpec&)) {
    BlockSpec s = alone<Part::gated_activation>(4);
    change(s.ffn);
    list.add(std::string("gated_activation/") + name, s, Regime::plain, 3, 2);
  };
  add("silu", [](FeedForwardSpec& f) { f.activation = Activation::silu; });
  add("up-first",
      [](FeedForwardSpec& f) { f.activation = Activation::gelu_erf, f.packing = GatePacking::up_first; });
  add("of-gpt-oss", [](FeedForwardSpec& f) {  // with a limit that numbers below 1 reach
    f.activation = Activation::quick_gelu, f.packing = GatePacking::interleaved;
    f.limit = 0.5, f.up_offset = 1;
  });
}

void add_chunks(List& list) {
  add_attention(
      list, "chunked",
      [](BlockSpec& s) {
        s.attention.mask.kind = MaskKind::causal_chunked, s.attention.mask.window = 3;
        s.position.rope = rope(RopeStyle::half, 4);
      },
      8);
}

}  // namespace

void add_parts(List& list) {
  add_softmaxes(list);
  add_linears(list);
  add_activations(list);
  add_gated(list);
  add_chunks(list);
}

}  // namespace plumbline::golden
