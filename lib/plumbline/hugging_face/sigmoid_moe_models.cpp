// Mixtures of experts that sigmoids choose, with a correction for choosing alone: DeepSeek V3's router in
// models that attend as Llama does, MiniMax M2, AFMoE.
#include "plumbline/hugging_face/experts.hpp"

namespace plumbline {
namespace {

BlockSpec glm4_moe(Config& c, int l) {
  BlockSpec s = gated(c, 8);
  read_silu(c, s);
  read_rope(c, s, {.partial = 0.5});
  set_qkv_bias(s, c.flag("attention_bias", false));
  read_deepseek_experts(c, s, {"n_routed_experts", "num_local_experts"}, 128, is_behind_the_dense(c, l, 1),
                        true);
  const NormSpec norm = rms_said(c, 1e-5);
  pre_norm(s, norm);
  if (c.flag("use_qk_norm", false)) norm_heads(s, norm, NormWidth::head_dim);
  return s;
}

// Every layer has experts, and `intermediate_size` is of none.
BlockSpec solar_open(Config& c, int) {
  BlockSpec s = block_said(c);
  read_grouped_heads(c, s, 8, 128);
  s.ffn.kind = FeedForwardKind::glu;
  set_ffn_bias(s, false);
  read_silu(c, s);
  read_rope(c, s, {.theta = 1e6});
  c.ignore({"intermediate_size"});
  set_qkv_bias(s, c.flag("attention_bias", false));
  read_deepseek_experts(c, s, {"n_routed_experts", "num_local_experts"}, 128, true, true);
  pre_norm(s, rms_said(c, 1e-5));
  return s;
}

BlockSpec dots1(Config& c, int l) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s);
  read_attention_bias(c, s);
  const std::optional<int> window = c.whole_or_none("sliding_window", 4096);
  const std::optional<int> full = c.whole_or_none("max_window_layers", 62, 0);
  if (slides(c, l, window && full && l >= *full)) set_window(s, window);
  read_deepseek_experts(c, s, {"n_routed_experts", "num_local_experts"}, {}, is_behind_the_dense(c, l, 0),
                        false);
  const NormSpec norm = rms_said(c, 1e-6);
  pre_norm(s, norm);
  norm_heads(s, norm, NormWidth::head_dim);
  return s;
}

BlockSpec exaone_moe(Config& c, int l) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s);
  const std::optional<int> window = c.whole_or_none("sliding_window", 4096);
  c.ignore({"sliding_window_pattern"});
  if (!c.find({"layer_types"})) c.fail("layer_types", "a list with a type for each layer", "none");
  const bool slid = slides(c, l, false);
  if (slid) set_window(s, window);
  if (window && !slid) s.position.rope.reset();  // no positions where every key is seen
  const bool sparse = is_sparse(c, l, is_behind_the_dense(c, l, 1));
  read_deepseek_experts(c, s, {"num_experts", "n_routed_experts", "num_local_experts"}, 64, sparse, true,
                        {"num_shared_experts", "n_shared_experts"});
  const NormSpec norm = rms_said(c, 1e-5);
  pre_norm(s, norm);
  norm_heads(s, norm, NormWidth::head_dim);
  return s;
}

BlockSpec minimax_m2(Config& c, int) {
  BlockSpec s = gated(c, 8, 128);
  read_silu(c, s);
  const double turned = c.number({"rotary_dim"}, s.attention.head_dim);
  read_rope(c, s, {.theta = 5e6, .partial = turned / s.attention.head_dim});
  c.must_be("use_qk_norm", true);
  c.must_be("qk_norm_type", "per_layer");
  c.must_be("scoring_func", "sigmoid");
  c.must_be("use_routing_bias", true);
  c.must_be("shared_intermediate_size", 0);
  MoeSpec& m = read_experts(c, s, {"num_local_experts", "num_experts"}, 256, 8);
  m.score = RouterScore::sigmoid;
  m.correction_bias = true;
  const NormSpec norm = rms_said(c, 1e-6);
  pre_norm(s, norm);
  norm_heads(s, norm, NormWidth::full_heads);
  return s;
}

BlockSpec afmoe(Config& c, int l) {
  BlockSpec s = gated(c, {}, 128);
  read_silu(c, s);
  read_rope(c, s);
  read_attention_bias(c, s);
  s.attention.gate = Activation::sigmoid;
  c.ignore({"mup_enabled"});  // of what stands before the first layer
  c.must_be("score_func", "sigmoid");
  c.must_be("route_norm", true);
  for (const char* groups : {"n_group", "topk_group", "num_expert_groups", "num_limited_groups"})
    c.must_be(groups, 1);
  MoeSpec& m = read_experts(c, s, {"num_experts", "num_local_experts"}, 64, 6);
  m.score = RouterScore::sigmoid;
  m.correction_bias = true;
  m.scaling = c.number({"route_scale"}, 1);
  const int shared = c.whole({"num_shared_experts"}, 2);
  const double dense = c.number({"num_dense_layers"}, 1);
  set_sparse(c, s, l >= dense, 1408);
  if (s.ffn.moe) s.ffn.moe->shared_d_ff = shared * s.ffn.d_ff;
  const std::optional<int> window = c.whole_or_none("sliding_window", 1024);
  const int global = c.whole({"global_attn_every_n_layers"}, 4);
  const bool slid = slides(c, l, (l + 1) % global != 0);
  if (slid) set_window(s, window);
  if (!slid) s.position.rope.reset();  // no positions where every key is seen
  const NormSpec norm = rms_said(c, 1e-5);
  pre_norm(s, norm);
  norm_outputs(s, norm);
  norm_heads(s, norm, NormWidth::head_dim);
  return s;
}

constexpr std::array<Named, 6> afmoe_only{{{"attn.norm_out", "post_attention_layernorm"},
                                           {"ffn.norm_in", "pre_mlp_layernorm"},
                                           {"ffn.norm_out", "post_mlp_layernorm"},
                                           {"attn.gate_proj", "self_attn.gate_proj"},
                                           {"ffn.router", "mlp.router.gate"},
                                           {"ffn.correction_bias", "mlp.expert_bias"}}};

constexpr auto afmoe_names = joined(joined(attention_names, afmoe_only),
                                    joined(feed_forward_names, joined(shared_names, expert_names)));

constexpr Model sigmoid_moe_table[] = {{"glm4_moe", glm4_moe, "layers", "norm", deepseek_names},
                                       {"solar_open", solar_open, "layers", "norm", deepseek_names},
                                       {"dots1", dots1, "layers", "norm", deepseek_names},
                                       {"exaone_moe", exaone_moe, "layers", "norm", deepseek_names},
                                       {"minimax_m2", minimax_m2, "layers", "norm", mixtral_names},
                                       {"afmoe", afmoe, "layers", "norm", afmoe_names}};

}  // namespace

std::span<const Model> sigmoid_moe_models() { return sigmoid_moe_table; }

}  // namespace plumbline
