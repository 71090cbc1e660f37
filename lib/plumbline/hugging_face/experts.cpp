#include "plumbline/hugging_face/experts.hpp"

namespace plumbline {

MoeSpec& read_experts(Config& c, BlockSpec& s, Config::Keys experts, std::optional<int> how_many,
                      std::optional<int> chosen) {
  s.ffn.moe = MoeSpec{};
  s.ffn.moe->experts = c.whole(experts, how_many);
  s.ffn.moe->top_k = c.whole({"num_experts_per_tok", "moe_k"}, chosen);
  return *s.ffn.moe;
}

void set_sparse(Config& c, BlockSpec& s, bool sparse, std::optional<int> width) {
  const int d_ff = c.whole({"moe_intermediate_size"}, width);
  if (sparse)
    s.ffn.d_ff = d_ff;
  else
    s.ffn.moe.reset();
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

bool is_behind_the_dense(Config& c, int l, double dense) {
  return l >= c.number({"first_k_dense_replace"}, dense);
}

void read_deepseek_experts(Config& c, BlockSpec& s, Config::Keys experts, std::optional<int> how_many,
                           bool sparse, bool renormalises, Config::Keys shared) {
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

}  // namespace plumbline
