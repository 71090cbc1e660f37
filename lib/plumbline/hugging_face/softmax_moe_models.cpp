// Mixtures of experts that a softmax chooses: Mixtral, OLMoE, Granite, Hunyuan, Ernie, Mellum, gpt-oss.
#include "plumbline/hugging_face/experts.hpp"

namespace plumbline {
namespace {

BlockSpec mixtral(Config& c, int) {
  BlockSpec s = gated(c, 8);
  read_silu(c, s);
  read_rope(c, s, {.theta = 1e6});
  set_window(s, c.whole_or_none("sliding_window", {}));
  read_experts(c, s, {"num_local_experts", "num_experts"}, 8, 2);
  pre_norm(s, rms_said(c, 1e-5));
  return s;
}

BlockSpec olmoe_of(Config& c) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_attention_bias(c, s);
  if (const Config::Json* clip = c.find({"clip_qkv"})) c.refuse("clip_qkv", "null", *clip);
  return s;
}

BlockSpec olmoe(Config& c, int) {
  BlockSpec s = olmoe_of(c);
  read_rope(c, s);
  read_experts(c, s, {"num_experts", "num_local_experts"}, 64, 8).renormalise =
      c.flag("norm_topk_prob", false);
  const NormSpec norm = rms_said(c, 1e-5);
  pre_norm(s, norm);
  norm_heads(s, norm, NormWidth::full_heads);
  return s;
}

BlockSpec flex_olmo(Config& c, int) {
  BlockSpec s = olmoe_of(c);
  read_rope(c, s, {.theta = 500000});
  read_experts(c, s, {"num_experts", "num_local_experts"}, 7, 5).renormalise =
      c.flag("norm_topk_prob", false);
  const NormSpec norm = rms_said(c, 1e-6);
  norm_outputs(s, norm);
  norm_heads(s, norm, NormWidth::full_heads);
  return s;
}

BlockSpec granitemoe(Config& c, int) {
  BlockSpec s = llama_with(c, {});
  s.branch_scale = c.number({"residual_multiplier"}, 1);
  s.attention.scale = {.rule = ScaleRule::one, .value = {}, .mult = c.number({"attention_multiplier"}, 1)};
  read_experts(c, s, {"num_local_experts", "num_experts"}, 8, 2);
  return s;
}

BlockSpec granitemoeshared(Config& c, int l) {
  BlockSpec s = granitemoe(c, l);
  c.ignore({"shared_intermediate_size"});
  if (c.number({"shared_intermediate_size"}, 0) != 0)
    s.ffn.moe->shared_d_ff = c.whole({"shared_intermediate_size"});
  return s;
}

BlockSpec hunyuan_v1_moe(Config& c, int l) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s);
  read_attention_bias(c, s);
  s.ffn.moe = MoeSpec{};
  s.ffn.moe->experts = c.whole({"num_experts", "num_local_experts"});
  s.ffn.moe->top_k = whole_of_layer(c, {"moe_topk", "num_experts_per_tok"}, l, 1);
  s.ffn.moe->shared_d_ff = s.ffn.d_ff;
  const NormSpec norm = rms_said(c, 1e-5);
  pre_norm(s, norm);
  norm_heads(s, norm, NormWidth::head_dim, QkPosition::after_rope);
  return s;
}

BlockSpec ernie4_5_moe(Config& c, int l) {
  BlockSpec s = gated(c, 4);
  read_silu(c, s);
  read_rope(c, s, {.theta = 500000, .style = RopeStyle::interleaved});
  c.must_be("use_bias", false);  // experts have none, and a spec has one in all its feed-forwards or in none
  MoeSpec& m = read_experts(c, s, {"moe_num_experts", "num_experts"}, 64, 6);
  m.correction_bias = true;
  c.must_be("moe_norm_min", 1e-12);
  const double start = c.number({"moe_layer_start_index"}, 1), end = c.number({"moe_layer_end_index"}, -1);
  const int interval = c.whole({"moe_layer_interval"}, 1);
  const double shared = c.number({"moe_num_shared_experts"}, 2);
  set_sparse(c, s, (l + 1) % interval == 0 && l >= start && (l <= end || end == -1), 1536);
  if (s.ffn.moe) s.ffn.moe->shared_d_ff = static_cast<int>(s.ffn.d_ff * shared);
  pre_norm(s, rms_said(c, 1e-5));
  return s;
}

BlockSpec mellum(Config& c, int l) {
  BlockSpec s = gated(c, 4, 128);
  read_silu(c, s);
  read_attention_bias(c, s);
  const bool slid = slides(c, l, false);
  const std::optional<int> window = c.whole_or_none("sliding_window", 1024);
  if (slid) set_window(s, window);
  s.position.rope = rope_of_layer(c, s.attention.head_dim, slid, {.theta = slid ? 1e4 : 5e5});
  read_experts(c, s, {"num_experts", "num_local_experts"}, 64, 8).renormalise =
      c.flag("norm_topk_prob", true);
  set_sparse(c, s, is_sparse(c, l, true), 896);
  const NormSpec norm = rms_said(c, 1e-6);
  pre_norm(s, norm);
  norm_heads(s, norm, NormWidth::head_dim);
  return s;
}

BlockSpec gpt_oss(Config& c, int l) {
  BlockSpec s = gated(c, 8, 64);
  c.must_be("hidden_act", "silu");  // which this model does not read
  c.must_be("swiglu_alpha", 1.702);
  s.ffn.activation = Activation::quick_gelu;
  s.ffn.limit = c.number({"swiglu_limit"}, 7);
  s.ffn.up_offset = 1;
  set_ffn_bias(s, true);
  read_rope(
      c, s,
      {.theta = 150000,
       .scaling = RopeScaling{
           .kind = RopeScalingKind::yarn, .factor = 32, .original_max_position = 4096, .truncate = false}});
  c.ignore({"initial_context_length"});  // which the scaling has too
  read_attention_bias(c, s, true);
  s.attention.sink.present = true;
  const int window = c.whole({"sliding_window"}, 128);
  if (slides(c, l, l % 2 == 0)) set_window(s, window);
  read_experts(c, s, {"num_local_experts", "num_experts"}, 128, 4).router_bias = true;
  c.ignore({"experts_per_token"});
  pre_norm(s, rms_said(c, 1e-5));
  return s;
}

constexpr std::array<Named, 2> ernie_corrections{
    {{"ffn.correction_bias", "mlp.moe_statics.e_score_correction_bias"},
     {"ffn.correction_bias", "mlp.gate.moe_statics.e_score_correction_bias"}}};

constexpr auto ernie_names = joined(moe_names, joined(shared_names, ernie_corrections));

constexpr std::array<Named, 4> hunyuan_only{{{"ffn.router", "mlp.gate.wg"},
                                             {"ffn.shared.gate_proj", "mlp.shared_mlp.gate_proj"},
                                             {"ffn.shared.up_proj", "mlp.shared_mlp.up_proj"},
                                             {"ffn.shared.down_proj", "mlp.shared_mlp.down_proj"}}};

constexpr auto hunyuan_names = joined(dense_layer_names, joined(hunyuan_only, expert_names));

constexpr auto flex_olmo_names = joined(output_names, joined(router_name, expert_names));

constexpr std::array<Named, 11> granite_experts{{
    {"ffn.router", "block_sparse_moe.router.layer"},
    {"ffn.router", "block_sparse_moe.router"},
    {"ffn.experts.*.gate_proj.weight", "block_sparse_moe.input_linear.weight", Piece::gate},
    {"ffn.experts.*.up_proj.weight", "block_sparse_moe.input_linear.weight", Piece::up},
    {"ffn.experts.*.down_proj.weight", "block_sparse_moe.output_linear.weight"},
    {"ffn.experts.*.gate_proj.weight", "block_sparse_moe.experts.gate_up_proj", Piece::gate},
    {"ffn.experts.*.up_proj.weight", "block_sparse_moe.experts.gate_up_proj", Piece::up},
    {"ffn.experts.*.down_proj.weight", "block_sparse_moe.experts.down_proj"},
    {"ffn.shared.gate_proj", "shared_mlp.input_linear", Piece::gate},
    {"ffn.shared.up_proj", "shared_mlp.input_linear", Piece::up},
    {"ffn.shared.down_proj", "shared_mlp.output_linear"},
}};

constexpr auto granite_names = joined(dense_layer_names, granite_experts);

constexpr std::array<Named, 8> gpt_oss_only{{
    {"attn.sink", "self_attn.sinks"},
    {"ffn.router", "mlp.router"},
    {"ffn.experts.*.gate_proj.weight", "mlp.experts.gate_up_proj", Piece::even_gate, true},
    {"ffn.experts.*.up_proj.weight", "mlp.experts.gate_up_proj", Piece::odd_up, true},
    {"ffn.experts.*.down_proj.weight", "mlp.experts.down_proj", Piece::whole, true},
    {"ffn.experts.*.gate_proj.bias", "mlp.experts.gate_up_proj_bias", Piece::even_gate},
    {"ffn.experts.*.up_proj.bias", "mlp.experts.gate_up_proj_bias", Piece::odd_up},
    {"ffn.experts.*.down_proj.bias", "mlp.experts.down_proj_bias"},
}};

constexpr auto gpt_oss_names = joined(dense_layer_names, gpt_oss_only);

constexpr Model softmax_moe_table[] = {
    {"mixtral", mixtral, "layers", "norm", mixtral_names},
    {"olmoe", olmoe, "layers", "norm", moe_names},
    {"flex_olmo", flex_olmo, "layers", "norm", flex_olmo_names},
    {"granitemoe", granitemoe, "layers", "norm", granite_names},
    {"granitemoeshared", granitemoeshared, "layers", "norm", granite_names},
    {"hunyuan_v1_moe", hunyuan_v1_moe, "layers", "norm", hunyuan_names},
    {"ernie4_5_moe", ernie4_5_moe, "layers", "norm", ernie_names},
    {"mellum", mellum, "layers", "norm", moe_names},
    {"gpt_oss", gpt_oss, "layers", "norm", gpt_oss_names}};

}  // namespace

std::span<const Model> softmax_moe_models() { return softmax_moe_table; }

}  // namespace plumbline
