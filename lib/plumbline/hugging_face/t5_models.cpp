// The encoders of T5, mT5 and UMT5: what is added to scores stands in a table, and scores are not scaled.
#include "plumbline/hugging_face/model.hpp"
#include "plumbline/hugging_face/reading.hpp"

namespace plumbline {
namespace {

// "relu", or "gated-gelu", which has the tanh form of gelu as "gated-gelu_new" would; files may say both
// halves once more.
void read_feed_forward_proj(Config& c, BlockSpec& s, const char* usual) {
  const std::string said = c.text({"feed_forward_proj"}, usual);
  const bool is_gated = said.starts_with("gated-");
  std::string function = said == "gated-gelu" ? "gelu_new" : said.substr(said.find('-') + 1);
  if (!is_gated && said.find('-') != said.npos)
    c.refuse("feed_forward_proj", "an activation, or gated- and an activation", Config::Json(said));
  s.ffn.kind = is_gated ? FeedForwardKind::glu : FeedForwardKind::mlp;
  c.must_be("is_gated_act", is_gated);
  c.must_be("dense_act_fn", function);
  read_activation_named(c, s, "feed_forward_proj", function);
}

BlockSpec t5_with(Config& c, const char* usual_function) {
  BlockSpec s;
  s.d = c.whole({"d_model", "hidden_size"});
  s.attention.n_heads = s.attention.n_kv_heads = c.whole({"num_heads", "num_attention_heads"});
  s.attention.head_dim = c.whole({"d_kv", "head_dim"}, 64);
  s.attention.mask.kind = MaskKind::bidirectional;
  s.attention.scale.rule = ScaleRule::one;
  s.position.buckets = BucketsSpec{.count = c.whole({"relative_attention_num_buckets"}, 32),
                                   .max_distance = c.whole({"relative_attention_max_distance"}, 128)};
  s.ffn.d_ff = c.whole({"d_ff"});
  read_feed_forward_proj(c, s, usual_function);
  set_attention_bias(s, false);
  set_ffn_bias(s, false);
  c.must_be("is_decoder", false);
  c.ignore(
      {"is_encoder_decoder", "num_decoder_layers", "dropout_rate", "scale_decoder_outputs", "output_past"});
  pre_norm(s, rms_norm(c.number({"layer_norm_epsilon"}, 1e-6)));
  return s;
}

BlockSpec t5(Config& c, int) { return t5_with(c, "relu"); }
BlockSpec mt5(Config& c, int) { return t5_with(c, "gated-gelu"); }

constexpr std::array<Named, 10> t5_modules{{{"attn.norm_in", "layer.0.layer_norm"},
                                            {"ffn.norm_in", "layer.1.layer_norm"},
                                            {"attn.q_proj", "layer.0.SelfAttention.q"},
                                            {"attn.k_proj", "layer.0.SelfAttention.k"},
                                            {"attn.v_proj", "layer.0.SelfAttention.v"},
                                            {"attn.o_proj", "layer.0.SelfAttention.o"},
                                            {"ffn.up_proj", "layer.1.DenseReluDense.wi"},
                                            {"ffn.gate_proj", "layer.1.DenseReluDense.wi_0"},
                                            {"ffn.up_proj", "layer.1.DenseReluDense.wi_1"},
                                            {"ffn.down_proj", "layer.1.DenseReluDense.wo"}}};
constexpr const char* t5_table_name = "layer.0.SelfAttention.relative_attention_bias";
constexpr auto t5_names = joined(
    t5_modules, std::array<Named, 1>{
                    {{.ours = "attn.relative_bias", .theirs = t5_table_name, .is_of_first_layer = true}}});
constexpr auto umt5_names =
    joined(t5_modules, std::array<Named, 1>{{{.ours = "attn.relative_bias", .theirs = t5_table_name}}});

constexpr Model t5_table[] = {{"t5", t5, "encoder.block", "encoder.final_layer_norm", t5_names},
                              {"mt5", mt5, "encoder.block", "encoder.final_layer_norm", t5_names},
                              {"umt5", mt5, "encoder.block", "encoder.final_layer_norm", umt5_names}};

}  // namespace

std::span<const Model> t5_models() { return t5_table; }

}  // namespace plumbline
