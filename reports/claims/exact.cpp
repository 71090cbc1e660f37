// Claims of papers that exact chains and laws decide.
#include <fmt/format.h>

#include <cmath>

#include "reports/chains/chains_page.hpp"
#include "reports/claims/claims.hpp"

namespace plumbline::reports {
namespace {

std::string chains_tried(const Evidence& e) {
  const GradientSettings& any = e.chains.stacks.at("pre_norm").at(deepest).front().settings;
  return fmt::format(
      "{} to {} layers, d = {}, {} tokens, Xavier, LayerNorm, geometric mean of {} seeds; 50 digits",
      stack_depths.front(), deepest, any.d, any.tokens, seeds.size());
}

double weight_gradient(const Evidence& e, const char* layout, int layers, int layer) {
  std::vector<Mp50> values;
  for (const GradientChain& g : e.chains.stacks.at(layout).at(layers)) values.push_back(g.weight[layer]);
  return static_cast<double>(band(values).mean);
}

// The power of L with which the last layer's weight gradient goes, from the shallowest to the deepest stack.
double last_layer_power(const Evidence& e, const char* layout) {
  const int shallow = stack_depths.front();
  return std::log(weight_gradient(e, layout, deepest, deepest) /
                  weight_gradient(e, layout, shallow, shallow)) /
         std::log(double(deepest) / shallow);
}

Claim last_layer(const Evidence& e) {
  const double pre = last_layer_power(e, "pre_norm"), post = last_layer_power(e, "post_norm");
  return {
      .id = "last-layer-gradient",
      .says =
          "at initialisation the last layer's weight gradient does not depend on depth in post-LN, and goes "
          "like 1/√L in pre-LN",
      .source = "arXiv 2002.04745",
      .if_so = Verdict::holds,
      .otherwise = Verdict::refuted,
      .line = "Both powers are seen. The paper bounds the gradient from above, and so it is.",
      .tried = chains_tried(e),
      .comparisons = {{"pre-norm, power of L", pre, Relation::at_most, -0.4},
                      {"pre-norm, power of L", pre, Relation::at_least, -0.6},
                      {"post-norm, size of the power", std::abs(post), Relation::at_most, 0.1}},
      .page = "chains.md"};
}

Claim deep_layers_of_pre(const Evidence& e) {
  const double last = weight_gradient(e, "pre_norm", deepest, deepest),
               first = weight_gradient(e, "pre_norm", deepest, 1);
  return {
      .id = "pre-deep-layers",
      .says = "pre-LN: the gradients of deep layers are smaller than those of early ones",
      .source = "arXiv 2412.13795",
      .if_so = Verdict::holds,
      .otherwise = Verdict::refuted,
      .line =
          "At initialisation, by the square root of depth: what the branch reads is divided by the stream.",
      .tried = chains_tried(e),
      .comparisons = {{"last layer's weight gradient over the first's, deepest stack", last / first,
                       Relation::at_most, 0.5}},
      .page = "chains.md"};
}

Claim early_layers_of_post(const Evidence& e) {
  const double last = weight_gradient(e, "post_norm", deepest, deepest),
               first = weight_gradient(e, "post_norm", deepest, 1);
  return {.id = "post-early-layers",
          .says = "post-LN: the gradients of early layers vanish",
          .source = "arXiv 2412.13795",
          .if_so = Verdict::refuted,
          .otherwise = Verdict::holds,
          .line = "Not their length, at initialisation; the directions in which they can point are few.",
          .tried = chains_tried(e),
          .comparisons = {{"first layer's weight gradient over the last's, deepest stack", first / last,
                           Relation::at_least, 0.01}},
          .page = "chains.md"};
}

Claim softmax_norm(const Evidence&) {
  return {
      .id = "softmax-norm",
      .says =
          "the norm of the softmax Jacobian from ∞ to 1 is θ(p)/τ, θ = max 4 m (1 − m) over sets of weight m",
      .source = "arXiv 2602.18849",
      .if_so = Verdict::holds,
      .otherwise = Verdict::refuted,
      .line =
          "|S σ|₁ = 4 m (1 − m) for every pattern of signs σ, m the weight of the positive ones, so the "
          "largest "
          "is the norm.",
      .tried = "random rows; enclosures of 60 digits",
      .comparisons = {},
      .laws = {"ATT-5", "ATT-5c"},
      .page = "properties.md"};
}

Claim identity_path(const Evidence&) {
  return {
      .id = "identity-path",
      .says = "pre-LN keeps an identity path: J is the sum over all paths through the branches, I among them",
      .source = "arXiv 2602.18849",
      .if_so = Verdict::holds,
      .otherwise = Verdict::refuted,
      .line = "As an identity, with a bound on what longer paths add.",
      .tried = "random blocks; enclosures of 60 digits",
      .comparisons = {},
      .laws = {"PRE-1", "PRE-10", "PRE-7"},
      .page = "properties.md"};
}

}  // namespace

std::vector<Claim> exact_claims(const Evidence& e) {
  return {last_layer(e), deep_layers_of_pre(e), early_layers_of_post(e), softmax_norm(e), identity_path(e)};
}

}  // namespace plumbline::reports
