// Parameters by their names and shapes are the anatomy of a block, or say in a line why they are none.
#include "plumbline/identify/anatomy.hpp"

#include <gtest/gtest.h>

#include "identify/boxes.hpp"

namespace plumbline {
namespace {

using identify::Anatomy;

std::string refusal(const std::vector<identify::Tensor>& tensors, const identify::KnownSizes& known = {}) {
  try {
    identify::anatomy_of(tensors, known);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Anatomy, ParametersThatMakeNoBlockAreRefused) {
  const std::vector<identify::Tensor> gpt2 = tensors_of(find_preset("gpt2").make(box_sizes));
  const auto without = [&](const std::string& name) {
    auto t = gpt2;
    std::erase_if(t, [&](const auto& x) { return x.name == name; });
    return t;
  };
  const auto with = [&](const std::string& name, std::vector<std::int64_t> shape) {
    auto t = without(name);
    t.push_back({name, std::move(shape)});
    return t;
  };
  EXPECT_EQ(refusal({}), "parameters: expected the names and shapes of some, found none");
  EXPECT_EQ(refusal(with("layers.0.attn.frob.weight", {3})),
            "parameter layers.0.attn.frob.weight: expected a projection or a norm that is known by its name "
            "(q_proj, "
            "..., norm), found [3]");
  EXPECT_EQ(refusal(with("layers.0.attn.rope", {3})),
            "parameter layers.0.attn.rope: expected a name that ends in .weight or .bias");
  EXPECT_EQ(
      refusal(with("layers.0.attn.q_proj.alpha", {1})),
      "parameter layers.0.attn.q_proj.alpha: expected a norm, since its name ends in .alpha, found [1]");
  EXPECT_EQ(refusal(with("layers.0.attn.norm_in.alpha", {15})),
            "parameter layers.0.attn.norm_in.alpha: expected [1], found [15]");
  EXPECT_EQ(refusal(without("layers.0.attn.v_proj.weight")),
            "parameters: expected one called attn.v_proj.weight, found none");
  EXPECT_EQ(refusal(with("layers.0.attn.norm_in.weight", {9})),
            "parameter layers.0.attn.norm_in.weight: expected [d = 15], found [9]");
  EXPECT_EQ(refusal(with("layers.0.ffn.down_proj.weight", {21, 15})),
            "parameter layers.0.ffn.down_proj.weight: expected [15, 21], found [21, 15]");
  EXPECT_EQ(refusal(gpt2, {.d = 16}),
            "parameter layers.0.attn.q_proj.weight: expected [out, d = 16], found [24, 15]");
  EXPECT_EQ(refusal(gpt2, {.n_heads = 5}),
            "heads: 24 rows of q_proj and 12 of k_proj are no whole number of such heads");
  EXPECT_EQ(refusal(with("layers.1.attn.q_proj.weight", {24, 15})),
            "parameters: expected 16 of layer 1, as layer 0 has, found 1");
}

TEST(Anatomy, ExpertsThatMakeNoMixtureAreRefused) {
  const std::vector<identify::Tensor> mixtral = tensors_of(find_preset("mixtral").small(box_sizes));
  const auto with = [&](const std::string& name, std::vector<std::int64_t> shape) {
    auto t = mixtral;
    std::erase_if(t, [&](const auto& x) { return x.name == name; });
    if (!shape.empty()) t.push_back({name, std::move(shape)});
    return t;
  };
  const Anatomy a = identify::anatomy_of(mixtral, {.n_heads = 4});
  EXPECT_EQ(a.spec.ffn.moe->experts, 4);
  EXPECT_EQ(a.ours.at("layers.0.ffn.experts.3.up_proj.weight").name, "layers.0.ffn.experts.3.up_proj.weight");
  EXPECT_EQ(
      refusal(with("layers.0.ffn.router.weight", {5, 15})),
      "parameter layers.0.ffn.router.weight: expected as many rows as there are experts, 4, found [5, 15]");
  EXPECT_EQ(refusal(with("layers.0.ffn.experts.2.up_proj.weight", {20, 15})),
            "parameter layers.0.ffn.experts.2.up_proj.weight: expected the shape of "
            "layers.0.ffn.experts.0.up_proj.weight, [21, 15], found [20, 15]");
  EXPECT_EQ(refusal(with("layers.0.ffn.router.weight", {})),
            "parameter layers.0.ffn.experts.0.gate_proj.weight: expected a router beside the experts, found "
            "[21, 15]");
}

}  // namespace
}  // namespace plumbline
