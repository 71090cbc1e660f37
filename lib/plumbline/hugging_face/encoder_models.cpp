// Encoders: BERT and those that are called by its names, DistilBERT, ModernBERT, ViT, the towers of CLIP and
// SigLIP, the encoders of BART and Whisper; OPT, XGLM and BioGPT, decoders with the same modules. Of a model
// with a decoder beside its encoder, layers are those of the encoder: the others read a second input.
#include "plumbline/hugging_face/model.hpp"
#include "plumbline/hugging_face/reading.hpp"

namespace plumbline {
namespace {

BlockSpec bert(Config& c, int) {
  BlockSpec s = block_said(c);
  s.attention.mask.kind = MaskKind::bidirectional;
  s.ffn.d_ff = c.whole({"intermediate_size"});
  read_activation(c, s, {"hidden_act"}, "gelu");
  c.must_be("position_embedding_type", "absolute");
  c.ignore({"embedding_size"});  // of what stands before the first layer
  post_norm(s, layer_norm(c.number({"layer_norm_eps"}, 1e-12)));
  return s;
}

BlockSpec opt(Config& c, int) {
  BlockSpec s = block_said(c);
  s.ffn.d_ff = c.whole({"ffn_dim"});
  read_activation(c, s, {"activation_function"}, "relu");
  set_attention_bias(s, c.flag("enable_bias", true));
  set_ffn_bias(s, s.attention.bias.q);
  NormSpec norm = layer_norm(1e-5);  // no key says it
  norm.gain = norm.bias = c.flag("layer_norm_elementwise_affine", true);
  const bool removed = c.flag("_remove_final_layer_norm", false);
  (c.flag("do_layer_norm_before", true) ? pre_norm : post_norm)(s, norm);
  if (removed) s.final_norm.reset();
  return s;
}

// XGLM and BioGPT. No key says what is added within the norms.
BlockSpec opt_like(Config& c, Config::Keys width, Config::Keys function) {
  BlockSpec s = block_said(c);
  s.ffn.d_ff = c.whole(width);
  read_activation(c, s, function, "gelu");
  pre_norm(s, layer_norm(1e-5));
  c.ignore({"scale_embedding", "layer_norm_eps"});
  return s;
}

BlockSpec xglm(Config& c, int) { return opt_like(c, {"ffn_dim"}, {"activation_function"}); }
BlockSpec biogpt(Config& c, int) { return opt_like(c, {"intermediate_size"}, {"hidden_act"}); }

BlockSpec distilbert(Config& c, int) {
  BlockSpec s = block_said(c);
  s.attention.mask.kind = MaskKind::bidirectional;
  s.ffn.d_ff = c.whole({"hidden_dim"});
  read_activation(c, s, {"activation"}, "gelu");
  c.ignore({"sinusoidal_pos_embds", "qa_dropout", "seq_classif_dropout", "tie_weights_"});
  post_norm(s, layer_norm(1e-12));  // no key says it
  return s;
}

// Windows in two layers of three; the first layer reads what a norm of the embeddings wrote, and has none.
BlockSpec modernbert(Config& c, int l) {
  BlockSpec s = block_said(c);
  s.attention.mask.kind = MaskKind::bidirectional;
  s.ffn.kind = FeedForwardKind::glu;
  s.ffn.d_ff = c.whole({"intermediate_size"});
  read_activation(c, s, {"hidden_activation"}, "gelu");
  set_attention_bias(s, c.flag("attention_bias", false));
  set_ffn_bias(s, c.flag("mlp_bias", false));
  const int window = c.whole({"local_attention"}, 128) / 2 + 1;  // with the token itself
  const int global = c.whole({"global_attn_every_n_layers"}, 3);
  const double theta = c.number({"global_rope_theta"}, 160000), local = c.number({"local_rope_theta"}, 1e4);
  const bool slid = slides(c, l, l % global != 0);
  if (slid) s.attention.mask.kind = MaskKind::sliding, s.attention.mask.window = window;
  s.position.rope = rope_of_layer(c, s.attention.head_dim, slid, {.theta = slid ? local : theta});
  NormSpec norm = layer_norm(c.number({"norm_eps", "layer_norm_eps"}, 1e-5));
  norm.bias = c.flag("norm_bias", false);
  pre_norm(s, norm);
  if (l == 0) s.norm_slots.attn.in.reset();
  c.ignore({"position_embedding_type", "initializer_cutoff_factor", "decoder_bias", "classifier_pooling",
            "classifier_bias", "classifier_activation", "deterministic_flash_attn", "sparse_prediction",
            "sparse_pred_ignore_index", "mlp_dropout", "reference_compile", "repad_logits_with_grad"});
  return s;
}

// Of pictures, as they are cut into patches before the first layer.
BlockSpec vision(Config& c, const char* function, double eps) {
  BlockSpec s = block_said(c);
  s.attention.mask.kind = MaskKind::bidirectional;
  s.ffn.d_ff = c.whole({"intermediate_size"});
  read_activation(c, s, {"hidden_act"}, function);
  c.ignore({"image_size", "num_channels", "patch_size", "projection_dim"});
  pre_norm(s, layer_norm(c.number({"layer_norm_eps"}, eps)));
  return s;
}

BlockSpec vit(Config& c, int) {
  BlockSpec s = vision(c, "gelu", 1e-12);
  set_qkv_bias(s, c.flag("qkv_bias", true));
  s.attention.bias.o = true;
  c.ignore({"encoder_stride", "pooler_act", "pooler_output_size"});
  return s;
}

BlockSpec clip_vision(Config& c, int) { return vision(c, "quick_gelu", 1e-5); }
BlockSpec siglip_vision(Config& c, int) {
  c.ignore({"vision_use_head"});  // behind the last layer
  return vision(c, "gelu_pytorch_tanh", 1e-6);
}

BlockSpec clip_text(Config& c, int) {
  BlockSpec s = clip_vision(c, 0);
  s.attention.mask.kind = MaskKind::causal;
  return s;
}

// The encoder of a model that has a decoder beside it.
BlockSpec encoder_of_two(Config& c) {
  BlockSpec s;
  s.d = c.whole({"d_model", "hidden_size"});
  s.attention.n_heads = s.attention.n_kv_heads = c.whole({"encoder_attention_heads", "num_attention_heads"});
  s.attention.head_dim = s.d / s.attention.n_heads;
  s.attention.mask.kind = MaskKind::bidirectional;
  s.ffn.d_ff = c.whole({"encoder_ffn_dim"});
  read_activation(c, s, {"activation_function"}, "gelu");
  c.must_be("is_decoder", false);
  c.must_be("add_cross_attention", false);
  c.ignore({"is_encoder_decoder", "decoder_attention_heads", "decoder_ffn_dim", "decoder_layerdrop",
            "decoder_layers", "encoder_layerdrop", "scale_embedding"});
  return s;
}

BlockSpec bart(Config& c, int) {
  BlockSpec s = encoder_of_two(c);
  for (const char* older : {"add_final_layer_norm", "normalize_before", "static_position_embeddings"})
    c.must_be(older, false);
  c.must_be("normalize_embedding", true);
  c.ignore({"add_bias_logits", "classif_dropout", "extra_pos_embeddings", "force_bos_token_to_be_generated",
            "gradient_checkpointing"});
  post_norm(s, layer_norm(1e-5));  // no key says it
  return s;
}

BlockSpec whisper(Config& c, int) {
  BlockSpec s = encoder_of_two(c);
  s.attention.bias.k = false;
  c.ignore({"max_source_positions", "max_target_positions", "num_mel_bins", "median_filter_width",
            "apply_spec_augment", "mask_time_prob", "mask_time_length", "mask_time_min_masks",
            "mask_feature_prob", "mask_feature_length", "mask_feature_min_masks", "classifier_proj_size",
            "use_weighted_layer_sum"});
  pre_norm(s, layer_norm(1e-5));  // no key says it
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

constexpr Named distilbert_names[] = {
    {"attn.q_proj", "attention.q_lin"},  {"attn.k_proj", "attention.k_lin"},
    {"attn.v_proj", "attention.v_lin"},  {"attn.o_proj", "attention.out_lin"},
    {"attn.norm_post", "sa_layer_norm"}, {"ffn.up_proj", "ffn.lin1"},
    {"ffn.down_proj", "ffn.lin2"},       {"ffn.norm_post", "output_layer_norm"}};

constexpr Named vit_names[] = {
    {"attn.norm_in", "layernorm_before"},         {"ffn.norm_in", "layernorm_after"},
    {"attn.q_proj", "attention.attention.query"}, {"attn.k_proj", "attention.attention.key"},
    {"attn.v_proj", "attention.attention.value"}, {"attn.o_proj", "attention.output.dense"},
    {"ffn.up_proj", "intermediate.dense"},        {"ffn.down_proj", "output.dense"}};

constexpr Named clip_names[] = {{"attn.norm_in", "layer_norm1"},     {"ffn.norm_in", "layer_norm2"},
                                {"attn.q_proj", "self_attn.q_proj"}, {"attn.k_proj", "self_attn.k_proj"},
                                {"attn.v_proj", "self_attn.v_proj"}, {"attn.o_proj", "self_attn.out_proj"},
                                {"ffn.up_proj", "mlp.fc1"},          {"ffn.down_proj", "mlp.fc2"}};

constexpr Named modernbert_names[] = {{"attn.norm_in", "attn_norm"},
                                      {"ffn.norm_in", "mlp_norm"},
                                      {"attn.q_proj", "attn.Wqkv", Piece::q},
                                      {"attn.k_proj", "attn.Wqkv", Piece::k},
                                      {"attn.v_proj", "attn.Wqkv", Piece::v},
                                      {"attn.o_proj", "attn.Wo"},
                                      {"ffn.gate_proj", "mlp.Wi", Piece::gate},
                                      {"ffn.up_proj", "mlp.Wi", Piece::up},
                                      {"ffn.down_proj", "mlp.Wo"}};

constexpr Model encoder_table[] = {
    {"bert", bert, "encoder.layer", "", bert_names},
    {"roberta", bert, "encoder.layer", "", bert_names},
    {"camembert", bert, "encoder.layer", "", bert_names},
    {"xlm-roberta", bert, "encoder.layer", "", bert_names},
    {"data2vec-text", bert, "encoder.layer", "", bert_names},
    {"electra", bert, "encoder.layer", "", bert_names},
    {"distilbert", distilbert, "transformer.layer", "", distilbert_names},
    {"modernbert", modernbert, "layers", "final_norm", modernbert_names},
    {"vit", vit, "encoder.layer", "layernorm", vit_names},
    {"clip_text_model", clip_text, "encoder.layers", "final_layer_norm", clip_names},
    {"clip_vision_model", clip_vision, "encoder.layers", "post_layernorm", clip_names},
    {"siglip_vision_model", siglip_vision, "encoder.layers", "post_layernorm", clip_names},
    {"bart", bart, "encoder.layers", "", opt_names},
    {"whisper", whisper, "encoder.layers", "encoder.layer_norm", opt_names},
    {"xglm", xglm, "layers", "layer_norm", opt_names},
    {"biogpt", biogpt, "layers", "layer_norm", opt_names},
    {"opt", opt, "layers", "final_layer_norm", opt_names}};

}  // namespace

std::span<const Model> encoder_models() { return encoder_table; }

}  // namespace plumbline
