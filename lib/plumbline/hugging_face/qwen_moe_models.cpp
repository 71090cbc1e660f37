// Mixtures of experts of Qwen: a softmax chooses, some have a shared expert with a gate.
#include "plumbline/hugging_face/experts.hpp"

namespace plumbline {
namespace {

// Qwen's experts, one layer in `decoder_sparse_step`.
void read_qwen_experts(Config& c, BlockSpec& s, int l, int experts, int chosen, int width,
                       bool renormalises) {
  const int step = c.whole({"decoder_sparse_step"}, 1);
  bool sparse = (l + 1) % step == 0;
  if (const Config::Json* dense = c.find({"mlp_only_layers"})) {
    if (!dense->is_array()) c.refuse("mlp_only_layers", "a list of layers", *dense);
    for (const Config::Json& layer : *dense) sparse = sparse && layer != l;
  }
  MoeSpec& m = read_experts(c, s, {"num_experts", "num_local_experts"}, experts, chosen);
  m.renormalise = c.flag("norm_topk_prob", renormalises);
  set_sparse(c, s, sparse, width);
}

void read_shared_of_qwen(Config& c, BlockSpec& s, int width) {
  const int d_ff = c.whole({"shared_expert_intermediate_size"}, width);
  if (s.ffn.moe) s.ffn.moe->shared_d_ff = d_ff, s.ffn.moe->shared_gate = true;
}

BlockSpec qwen2_moe(Config& c, int l) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s);
  set_qkv_bias(s, c.flag("qkv_bias", true));
  const bool use = c.flag("use_sliding_window", false);
  const int full = c.whole({"max_window_layers"}, 28, 0);
  if (slides(c, l, use && l % 2 == 0 && l < full)) {
    if (!use) c.fail("layer_types", "full_attention, since use_sliding_window is false", "sliding_attention");
    set_window(s, c.whole({"sliding_window"}, 4096));
  }
  c.ignore({"sliding_window"});
  read_qwen_experts(c, s, l, 60, 4, 1408, false);
  read_shared_of_qwen(c, s, 5632);
  pre_norm(s, rms_said(c, 1e-6));
  return s;
}

BlockSpec qwen3_moe(Config& c, int l) {
  BlockSpec s = gated(c, 4);
  read_silu(c, s);
  read_rope(c, s);
  read_attention_bias(c, s);
  c.ignore({"max_window_layers"});
  if (c.flag("use_sliding_window", false)) set_window(s, c.whole_or_none("sliding_window", 4096));
  c.ignore({"sliding_window"});
  read_qwen_experts(c, s, l, 128, 8, 768, false);
  const NormSpec norm = rms_said(c, 1e-6);
  pre_norm(s, norm);
  norm_heads(s, norm, NormWidth::head_dim);
  return s;
}

// Attention of the layers that have some: a gate beside the queries, and norms of gain 1 + w.
BlockSpec qwen_next_of(Config& c, int l, int interval) {
  BlockSpec s = gated(c, 2, 256);
  read_silu(c, s);
  read_rope(c, s, {.partial = 0.25});
  read_attention_bias(c, s);
  s.attention.gate = Activation::sigmoid;
  interval = c.whole({"full_attention_interval"}, interval);
  if (!c.find({"layer_types"}) && (l + 1) % interval != 0)
    c.fail("full_attention_interval",
           "layer " + std::to_string(l) + " with attention, which no spec is without", "linear_attention");
  if (slides(c, l, false)) c.fail("layer_types", "full_attention", "sliding_attention");
  c.ignore({"linear_conv_kernel_dim", "linear_key_head_dim", "linear_value_head_dim", "linear_num_key_heads",
            "linear_num_value_heads"});
  const NormSpec norm = rms_said(c, 1e-6, 1);
  pre_norm(s, norm);
  norm_heads(s, norm, NormWidth::head_dim);
  return s;
}

BlockSpec qwen3_next(Config& c, int l) {
  BlockSpec s = qwen_next_of(c, l, 4);
  read_qwen_experts(c, s, l, 512, 10, 512, true);
  read_shared_of_qwen(c, s, 512);
  return s;
}

constexpr std::array<Named, 4> qwen_shared{{{"ffn.shared.gate_proj", "mlp.shared_expert.gate_proj"},
                                            {"ffn.shared.up_proj", "mlp.shared_expert.up_proj"},
                                            {"ffn.shared.down_proj", "mlp.shared_expert.down_proj"},
                                            {"ffn.shared_gate", "mlp.shared_expert_gate"}}};

constexpr auto qwen_names = joined(moe_names, qwen_shared);

// A row for queries goes before those that the others have.
constexpr std::array<Named, 2> gated_queries{{{"attn.q_proj", "self_attn.q_proj", Piece::gated_q},
                                              {"attn.gate_proj", "self_attn.q_proj", Piece::gate_of_q}}};

constexpr auto qwen_next_names = joined(gated_queries, qwen_names);

constexpr Model qwen_moe_table[] = {{"qwen2_moe", qwen2_moe, "layers", "norm", qwen_names},
                                    {"qwen3_moe", qwen3_moe, "layers", "norm", moe_names},
                                    {"qwen3_next", qwen3_next, "layers", "norm", qwen_next_names}};

}  // namespace

std::span<const Model> qwen_moe_models() { return qwen_moe_table; }

}  // namespace plumbline
