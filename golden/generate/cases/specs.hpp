// The specs that cases are made of.
#pragma once

#include "golden/generate/cases/cases.hpp"

namespace plumbline::golden {

inline constexpr Regime regimes[] = {Regime::plain, Regime::offset, Regime::tiny,
                                     Regime::large, Regime::spike,  Regime::constant};

NormSpec rms_norm(int gain_offset);
NormSpec layer_norm(double eps);
RopeSpec rope(RopeStyle style, int rotary_dim);

// A layout of width d with heads of 4 channels.
BlockSpec layout(const char* name, int d, int n_layers = 1);

// Heads of 4 channels.
void heads(BlockSpec& spec, int n_heads, int n_kv_heads);
void qk_norm(BlockSpec& spec, NormWidth width, QkPosition position);

// One of the kinds that layouts run through.
NormSpec norm_kind(int i);
void feed_forward_kind(BlockSpec& spec, int i);

// Kinds of attention, each with a name. d = 12 or more; heads of 4.
struct AttentionKind {
  const char* name;
  void (*apply)(BlockSpec& spec);
};
const AttentionKind& attention_kind(int i, const BlockSpec& spec, Regime regime);

// Attention of 4 heads over 2 of keys and values, changed so: the case "attention/NAME".
void add_attention(List& list, const char* name, void (*change)(BlockSpec& spec), int tokens = 5);

}  // namespace plumbline::golden
