#include <algorithm>

#include "golden/generate/cases/cases.hpp"
#include "golden/generate/cases/specs.hpp"
#include "plumbline/base/names.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::golden {
namespace {

std::string ffn_name(const FeedForwardSpec& f) {
  std::string name = std::string(name_of(f.kind)) + "-" + std::string(name_of(f.activation));
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

}  // namespace

void feed_forward_kind(BlockSpec& s, int i) {
  s.ffn.kind = i % 2 ? FeedForwardKind::glu : FeedForwardKind::mlp;
  s.ffn.activation = names<Activation>()[static_cast<std::size_t>(i / 2 % 5)].first;
  s.ffn.bias.in = i % 3 != 1;
  s.ffn.bias.out = i % 3 != 2;
  s.ffn.d_ff = 10 + i % 3;
}

void add_feed_forwards(List& list) {
  for (int i = 0; i < 10; ++i) {
    BlockSpec s = layout("pre_norm", 11);
    feed_forward_kind(s, i);
    s.part = Part::ffn;
    list.add("ffn/" + ffn_name(s.ffn), s, Regime::plain, 6);
  }
}

void add_limited(List& list) {
  const auto ffn = [&](const char* name, FeedForwardKind kind, Activation activation,
                       void (*change)(FeedForwardSpec&)) {
    BlockSpec s = layout("pre_norm", 11);
    s.part = Part::ffn;
    s.ffn.kind = kind, s.ffn.activation = activation;
    change(s.ffn);
    list.add(std::string("ffn/") + name, s, Regime::plain, 6);
  };
  ffn("relu-squared", FeedForwardKind::mlp, Activation::relu, [](FeedForwardSpec& f) { f.squared = true; });
  ffn("glu-sigmoid", FeedForwardKind::glu, Activation::sigmoid, [](FeedForwardSpec&) {});
  ffn("glu-limited", FeedForwardKind::glu, Activation::quick_gelu,
      [](FeedForwardSpec& f) { f.limit = 0.5, f.up_offset = 1; });
}

void add_gated_sandwich(List& list) {
  BlockSpec s = layout("sandwich", 12);
  heads(s, 2, 2);
  s = with_layout(s, "sandwich", rms_norm(1));
  s.attention.sink.present = true, s.attention.gate = Activation::sigmoid;
  s.attention.mask.kind = MaskKind::causal_sliding, s.attention.mask.window = 3;
  s.ffn.kind = FeedForwardKind::glu, s.ffn.activation = Activation::silu, s.ffn.limit = 0.75;
  list.add("sandwich/sink-and-gate", s, Regime::plain, 5, 2);
}

}  // namespace plumbline::golden
