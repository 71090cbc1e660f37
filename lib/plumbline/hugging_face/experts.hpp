// What the configurations of mixtures of experts say in the same way, and what their parameters are called.
#pragma once

#include "plumbline/hugging_face/gated.hpp"

namespace plumbline {

// How many experts there are and how many a token is given to; weights are renormalised unless something says
// otherwise. Experts are as wide as the feed-forward is.
MoeSpec& read_experts(Config& c, BlockSpec& s, Config::Keys experts, std::optional<int> how_many,
                      std::optional<int> chosen);
// Layers that have no experts have one feed-forward, of another width.
void set_sparse(Config& c, BlockSpec& s, bool sparse, std::optional<int> width);
// Whether `mlp_layer_types` says that a layer has experts; `otherwise` where the key is absent.
bool is_sparse(Config& c, int l, bool otherwise);
// Whether `first_k_dense_replace` says that a layer has experts.
bool is_behind_the_dense(Config& c, int l, double dense);
// DeepSeek V3's router: sigmoids, with a correction where experts are chosen, in groups; a shared expert.
void read_deepseek_experts(Config& c, BlockSpec& s, Config::Keys experts, std::optional<int> how_many,
                           bool sparse, bool renormalises, Config::Keys shared = {"n_shared_experts"});

inline constexpr auto dense_layer_names = joined(attention_names, ffn_norm_name);

// One tensor for each, or all of them in two, as transformers has them in memory.
inline constexpr std::array<Named, 6> expert_names{{
    {"ffn.experts.*.gate_proj", "mlp.experts.*.gate_proj"},
    {"ffn.experts.*.up_proj", "mlp.experts.*.up_proj"},
    {"ffn.experts.*.down_proj", "mlp.experts.*.down_proj"},
    {"ffn.experts.*.gate_proj.weight", "mlp.experts.gate_up_proj", Piece::gate},
    {"ffn.experts.*.up_proj.weight", "mlp.experts.gate_up_proj", Piece::up},
    {"ffn.experts.*.down_proj.weight", "mlp.experts.down_proj"},
}};

inline constexpr std::array<Named, 1> router_name{{{"ffn.router", "mlp.gate"}}};

inline constexpr auto moe_names = joined(separate_names, joined(router_name, expert_names));

inline constexpr std::array<Named, 14> mixtral_experts{{
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

inline constexpr auto mixtral_names = joined(dense_layer_names, mixtral_experts);

inline constexpr std::array<Named, 3> shared_names{
    {{"ffn.shared.gate_proj", "mlp.shared_experts.gate_proj"},
     {"ffn.shared.up_proj", "mlp.shared_experts.up_proj"},
     {"ffn.shared.down_proj", "mlp.shared_experts.down_proj"}}};

inline constexpr std::array<Named, 2> deepseek_corrections{
    {{"ffn.correction_bias", "mlp.gate.e_score_correction_bias"},
     {"ffn.correction_bias", "mlp.e_score_correction_bias"}}};

inline constexpr auto deepseek_names = joined(moe_names, joined(shared_names, deepseek_corrections));

}  // namespace plumbline
