#include "golden/generate/cases/cases.hpp"
#include "golden/generate/cases/specs.hpp"

namespace plumbline::golden {

// Experts of every kind of score, chosen from all and from groups.
void add_experts(List& list) {
  const auto add = [&](const char* name, const MoeSpec& m, FeedForwardKind kind) {
    BlockSpec s = layout("pre_norm", 6);
    s.part = Part::ffn;
    s.ffn.kind = kind;
    s.ffn.activation = Activation::silu;
    s.ffn.d_ff = 5;
    s.ffn.moe = m;
    list.add(std::string("moe/") + name, s, Regime::plain, 4);
  };
  add("two-of-eight", {}, FeedForwardKind::glu);
  add("one-of-three-not-renormalised", {.experts = 3, .top_k = 1, .router_bias = true, .renormalise = false},
      FeedForwardKind::mlp);
  add("groups",
      {.experts = 6,
       .top_k = 3,
       .score = RouterScore::sigmoid,
       .correction_bias = true,
       .scaling = 2.5,
       .groups = 3,
       .chosen_groups = 2,
       .shared_d_ff = 4},
      FeedForwardKind::glu);
  add("largest-of-groups",
      {.experts = 4, .groups = 2, .group_score = GroupScore::largest, .shared_d_ff = 3, .shared_gate = true},
      FeedForwardKind::glu);
}

}  // namespace plumbline::golden
