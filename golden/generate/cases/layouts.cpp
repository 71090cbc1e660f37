#include "golden/generate/cases/cases.hpp"
#include "golden/generate/cases/specs.hpp"
#include "plumbline/base/names.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::golden {

// Every layout in every regime; norms, attention and feed-forward kinds run through beside.
void add_layouts(List& list) {
  int i = 0;
  for (const char* name : {"pre_norm", "post_norm", "sandwich", "output_norm", "deep_norm", "parallel"})
    for (Regime regime : regimes) {
      BlockSpec s = layout(name, 11 + i % 3);
      s = with_layout(s, name, norm_kind(i + i / 6));
      const AttentionKind& attention = attention_kind(i, s, regime);
      attention.apply(s);
      feed_forward_kind(s, i + i / 10);
      list.add(std::string(name) + "/" + std::string(name_of(regime)) + "-" + attention.name, s, regime,
               4 + i % 3, 1 + i % 2);
      ++i;
    }
}

void add_models(List& list) {
  for (const char* name : {"transformer", "bert", "gpt2", "llama", "gemma2", "olmo2"})
    for (Regime regime : {Regime::plain, Regime::offset, Regime::tiny})
      list.add(std::string(name) + "/" + std::string(name_of(regime)),
               find_preset(name).make({.d = 12, .n_heads = 4, .n_kv_heads = 2, .head_dim = 4, .d_ff = 14}),
               regime);
}

void add_large(List& list) {
  for (const char* name : {"pre_norm", "post_norm", "deep_norm"}) {
    BlockSpec s = layout(name, 10, 3);
    heads(s, 2, 2);
    list.add(std::string(name) + "/three-layers", s, Regime::plain, 4);
    list.add(std::string(name) + "/long", find_preset(name).make({.d = 8, .n_heads = 2, .d_ff = 9}),
             Regime::plain, 40);
  }
  list.add("gpt2/wide", find_preset("gpt2").make({.d = 64, .n_heads = 4, .d_ff = 72}), Regime::plain, 3);
  list.add("llama/wide", find_preset("llama").make({.d = 64, .n_heads = 4, .n_kv_heads = 2, .d_ff = 56}),
           Regime::plain, 3);
  list.add("llama/long", find_preset("llama").make({.d = 8, .n_heads = 2, .n_kv_heads = 1, .d_ff = 9}),
           Regime::plain, 40);
}

// What the stream and the branches are multiplied by, and which of both the residual is.
void add_residuals(List& list) {
  BlockSpec s = layout("pre_norm", 12);
  heads(s, 3, 3);
  s.part = Part::block;
  s.final_norm.reset();
  list.add("pre_norm/block", s, Regime::plain);
  s.branch_scale = 0.25;
  list.add("pre_norm/branch-scaled", s, Regime::plain);
  s.residual_source = ResidualSource::normed;
  list.add("pre_norm/normed-residual", s, Regime::plain);
}

}  // namespace plumbline::golden
