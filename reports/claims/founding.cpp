#include <fmt/format.h>

#include <algorithm>

#include "plumbline/spec/presets.hpp"
#include "reports/chains/chains_page.hpp"
#include "reports/claims/claims.hpp"
#include "reports/findings/setting.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* founding_text = "founding text";
constexpr const char* findings = "findings.md";

double number(const Mp50& x) { return static_cast<double>(x); }
double largest(const Interval60& x) { return static_cast<double>(magnitude(x)); }

Claim near_identity(const Evidence& e) {
  const IdentityRoute &pre = silent(e.findings, "pre_norm", 3), &post = silent(e.findings, "post_norm", 3);
  return {.id = "near-identity",
          .says = "pre-norm: the model can fall back to near-identity behavior",
          .source = founding_text,
          .if_so = Verdict::holds,
          .otherwise = Verdict::refuted,
          .line = "Exactly: with silent branches y = x and J = I. Post-norm cannot.",
          .tried =
              "one block, " + enclosed_size() + ", branches silent, rows of standard deviation 3; enclosures",
          .comparisons = {{"pre-norm, largest |y − x|/|x|", largest(pre.value), Relation::at_most, 0},
                          {"pre-norm, largest |J − I|", largest(pre.jacobian), Relation::at_most, 0},
                          {"post-norm, smallest |y − x|/|x|", number(static_cast<Mp50>(lower(post.value))),
                           Relation::at_least, 0.1}},
          .laws = {"PRE-2", "META-3"},
          .page = findings};
}

Claim no_residual(const Evidence& e) {
  return {.id = "no-residual",
          .says = "post-norm has no residual connection (the text calls it a common wrong answer)",
          .source = founding_text,
          .if_so = Verdict::refuted,
          .otherwise = Verdict::not_implied,
          .line = "The residual is there, and its identity is normalized afterwards.",
          .tried = "one block with silent branches, " + enclosed_size() + "; enclosures of |J|²/(T d)",
          .comparisons = {{"as it is, at least", number(static_cast<Mp50>(lower(e.findings.residual.kept))),
                           Relation::at_least, 0.5},
                          {"without residuals, at most", largest(e.findings.residual.dropped),
                           Relation::at_most, 0}},
          .page = findings};
}

Claim shrink_or_stretch(const Evidence& e) {
  double least_rest = 1e300, most_rest = 0;
  for (const NormJacobian& n : e.findings.norms) {
    most_rest = std::max(most_rest, number(static_cast<Mp50>(lower(n.on_rest))));
    least_rest = std::min(least_rest, largest(n.on_rest));
  }
  return {
      .id = "shrink-or-stretch",
      .says = "post-norm: each layer can shrink or stretch some directions",
      .source = founding_text,
      .if_so = Verdict::holds,
      .otherwise = Verdict::refuted,
      .line =
          "A LayerNorm takes two directions of a row and multiplies the others by one number, which may be "
          "below or above 1.",
      .tried = "LayerNorm of rows of length 8 and several variances; enclosures",
      .comparisons = {{"smallest factor, at most", least_rest, Relation::at_most, 1},
                      {"largest factor, at least", most_rest, Relation::at_least, 1}},
      .laws = {"LN-5"},
      .page = findings};
}

Claim normalized_output(const Evidence& e) {
  const OutputScale &post = deepest_output(e.findings, "post_norm"),
                    &pre = deepest_output(e.findings, "pre_norm");
  return {
      .id = "normalized-output",
      .says = "post-norm: the block output always passes through normalization",
      .source = founding_text,
      .if_so = Verdict::holds_with_a_condition,
      .otherwise = Verdict::refuted,
      .line = "With unit gain and zero bias, and up to eps: the mean square is v/(v + eps), not 1.",
      .tried = fmt::format("stacks of {} layers at Xavier initialisation, {}; the last layer in enclosures",
                           post.layers, enclosed_size()),
      .comparisons = {{"post-norm, largest mean square of a row", largest(post.largest_square),
                       Relation::at_most, 1},
                      {"post-norm, smallest", number(static_cast<Mp50>(lower(post.least_square))),
                       Relation::at_least, 0.99},
                      {"pre-norm, smallest", number(static_cast<Mp50>(lower(pre.least_square))),
                       Relation::at_least, 2}},
      .laws = {"POST-1", "POST-1b", "LN-1"},
      .page = findings};
}

Claim toy_chain(const Evidence& e) {
  const GradientSettings& any = e.chains.stacks.at("post_norm").at(deepest).front().settings;
  double least_ratio = 1e300;
  for (const GradientChain& g : e.chains.stacks.at("post_norm").at(deepest))
    least_ratio = std::min(
        least_ratio, number(Mp50(g.gradient[0] / g.gradient[deepest] / toy_gain("post_norm", deepest))));
  return {
      .id = "toy-chain",
      .says = "post-norm multiplies the gradient by 0.8 · 1.05 = 0.84 a layer, pre-norm by 1.05",
      .source = founding_text,
      .if_so = Verdict::refuted,
      .otherwise = Verdict::holds,
      .line =
          "Right as arithmetic; networks at initialisation do not follow it. The text says itself “do not "
          "over-read the numbers”.",
      .tried = fmt::format("post-norm, {} layers, d = {}, {} tokens, Xavier, LayerNorm, {} seeds; 50 digits",
                           deepest, any.d, any.tokens, seeds.size()),
      .comparisons = {{"smallest factor on the gradient, over the toy's", least_ratio, Relation::at_least,
                       1000}},
      .page = findings};
}

Claim users(const Evidence&) {
  int pre = 0, all = 0;
  for (const char* preset : {"gpt2", "llama", "gemma2"}) {
    const BlockSpec s = find_preset(preset).make({});
    pre += s.norm_slots.attn.in && s.norm_slots.ffn.in && !s.norm_slots.attn.out && !s.norm_slots.attn.post;
    ++all;
  }
  return {.id = "users",
          .says = "GPT, LLaMA, Mistral and Gemma prefer pre-norm",
          .source = founding_text,
          .if_so = Verdict::holds_with_a_condition,
          .otherwise = Verdict::holds,
          .line =
              "GPT-2, LLaMA and Mistral do. Gemma 2 normalizes what a branch writes as well; GPT-1 was "
              "post-norm.",
          .tried = "the presets of these models",
          .comparisons = {{"presets with a norm before each branch and nowhere else", double(pre),
                           Relation::at_least, 0.5},
                          {"the same", double(pre), Relation::at_most, all - 0.5}},
          .page = findings};
}

}  // namespace

std::vector<Claim> founding_claims(const Evidence& e) {
  Claim route{.id = "route",
              .says = "pre-norm keeps an I + … route, post-norm multiplies the route by J_LN at every layer",
              .source = founding_text,
              .if_so = Verdict::holds,
              .otherwise = Verdict::refuted,
              .line = "Both formulas are read off the code that computes the block.",
              .tried = "random blocks; enclosures of 60 digits",
              .comparisons = {},
              .laws = {"PRE-1", "POST-2b"},
              .page = findings};
  return {route,        near_identity(e), no_residual(e), shrink_or_stretch(e), normalized_output(e),
          toy_chain(e), users(e)};
}

}  // namespace plumbline::reports
