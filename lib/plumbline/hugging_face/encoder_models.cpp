// BERT and RoBERTa; OPT, which is a decoder with the same modules.
#include "plumbline/hugging_face/model.hpp"
#include "plumbline/hugging_face/reading.hpp"

namespace plumbline {
namespace {

BlockSpec bert(Config& c, int) {
  BlockSpec s = block_said(c);
  s.attention.mask.kind = MaskKind::bidirectional;
  s.ffn.d_ff = c.whole({"intermediate_size"});
  s.ffn.activation = activation_said(c, {"hidden_act"}, "gelu");
  c.must_be("position_embedding_type", "absolute");
  post_norm(s, layer_norm(c.number({"layer_norm_eps"}, 1e-12)));
  return s;
}

BlockSpec opt(Config& c, int) {
  BlockSpec s = block_said(c);
  s.ffn.d_ff = c.whole({"ffn_dim"});
  s.ffn.activation = activation_said(c, {"activation_function"}, "relu");
  set_attention_bias(s, c.flag("enable_bias", true));
  set_ffn_bias(s, s.attention.bias.q);
  NormSpec norm = layer_norm(1e-5);  // no key says it
  norm.gain = norm.bias = c.flag("layer_norm_elementwise_affine", true);
  const bool removed = c.flag("_remove_final_layer_norm", false);
  (c.flag("do_layer_norm_before", true) ? pre_norm : post_norm)(s, norm);
  if (removed) s.final_norm.reset();
  return s;
}

constexpr Named bert_names[] = {
    {"attn.q_proj", "attention.self.query"}, {"attn.k_proj", "attention.self.key"},
    {"attn.v_proj", "attention.self.value"}, {"attn.o_proj", "attention.output.dense"},
    {"ffn.up_proj", "intermediate.dense"},   {"ffn.down_proj", "output.dense"},
    {"ffn.norm_post", "output.LayerNorm"},   {"attn.norm_post", "attention.output.LayerNorm"}};

constexpr Named opt_names[] = {
    {"attn.q_proj", "self_attn.q_proj"},
    {"attn.k_proj", "self_attn.k_proj"},
    {"attn.v_proj", "self_attn.v_proj"},
    {"attn.o_proj", "self_attn.out_proj"},
    {"attn.norm_in", "self_attn_layer_norm"},
    {"attn.norm_post", "self_attn_layer_norm"},
    {"ffn.up_proj", "fc1"},
    {"ffn.down_proj", "fc2"},
    {"ffn.norm_in", "final_layer_norm"},  // of the layer; the model's has the same name outside
    {"ffn.norm_post", "final_layer_norm"}};

constexpr Model encoder_table[] = {{"bert", bert, "encoder.layer", "", bert_names},
                                   {"roberta", bert, "encoder.layer", "", bert_names},
                                   {"opt", opt, "layers", "final_layer_norm", opt_names}};

}  // namespace

std::span<const Model> encoder_models() { return encoder_table; }

}  // namespace plumbline
