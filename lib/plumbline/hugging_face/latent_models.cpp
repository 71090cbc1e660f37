// Latent attention: DeepSeek V2 and V3, and those that attend as they do, GLM 4.7 Flash and Youtu.
#include <cmath>

#include "plumbline/hugging_face/experts.hpp"

namespace plumbline {
namespace {

// Attention apart from its positions. Heads of queries and keys are as wide as what positions leave alone and
// what they turn; `head_dim` says the latter alone where it is there.
BlockSpec latent(Config& c, std::optional<int> q_rank) {
  BlockSpec s = block_said(c);
  LatentSpec l;
  l.q_rank = c.whole_or_none("q_lora_rank", q_rank).value_or(0);
  l.kv_rank = c.whole({"kv_lora_rank"}, 512);
  l.rope_dim = c.whole({"qk_rope_head_dim"}, 64);
  l.v_head_dim = c.whole({"v_head_dim"}, 128);
  s.attention.head_dim = c.whole({"qk_nope_head_dim"}, 128) + l.rope_dim;
  c.must_be("num_key_value_heads", s.attention.n_heads);
  c.must_be("head_dim", l.rope_dim);
  c.must_be("qk_head_dim", s.attention.head_dim);
  c.must_be("attention_bias", false);
  set_attention_bias(s, false);
  set_ffn_bias(s, false);
  s.attention.latent = l;
  s.ffn.kind = FeedForwardKind::glu;
  s.ffn.d_ff = c.whole({"intermediate_size"});
  read_silu(c, s);
  return s;
}

// Scores grow where positions are scaled, by the square of what yarn of `mscale_all_dim` would make of
// cosines and sines.
void read_latent_rope(Config& c, BlockSpec& s, RopeStyle style) {
  s.position.rope = rope_said(c, s.attention.latent->rope_dim, {.style = style});
  const double scale = yarn_scale_of_scores(c);
  s.attention.scale.mult = scale * scale;
}

RopeStyle style_said(Config& c) {
  return c.flag("rope_interleave", true) ? RopeStyle::interleaved : RopeStyle::half;
}

BlockSpec deepseek_v3(Config& c, int l) {
  BlockSpec s = latent(c, 1536);
  read_latent_rope(c, s, style_said(c));
  read_deepseek_experts(c, s, {"n_routed_experts", "num_local_experts"}, 256, is_behind_the_dense(c, l, 3),
                        true);
  pre_norm(s, rms_said(c, 1e-6));
  return s;
}

BlockSpec glm4_moe_lite(Config& c, int l) {
  BlockSpec s = latent(c, 768);
  read_latent_rope(c, s, style_said(c));
  read_deepseek_experts(c, s, {"n_routed_experts", "num_local_experts"}, 64, is_sparse(c, l, l >= 1), true);
  pre_norm(s, rms_said(c, 1e-5));
  return s;
}

BlockSpec youtu(Config& c, int) {
  BlockSpec s = latent(c, 1536);
  read_latent_rope(c, s, style_said(c));
  c.ignore({"embedding_initializer_range"});
  pre_norm(s, rms_said(c, 1e-6));
  return s;
}

// Its router: a softmax, of which nothing is renormalised; a group's score is its largest.
void read_deepseek_v2_experts(Config& c, BlockSpec& s, bool sparse) {
  MoeSpec& m = read_experts(c, s, {"n_routed_experts", "num_experts"}, 64, {});
  m.renormalise = false;
  c.must_be("norm_topk_prob", false);  // which transformers does not read
  c.must_be("scoring_func", "softmax");
  c.must_be("moe_layer_freq", 1);
  m.scaling = c.number({"routed_scaling_factor"}, 1);
  m.group_score = GroupScore::largest;
  const std::string method = c.text({"topk_method"}, "greedy");
  if (method != "greedy" && method != "group_limited_greedy")
    c.refuse("topk_method", "greedy or group_limited_greedy", Config::Json(method));
  c.ignore({"n_group", "topk_group"});
  if (method == "group_limited_greedy") {
    m.groups = c.whole({"n_group"});
    m.chosen_groups = c.whole({"topk_group"});
  }
  if (m.groups == 1) m.group_score = GroupScore::top_two;  // of none
  const int shared = c.whole({"n_shared_experts"}, 2);
  set_sparse(c, s, sparse, 1407);
  if (s.ffn.moe) s.ffn.moe->shared_d_ff = shared * s.ffn.d_ff;
}

BlockSpec deepseek_v2(Config& c, int l) {
  BlockSpec s = latent(c, 1536);
  read_latent_rope(c, s, RopeStyle::interleaved);
  c.must_be("mlp_bias", false);
  read_deepseek_v2_experts(c, s, is_behind_the_dense(c, l, 0));
  pre_norm(s, rms_said(c, 1e-6));
  return s;
}

constexpr std::array<Named, 6> latent_only{{{"attn.q_a_proj", "self_attn.q_a_proj"},
                                            {"attn.q_b_proj", "self_attn.q_b_proj"},
                                            {"attn.norm_q_a", "self_attn.q_a_layernorm"},
                                            {"attn.kv_a_proj", "self_attn.kv_a_proj_with_mqa"},
                                            {"attn.norm_kv_a", "self_attn.kv_a_layernorm"},
                                            {"attn.kv_b_proj", "self_attn.kv_b_proj"}}};
constexpr auto latent_names = joined(deepseek_names, latent_only);

constexpr Model latent_table[] = {{"deepseek_v2", deepseek_v2, "layers", "norm", latent_names},
                                  {"deepseek_v3", deepseek_v3, "layers", "norm", latent_names},
                                  {"glm4_moe_lite", glm4_moe_lite, "layers", "norm", latent_names},
                                  {"youtu", youtu, "layers", "norm", latent_names}};

}  // namespace

std::span<const Model> latent_models() { return latent_table; }

}  // namespace plumbline
