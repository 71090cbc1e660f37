// Falcon, BLOOM and MPT: one tensor holds queries, keys and values, and most know positions by ALiBi.
#include "plumbline/hugging_face/model.hpp"
#include "plumbline/hugging_face/reading.hpp"

namespace plumbline {
namespace {

BlockSpec falcon(Config& c, int) {
  BlockSpec s = block_said(c);
  const bool is_new = c.flag("new_decoder_architecture", false);
  const bool is_parallel = c.flag("parallel_attn", true);
  const int kv_heads = c.whole({"num_kv_heads", "n_head_kv"}, s.attention.n_heads);
  const bool has_one_kv_head = c.flag("multi_query", true);  // of the old architecture
  if (is_new)
    s.attention.n_kv_heads = kv_heads;
  else if (has_one_kv_head)
    s.attention.n_kv_heads = 1;
  s.ffn.d_ff = c.whole({"ffn_hidden_size"}, 4 * s.d);
  read_activation(c, s, {"activation"}, "gelu");
  set_attention_bias(s, c.flag("bias", false));
  set_ffn_bias(s, s.attention.bias.q);
  if (c.flag("alibi", false))
    c.fail("alibi", "false, since this model scales its ALiBi with the scores, which no spec says", "true");
  s.position.rope = rope_said(c, s.attention.head_dim, {});
  if (is_new && !is_parallel) c.fail("parallel_attn", "true, since new_decoder_architecture is", "false");
  c.must_be("apply_residual_connection_post_layernorm", false);
  const NormSpec norm = layer_norm(c.number({"layer_norm_epsilon"}, 1e-5));
  const int norms = c.whole({"num_ln_in_parallel_attn"}, is_new ? 2 : 1);
  if (norms > (is_new ? 2 : 1))
    c.fail("num_ln_in_parallel_attn", is_new ? "1 or 2" : "1", std::to_string(norms));
  if (is_parallel && norms == 1) {
    parallel(s, norm);
  } else {
    pre_norm(s, norm);
    if (is_parallel) s.topology = Topology::parallel;
  }
  return s;
}

BlockSpec bloom(Config& c, int) {
  BlockSpec s = block_said(c);
  s.ffn.activation = Activation::gelu_tanh;
  s.position.bias = AlibiSpec{};
  c.ignore({"attention_softmax_in_fp32", "bias_dropout_fusion", "masked_softmax_fusion", "offset_alibi",
            "skip_bias_add", "skip_bias_add_qkv"});
  if (c.flag("apply_residual_connection_post_layernorm", false)) s.residual_source = ResidualSource::normed;
  pre_norm(s, layer_norm(c.number({"layer_norm_epsilon"}, 1e-5)));
  return s;
}

void read_mpt_attention(Config& c, BlockSpec& s) {
  c.must_be("attn_type", "multihead_attention");
  c.must_be("qk_ln", false);
  c.must_be("prefix_lm", false);
  c.must_be("attn_uses_sequence_id", false);
  if (const Config::Json* clip = c.find({"clip_qkv"})) c.refuse("clip_qkv", "null", *clip);
  c.ignore({"attn_impl"});
  c.must_be("alibi", true);  // transformers has this one whatever these say, and others do not
  c.must_be("alibi_bias_max", 8);
  if (c.find({"softmax_scale"}))
    s.attention.scale = {.rule = ScaleRule::one, .value = {}, .mult = c.number({"softmax_scale"})};
  c.ignore({"is_encoder_decoder"});
  c.finish("model type \"mpt\"");
}

BlockSpec mpt(Config& c, int) {
  BlockSpec s = block_said(c);
  s.ffn.activation = Activation::gelu_erf;
  set_attention_bias(s, false);
  set_ffn_bias(s, false);
  c.must_be("expansion_ratio", 4);
  c.must_be("no_bias", true);
  c.must_be("norm_type", "low_precision_layernorm");
  c.ignore({"verbose"});
  s.position.bias = AlibiSpec{};
  if (std::optional<Config> attention = c.object("attn_config")) read_mpt_attention(*attention, s);
  NormSpec norm = layer_norm(c.number({"layer_norm_epsilon"}, 1e-5));
  norm.bias = false;
  pre_norm(s, norm);
  return s;
}

constexpr Named falcon_names[] = {{"norm_in", "input_layernorm"},
                                  {"attn.norm_in", "input_layernorm"},
                                  {"attn.norm_in", "ln_attn"},
                                  {"ffn.norm_in", "post_attention_layernorm"},
                                  {"ffn.norm_in", "ln_mlp"},
                                  {"attn.q_proj", "self_attention.query_key_value", Piece::q},
                                  {"attn.k_proj", "self_attention.query_key_value", Piece::k},
                                  {"attn.v_proj", "self_attention.query_key_value", Piece::v},
                                  {"attn.o_proj", "self_attention.dense"},
                                  {"ffn.up_proj", "mlp.dense_h_to_4h"},
                                  {"ffn.down_proj", "mlp.dense_4h_to_h"}};

constexpr Named mpt_names[] = {{"attn.norm_in", "norm_1"},
                               {"ffn.norm_in", "norm_2"},
                               {"attn.q_proj", "attn.Wqkv", Piece::q},
                               {"attn.k_proj", "attn.Wqkv", Piece::k},
                               {"attn.v_proj", "attn.Wqkv", Piece::v},
                               {"attn.o_proj", "attn.out_proj"},
                               {"ffn.up_proj", "ffn.up_proj"},
                               {"ffn.down_proj", "ffn.down_proj"}};

constexpr Model fused_table[] = {{"falcon", falcon, "h", "ln_f", falcon_names, QkvPacking::per_group},
                                 {"bloom", bloom, "h", "ln_f", falcon_names, QkvPacking::per_group},
                                 {"mpt", mpt, "blocks", "norm_f", mpt_names}};

}  // namespace

std::span<const Model> fused_models() { return fused_table; }

}  // namespace plumbline
