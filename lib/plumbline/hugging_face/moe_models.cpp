// Mixtures of experts: Mixtral and those that route as it does, by a softmax; DeepSeek V3's router of
// sigmoids in models that attend as Llama does; gpt-oss.
#include "plumbline/hugging_face/gated.hpp"

namespace plumbline {
namespace {

// How many experts there are and how many a token is given to; weights are renormalised unless something says
// otherwise. Experts are as wide as the feed-forward is.
MoeSpec& read_experts(Config& c, BlockSpec& s, Config::Keys experts, std::optional<int> how_many,
                      std::optional<int> chosen) {
  s.ffn.moe = MoeSpec{};
  s.ffn.moe->experts = c.whole(experts, how_many);
  s.ffn.moe->top_k = c.whole({"num_experts_per_tok", "moe_k"}, chosen);
  return *s.ffn.moe;
}

// Layers that have no experts have one feed-forward, of another width.
void set_sparse(Config& c, BlockSpec& s, bool sparse, std::optional<int> width) {
  const int d_ff = c.whole({"moe_intermediate_size"}, width);
  if (sparse)
    s.ffn.d_ff = d_ff;
  else
    s.ffn.moe.reset();
}

BlockSpec mixtral(Config& c, int) {
  BlockSpec s = gated(c, 8);
  read_silu(c, s);
  read_rope(c, s, {.theta = 1e6});
  set_window(s, c.whole_or_none("sliding_window", {}));
  read_experts(c, s, {"num_local_experts", "num_experts"}, 8, 2);
  pre_norm(s, rms_said(c, 1e-5));
  return s;
}

// Qwen's experts, one layer in `decoder_sparse_step`.
void read_qwen_experts(Config& c, BlockSpec& s, int l, int experts, int chosen, int width,
                       bool renormalises) {
  const int step = c.whole({"decoder_sparse_step"}, 1);
  bool sparse = (l + 1) % step == 0;
  if (const Config::Json* dense = c.find({"mlp_only_layers"})) {
    if (!dense->is_array()) c.refuse("mlp_only_layers", "a list of layers", *dense);
    for (const Config::Json& layer : *dense) sparse = sparse && layer != l;
  }
  MoeSpec& m = read_experts(c, s, {"num_experts", "num_local_experts"}, experts, chosen);
  m.renormalise = c.flag("norm_topk_prob", renormalises);
  set_sparse(c, s, sparse, width);
}

void read_shared_of_qwen(Config& c, BlockSpec& s, int width) {
  const int d_ff = c.whole({"shared_expert_intermediate_size"}, width);
  if (s.ffn.moe) s.ffn.moe->shared_d_ff = d_ff, s.ffn.moe->shared_gate = true;
}

BlockSpec qwen2_moe(Config& c, int l) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s);
  set_qkv_bias(s, c.flag("qkv_bias", true));
  const bool use = c.flag("use_sliding_window", false);
  const int full = c.whole({"max_window_layers"}, 28);
  if (slides(c, l, use && l % 2 == 0 && l < full)) {
    if (!use) c.fail("layer_types", "full_attention, since use_sliding_window is false", "sliding_attention");
    set_window(s, c.whole({"sliding_window"}, 4096));
  }
  c.ignore({"sliding_window"});
  read_qwen_experts(c, s, l, 60, 4, 1408, false);
  read_shared_of_qwen(c, s, 5632);
  pre_norm(s, rms_said(c, 1e-6));
  return s;
}

BlockSpec qwen3_moe(Config& c, int l) {
  BlockSpec s = gated(c, 4);
  read_silu(c, s);
  read_rope(c, s);
  read_attention_bias(c, s);
  c.ignore({"max_window_layers"});
  if (c.flag("use_sliding_window", false)) set_window(s, c.whole_or_none("sliding_window", 4096));
  c.ignore({"sliding_window"});
  read_qwen_experts(c, s, l, 128, 8, 768, false);
  const NormSpec norm = rms_said(c, 1e-6);
  pre_norm(s, norm);
  norm_heads(s, norm, NormWidth::head_dim);
  return s;
}

// Attention of the layers that have some: a gate beside the queries, and norms of gain 1 + w.
BlockSpec qwen_next_of(Config& c, int l, int interval) {
  BlockSpec s = gated(c, 2, 256);
  read_silu(c, s);
  read_rope(c, s, {.partial = 0.25});
  read_attention_bias(c, s);
  s.attention.gate = Activation::sigmoid;
  interval = c.whole({"full_attention_interval"}, interval);
  if (!c.find({"layer_types"}) && (l + 1) % interval != 0)
    c.fail("full_attention_interval",
           "layer " + std::to_string(l) + " with attention, which no spec is without", "linear_attention");
  if (slides(c, l, false)) c.fail("layer_types", "full_attention", "sliding_attention");
  c.ignore({"linear_conv_kernel_dim", "linear_key_head_dim", "linear_value_head_dim", "linear_num_key_heads",
            "linear_num_value_heads"});
  const NormSpec norm = rms_said(c, 1e-6, 1);
  pre_norm(s, norm);
  norm_heads(s, norm, NormWidth::head_dim);
  return s;
}

BlockSpec qwen3_next(Config& c, int l) {
  BlockSpec s = qwen_next_of(c, l, 4);
  read_qwen_experts(c, s, l, 512, 10, 512, true);
  read_shared_of_qwen(c, s, 512);
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

// DeepSeek V3's router: sigmoids, with a correction where experts are chosen, in groups; a shared expert.
void read_deepseek_experts(Config& c, BlockSpec& s, Config::Keys experts, std::optional<int> how_many,
                           bool sparse, bool renormalises, Config::Keys shared = {"n_shared_experts"}) {
  MoeSpec& m = read_experts(c, s, experts, how_many, 8);
  m.score = RouterScore::sigmoid;
  m.correction_bias = true;
  m.renormalise = c.flag("norm_topk_prob", renormalises);
  m.scaling = c.number({"routed_scaling_factor"}, 1);
  m.groups = c.whole({"n_group"}, 1);
  m.chosen_groups = c.whole({"topk_group"}, 1);
  c.must_be("scoring_func", "sigmoid");
  c.must_be("topk_method", "noaux_tc");
  c.must_be("moe_layer_freq", 1);
  const int count = c.whole(shared, 1);
  set_sparse(c, s, sparse, 1408);
  if (s.ffn.moe) s.ffn.moe->shared_d_ff = count * s.ffn.d_ff;
}

bool is_behind_the_dense(Config& c, int l, double dense) {
  return l >= c.number({"first_k_dense_replace"}, dense);
}

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
  const std::optional<int> full = c.whole_or_none("max_window_layers", 62);
  if (slides(c, l, window && full && l >= *full)) set_window(s, window);
  read_deepseek_experts(c, s, {"n_routed_experts", "num_local_experts"}, {}, is_behind_the_dense(c, l, 0),
                        false);
  const NormSpec norm = rms_said(c, 1e-6);
  pre_norm(s, norm);
  norm_heads(s, norm, NormWidth::head_dim);
  return s;
}

bool is_sparse(Config& c, int l, bool otherwise) {
  const Config::Json* types = c.find({"mlp_layer_types"});
  if (!types) return otherwise;
  if (!types->is_array() || types->size() <= std::size_t(l))
    c.refuse("mlp_layer_types", "a list with a type for each layer", *types);
  const Config::Json& type = (*types)[std::size_t(l)];
  if (type != "dense" && type != "sparse")
    c.refuse("mlp_layer_types", "dense or sparse for layer " + std::to_string(l), type);
  return type == "sparse";
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

constexpr auto layer_names = joined(attention_names, ffn_norm_name);
constexpr auto dense_names = separate_names;

// One tensor for each, or all of them in two, as transformers has them in memory.
constexpr std::array<Named, 6> expert_names{{
    {"ffn.experts.*.gate_proj", "mlp.experts.*.gate_proj"},
    {"ffn.experts.*.up_proj", "mlp.experts.*.up_proj"},
    {"ffn.experts.*.down_proj", "mlp.experts.*.down_proj"},
    {"ffn.experts.*.gate_proj.weight", "mlp.experts.gate_up_proj", Piece::gate},
    {"ffn.experts.*.up_proj.weight", "mlp.experts.gate_up_proj", Piece::up},
    {"ffn.experts.*.down_proj.weight", "mlp.experts.down_proj"},
}};
constexpr std::array<Named, 1> router_name{{{"ffn.router", "mlp.gate"}}};
constexpr auto moe_names = joined(dense_names, joined(router_name, expert_names));

constexpr std::array<Named, 14> mixtral_experts{{
    {"ffn.router", "block_sparse_moe.gate"},
    {"ffn.experts.*.gate_proj", "block_sparse_moe.experts.*.w1"},
    {"ffn.experts.*.up_proj", "block_sparse_moe.experts.*.w3"},
    {"ffn.experts.*.down_proj", "block_sparse_moe.experts.*.w2"},
    {"ffn.correction_bias", "block_sparse_moe.e_score_correction_bias"},
    {"ffn.router", "mlp.gate"},
    {"ffn.experts.*.gate_proj", "mlp.experts.*.w1"},
    {"ffn.experts.*.up_proj", "mlp.experts.*.w3"},
    {"ffn.experts.*.down_proj", "mlp.experts.*.w2"},
    {"ffn.correction_bias", "mlp.e_score_correction_bias"},
    expert_names[3],
    expert_names[4],
    expert_names[5],
    {"ffn.router", "mlp.router"},
}};
constexpr auto mixtral_names = joined(layer_names, mixtral_experts);

constexpr std::array<Named, 4> qwen_shared{{{"ffn.shared.gate_proj", "mlp.shared_expert.gate_proj"},
                                            {"ffn.shared.up_proj", "mlp.shared_expert.up_proj"},
                                            {"ffn.shared.down_proj", "mlp.shared_expert.down_proj"},
                                            {"ffn.shared_gate", "mlp.shared_expert_gate"}}};
constexpr auto qwen_names = joined(moe_names, qwen_shared);

// A row for queries goes before those that the others have.
constexpr std::array<Named, 2> gated_queries{{{"attn.q_proj", "self_attn.q_proj", Piece::gated_q},
                                              {"attn.gate_proj", "self_attn.q_proj", Piece::gate_of_q}}};
constexpr auto qwen_next_names = joined(gated_queries, qwen_names);

constexpr std::array<Named, 3> shared_names{{{"ffn.shared.gate_proj", "mlp.shared_experts.gate_proj"},
                                             {"ffn.shared.up_proj", "mlp.shared_experts.up_proj"},
                                             {"ffn.shared.down_proj", "mlp.shared_experts.down_proj"}}};
constexpr std::array<Named, 2> deepseek_corrections{
    {{"ffn.correction_bias", "mlp.gate.e_score_correction_bias"},
     {"ffn.correction_bias", "mlp.e_score_correction_bias"}}};
constexpr auto deepseek_names = joined(moe_names, joined(shared_names, deepseek_corrections));

constexpr std::array<Named, 2> ernie_corrections{
    {{"ffn.correction_bias", "mlp.moe_statics.e_score_correction_bias"},
     {"ffn.correction_bias", "mlp.gate.moe_statics.e_score_correction_bias"}}};
constexpr auto ernie_names = joined(moe_names, joined(shared_names, ernie_corrections));

constexpr std::array<Named, 4> hunyuan_only{{{"ffn.router", "mlp.gate.wg"},
                                             {"ffn.shared.gate_proj", "mlp.shared_mlp.gate_proj"},
                                             {"ffn.shared.up_proj", "mlp.shared_mlp.up_proj"},
                                             {"ffn.shared.down_proj", "mlp.shared_mlp.down_proj"}}};
constexpr auto hunyuan_names = joined(layer_names, joined(hunyuan_only, expert_names));

constexpr auto flex_olmo_names = joined(output_names, joined(router_name, expert_names));

constexpr std::array<Named, 6> afmoe_only{{{"attn.norm_out", "post_attention_layernorm"},
                                           {"ffn.norm_in", "pre_mlp_layernorm"},
                                           {"ffn.norm_out", "post_mlp_layernorm"},
                                           {"attn.gate_proj", "self_attn.gate_proj"},
                                           {"ffn.router", "mlp.router.gate"},
                                           {"ffn.correction_bias", "mlp.expert_bias"}}};
constexpr auto afmoe_names = joined(joined(attention_names, afmoe_only),
                                    joined(feed_forward_names, joined(shared_names, expert_names)));

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
constexpr auto granite_names = joined(layer_names, granite_experts);

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
constexpr auto gpt_oss_names = joined(layer_names, gpt_oss_only);

constexpr Model moe_table[] = {{"mixtral", mixtral, "layers", "norm", mixtral_names},
                               {"qwen2_moe", qwen2_moe, "layers", "norm", qwen_names},
                               {"qwen3_moe", qwen3_moe, "layers", "norm", moe_names},
                               {"qwen3_next", qwen3_next, "layers", "norm", qwen_next_names},
                               {"olmoe", olmoe, "layers", "norm", moe_names},
                               {"flex_olmo", flex_olmo, "layers", "norm", flex_olmo_names},
                               {"granitemoe", granitemoe, "layers", "norm", granite_names},
                               {"granitemoeshared", granitemoeshared, "layers", "norm", granite_names},
                               {"hunyuan_v1_moe", hunyuan_v1_moe, "layers", "norm", hunyuan_names},
                               {"ernie4_5_moe", ernie4_5_moe, "layers", "norm", ernie_names},
                               {"glm4_moe", glm4_moe, "layers", "norm", deepseek_names},
                               {"solar_open", solar_open, "layers", "norm", deepseek_names},
                               {"dots1", dots1, "layers", "norm", deepseek_names},
                               {"exaone_moe", exaone_moe, "layers", "norm", deepseek_names},
                               {"mellum", mellum, "layers", "norm", moe_names},
                               {"minimax_m2", minimax_m2, "layers", "norm", mixtral_names},
                               {"afmoe", afmoe, "layers", "norm", afmoe_names},
                               {"gpt_oss", gpt_oss, "layers", "norm", gpt_oss_names}};

}  // namespace

std::span<const Model> moe_models() { return moe_table; }

}  // namespace plumbline
