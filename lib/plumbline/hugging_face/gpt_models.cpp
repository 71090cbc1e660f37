// GPT-1, GPT-2, GPT-J, GPT-NeoX, Phi 1 and 2, StarCoder 2: feed-forwards without a gate.
#include "plumbline/hugging_face/model.hpp"
#include "plumbline/hugging_face/reading.hpp"

namespace plumbline {
namespace {

BlockSpec gpt2(Config& c, int l) {
  BlockSpec s = block_said(c);
  s.ffn.d_ff = c.whole({"n_inner"}, 4 * s.d);
  s.ffn.activation = activation_said(c, {"activation_function"}, "gelu_new");
  if (!c.flag("scale_attn_weights", true)) s.attention.scale.rule = ScaleRule::one;
  if (c.flag("scale_attn_by_inverse_layer_idx", false)) s.attention.scale.mult = 1.0 / (l + 1);
  c.ignore({"reorder_and_upcast_attn"});
  pre_norm(s, layer_norm(c.number({"layer_norm_epsilon"}, 1e-5)));
  return s;
}

BlockSpec openai_gpt(Config& c, int) {
  BlockSpec s = block_said(c);
  const std::string function = c.text({"afn"}, "gelu");
  s.ffn.activation = function == "gelu" ? Activation::gelu_tanh : activation_said(c, {"afn"}, function);
  post_norm(s, layer_norm(c.number({"layer_norm_epsilon"}, 1e-5)));
  return s;
}

BlockSpec gptj(Config& c, int) {
  BlockSpec s = block_said(c);
  s.ffn.d_ff = c.whole({"n_inner"}, 4 * s.d);
  s.ffn.activation = activation_said(c, {"activation_function"}, "gelu_new");
  set_attention_bias(s, false);
  s.position.rope = RopeSpec{.style = RopeStyle::interleaved, .rotary_dim = c.whole({"rotary_dim"})};
  c.must_be("rotary", true);
  c.must_be("scale_attn_weights", true);
  parallel(s, layer_norm(c.number({"layer_norm_epsilon"}, 1e-5)));
  return s;
}

BlockSpec gpt_neox(Config& c, int) {
  BlockSpec s = block_said(c);
  s.ffn.d_ff = c.whole({"intermediate_size"});
  s.ffn.activation = activation_said(c, {"hidden_act"}, "gelu");
  set_attention_bias(s, c.flag("attention_bias", true));
  s.position.rope = rope_said(c, s.attention.head_dim, {.partial = 0.25});
  pre_norm(s, layer_norm(c.number({"layer_norm_eps"}, 1e-5)));
  if (c.flag("use_parallel_residual", true)) s.topology = Topology::parallel;  // with two norms
  return s;
}

BlockSpec phi(Config& c, int) {
  BlockSpec s = block_said(c);
  read_grouped_heads(c, s);
  s.ffn.d_ff = c.whole({"intermediate_size"});
  s.ffn.activation = activation_said(c, {"hidden_act"}, "gelu_new");
  s.position.rope = rope_said(c, s.attention.head_dim, {.partial = 0.5});
  const NormSpec norm = layer_norm(c.number({"layer_norm_eps"}, 1e-5));
  parallel(s, norm);
  if (c.flag("qk_layernorm", false)) {
    NormSpec of_heads = norm;
    of_heads.width = NormWidth::head_dim;
    s.norm_slots.attn.q = s.norm_slots.attn.k = of_heads;
  }
  return s;
}

BlockSpec starcoder2(Config& c, int) {
  BlockSpec s = block_said(c);
  read_grouped_heads(c, s, 2);
  s.ffn.d_ff = c.whole({"intermediate_size"});
  s.ffn.activation = activation_said(c, {"hidden_act"}, "gelu_pytorch_tanh");
  set_attention_bias(s, c.flag("use_bias", true));
  set_ffn_bias(s, s.attention.bias.q);
  c.must_be("mlp_type", "default");
  c.must_be("norm_type", "layer_norm");
  s.position.rope = rope_said(c, s.attention.head_dim, {});
  set_window(s, c.whole_or_none("sliding_window", {}));
  pre_norm(s, layer_norm(c.number({"norm_epsilon"}, 1e-5)));
  return s;
}

constexpr Named gpt_names[] = {{"attn.q_proj", "attn.c_attn", Piece::q},
                               {"attn.k_proj", "attn.c_attn", Piece::k},
                               {"attn.v_proj", "attn.c_attn", Piece::v},
                               {"attn.o_proj", "attn.c_proj"},
                               {"ffn.up_proj", "mlp.c_fc"},
                               {"ffn.down_proj", "mlp.c_proj"},
                               {"attn.norm_in", "ln_1"},
                               {"ffn.norm_in", "ln_2"},
                               {"attn.norm_post", "ln_1"},
                               {"ffn.norm_post", "ln_2"}};

constexpr Named gptj_names[] = {{"norm_in", "ln_1"},
                                {"attn.q_proj", "attn.q_proj"},
                                {"attn.k_proj", "attn.k_proj"},
                                {"attn.v_proj", "attn.v_proj"},
                                {"attn.o_proj", "attn.out_proj"},
                                {"ffn.up_proj", "mlp.fc_in"},
                                {"ffn.down_proj", "mlp.fc_out"}};

constexpr Named neox_names[] = {{"attn.norm_in", "input_layernorm"},
                                {"ffn.norm_in", "post_attention_layernorm"},
                                {"attn.q_proj", "attention.query_key_value", Piece::q},
                                {"attn.k_proj", "attention.query_key_value", Piece::k},
                                {"attn.v_proj", "attention.query_key_value", Piece::v},
                                {"attn.o_proj", "attention.dense"},
                                {"ffn.up_proj", "mlp.dense_h_to_4h"},
                                {"ffn.down_proj", "mlp.dense_4h_to_h"}};

constexpr Named phi_names[] = {{"norm_in", "input_layernorm"},
                               {"attn.q_proj", "self_attn.q_proj"},
                               {"attn.k_proj", "self_attn.k_proj"},
                               {"attn.v_proj", "self_attn.v_proj"},
                               {"attn.o_proj", "self_attn.dense"},
                               {"attn.norm_q", "self_attn.q_layernorm"},
                               {"attn.norm_k", "self_attn.k_layernorm"},
                               {"ffn.up_proj", "mlp.fc1"},
                               {"ffn.down_proj", "mlp.fc2"}};

constexpr Named starcoder2_names[] = {
    {"attn.norm_in", "input_layernorm"}, {"ffn.norm_in", "post_attention_layernorm"},
    {"attn.q_proj", "self_attn.q_proj"}, {"attn.k_proj", "self_attn.k_proj"},
    {"attn.v_proj", "self_attn.v_proj"}, {"attn.o_proj", "self_attn.o_proj"},
    {"ffn.up_proj", "mlp.c_fc"},         {"ffn.down_proj", "mlp.c_proj"}};

constexpr Model gpt_table[] = {
    {"gpt2", gpt2, "h", "ln_f", gpt_names, QkvPacking::concat, true},
    {"openai-gpt", openai_gpt, "h", "", gpt_names, QkvPacking::concat, true},
    {"gptj", gptj, "h", "ln_f", gptj_names},
    {"gpt_neox", gpt_neox, "layers", "final_layer_norm", neox_names, QkvPacking::per_group},
    {"phi", phi, "layers", "final_layernorm", phi_names},
    {"starcoder2", starcoder2, "layers", "norm", starcoder2_names}};

}  // namespace

std::span<const Model> gpt_models() { return gpt_table; }

}  // namespace plumbline
