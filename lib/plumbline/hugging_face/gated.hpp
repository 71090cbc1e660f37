// What models have in common that grew out of Llama: grouped heads, rotary embeddings, RMS norms, a gated
// feed-forward; and what their parameters are called.
#pragma once

#include "plumbline/hugging_face/model.hpp"
#include "plumbline/hugging_face/reading.hpp"

namespace plumbline {

// The widths, a feed-forward with a gate, and no biases.
BlockSpec gated(Config& c, std::optional<int> n_kv_heads = {}, std::optional<int> head_dim = {});
// Llama, with other positions and another eps where nothing is said of them.
BlockSpec llama_with(Config& c, const RopeDefaults& rope, double eps = 1e-6);

// `hidden_act`, else silu; positions; `rms_norm_eps`; `attention_bias` of all four projections.
void read_silu(Config& c, BlockSpec& s);
void read_rope(Config& c, BlockSpec& s, const RopeDefaults& defaults = {});
NormSpec rms_said(Config& c, double eps, int gain_offset = 0);
void read_attention_bias(Config& c, BlockSpec& s, bool otherwise = false);

// The same norm on queries and keys; on what both sublayers answer, and behind the last layer.
void norm_heads(BlockSpec& s, NormSpec norm, NormWidth width, QkPosition position = QkPosition::before_rope);
void norm_outputs(BlockSpec& s, const NormSpec& norm);

inline constexpr std::array<Named, 10> attention_names{{{"attn.norm_in", "input_layernorm"},
                                                        {"norm_in", "input_layernorm"},
                                                        {"attn.q_proj", "self_attn.q_proj"},
                                                        {"attn.k_proj", "self_attn.k_proj"},
                                                        {"attn.v_proj", "self_attn.v_proj"},
                                                        {"attn.o_proj", "self_attn.o_proj"},
                                                        {"attn.norm_q", "self_attn.q_norm"},
                                                        {"attn.norm_k", "self_attn.k_norm"},
                                                        {"attn.norm_q", "self_attn.query_layernorm"},
                                                        {"attn.norm_k", "self_attn.key_layernorm"}}};
inline constexpr std::array<Named, 3> feed_forward_names{
    {{"ffn.gate_proj", "mlp.gate_proj"}, {"ffn.up_proj", "mlp.up_proj"}, {"ffn.down_proj", "mlp.down_proj"}}};
inline constexpr std::array<Named, 1> ffn_norm_name{{{"ffn.norm_in", "post_attention_layernorm"}}};
// The norm on attention's output has the name that elsewhere is that of the norm before the feed-forward.
inline constexpr std::array<Named, 3> output_norm_names{{{"attn.norm_out", "post_attention_layernorm"},
                                                         {"ffn.norm_in", "pre_feedforward_layernorm"},
                                                         {"ffn.norm_out", "post_feedforward_layernorm"}}};

inline constexpr auto separate_names = joined(joined(attention_names, ffn_norm_name), feed_forward_names);
inline constexpr auto output_names = joined(joined(attention_names, output_norm_names), feed_forward_names);

}  // namespace plumbline
