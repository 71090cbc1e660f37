// GPT-1, GPT-2, GPT-J, CodeGen, GPT-BigCode, GPT-Neo, GPT-NeoX, Phi 1 and 2, StarCoder 2: feed-forwards
// without a gate.
#include "plumbline/hugging_face/model.hpp"
#include "plumbline/hugging_face/reading.hpp"

namespace plumbline {
namespace {

BlockSpec gpt2(Config& c, int l) {
  BlockSpec s = block_said(c);
  s.ffn.d_ff = c.whole({"n_inner"}, 4 * s.d);
  read_activation(c, s, {"activation_function"}, "gelu_new");
  if (!c.flag("scale_attn_weights", true)) s.attention.scale.rule = ScaleRule::one;
  if (c.flag("scale_attn_by_inverse_layer_idx", false)) s.attention.scale.mult = 1.0 / (l + 1);
  c.ignore({"reorder_and_upcast_attn"});
  pre_norm(s, layer_norm(c.number({"layer_norm_epsilon"}, 1e-5)));
  return s;
}

BlockSpec openai_gpt(Config& c, int) {
  BlockSpec s = block_said(c);
  read_activation(c, s, {"afn"}, "gelu");
  if (c.text({"afn"}, "gelu") == "gelu") s.ffn.activation = Activation::gelu_tanh;
  post_norm(s, layer_norm(c.number({"layer_norm_epsilon"}, 1e-5)));
  return s;
}

BlockSpec gptj(Config& c, int) {
  BlockSpec s = block_said(c);
  s.ffn.d_ff = c.whole({"n_inner"}, 4 * s.d);
  read_activation(c, s, {"activation_function"}, "gelu_new");
  set_attention_bias(s, false);
  s.position.rope = RopeSpec{.style = RopeStyle::interleaved, .rotary_dim = c.whole({"rotary_dim"})};
  c.must_be("rotary", true);
  c.must_be("scale_attn_weights", true);
  parallel(s, layer_norm(c.number({"layer_norm_epsilon"}, 1e-5)));
  return s;
}

BlockSpec codegen(Config& c, int l) {
  BlockSpec s = gptj(c, l);
  if (s.attention.n_heads % 4 != 0)
    c.fail("n_head", "a multiple of 4, since its tensors lie in quarters",
           std::to_string(s.attention.n_heads));
  return s;
}

BlockSpec gpt_bigcode(Config& c, int) {
  BlockSpec s = block_said(c);
  c.ignore({"num_key_value_heads"});  // which multi_query says
  if (c.flag("multi_query", true)) s.attention.n_kv_heads = 1;
  s.ffn.d_ff = c.whole({"n_inner"}, 4 * s.d);
  read_activation(c, s, {"activation_function"}, "gelu_pytorch_tanh");
  if (!c.flag("scale_attn_weights", true)) s.attention.scale.rule = ScaleRule::one;
  c.ignore({"attention_softmax_in_fp32", "scale_attention_softmax_in_fp32", "inference_runner",
            "max_batch_size", "max_sequence_length", "pad_key_length", "pre_allocate_kv_cache",
            "validate_runner_input"});
  pre_norm(s, layer_norm(c.number({"layer_norm_epsilon"}, 1e-5)));
  return s;
}

// "global" or "local" of layer l, from [[["global", "local"], 12], ...]: lists, and how often each stands.
std::string attention_type_said(Config& c, int l) {
  const Config::Json usual = {{{"global", "local"}, 12}};
  const Config::Json* said = c.find({"attention_types"});
  const Config::Json& groups = said ? *said : usual;
  const auto fail = [&] {
    c.refuse("attention_types", "lists of types, each with a number of times", groups);
  };
  if (!groups.is_array()) fail();
  for (const Config::Json& group : groups) {
    if (!group.is_array() || group.size() != 2 || !group[0].is_array() || group[0].empty() ||
        !group[1].is_number_integer() || group[1] < 0)
      fail();
    const std::int64_t count = std::int64_t(group[0].size()) * group[1].get<int>();
    if (l < count) {
      const Config::Json& type = group[0][std::size_t(l) % group[0].size()];
      if (type != "global" && type != "local") c.refuse("attention_types", "global or local", type);
      return type.get<std::string>();
    }
    l -= static_cast<int>(count);
  }
  c.refuse("attention_types", "a type for each layer", groups);
}

BlockSpec gpt_neo(Config& c, int l) {
  BlockSpec s = block_said(c);
  s.ffn.d_ff = c.whole({"intermediate_size"}, 4 * s.d);
  read_activation(c, s, {"activation_function"}, "gelu_new");
  s.attention.bias = {false, false, false, true};
  s.attention.scale.rule = ScaleRule::one;
  const int window = c.whole({"window_size"}, 256);
  if (attention_type_said(c, l) == "local") set_window(s, window);
  c.ignore({"attention_layers", "resid_dropout", "embed_dropout"});
  pre_norm(s, layer_norm(c.number({"layer_norm_epsilon"}, 1e-5)));
  return s;
}

BlockSpec gpt_neox(Config& c, int) {
  BlockSpec s = block_said(c);
  s.ffn.d_ff = c.whole({"intermediate_size"});
  read_activation(c, s, {"hidden_act"}, "gelu");
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
  read_activation(c, s, {"hidden_act"}, "gelu_new");
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
  read_activation(c, s, {"hidden_act"}, "gelu_pytorch_tanh");
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

constexpr Named codegen_names[] = {{"norm_in", "ln_1"},
                                   {"attn.q_proj", "attn.qkv_proj", Piece::q},
                                   {"attn.k_proj", "attn.qkv_proj", Piece::k},
                                   {"attn.v_proj", "attn.qkv_proj", Piece::v},
                                   {"attn.o_proj", "attn.out_proj"},
                                   {"ffn.up_proj", "mlp.fc_in"},
                                   {"ffn.down_proj", "mlp.fc_out"}};

constexpr Named gpt_neo_names[] = {{"attn.norm_in", "ln_1"},
                                   {"ffn.norm_in", "ln_2"},
                                   {"attn.q_proj", "attn.attention.q_proj"},
                                   {"attn.k_proj", "attn.attention.k_proj"},
                                   {"attn.v_proj", "attn.attention.v_proj"},
                                   {"attn.o_proj", "attn.attention.out_proj"},
                                   {"ffn.up_proj", "mlp.c_fc"},
                                   {"ffn.down_proj", "mlp.c_proj"}};

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
    {"codegen", codegen, "h", "ln_f", codegen_names, QkvPacking::four_of_qvk},
    {"gpt_bigcode", gpt_bigcode, "h", "ln_f", gpt_names, QkvPacking::per_group},
    {"gpt_neo", gpt_neo, "h", "ln_f", gpt_neo_names},
    {"gpt_neox", gpt_neox, "layers", "final_layer_norm", neox_names, QkvPacking::per_group},
    {"phi", phi, "layers", "final_layernorm", phi_names},
    {"starcoder2", starcoder2, "layers", "norm", starcoder2_names}};

}  // namespace

std::span<const Model> gpt_models() { return gpt_table; }

}  // namespace plumbline
