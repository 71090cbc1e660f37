// Claims about stacks of several layouts at initialisation, from the record over seeds, sizes and norms.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/chains/depth_page.hpp"
#include "reports/claims/claims.hpp"

namespace plumbline::reports {
namespace {

constexpr int shallow = 6, middle = 16, deep = 256, widest = 32;
constexpr const char* record_page = "chains.md";

using Stacks = std::vector<const StackRecord*>;

Seeds factor_at(const Stacks& stacks, int layers) {
  return gathered(stacks, [&](const StackRecord& s) { return s.gradient.at(layers); });
}

// By seed the power of L with which the stream's mean square grows between those two layers.
Seeds growth(const Stacks& stacks, int from, int to) {
  return gathered(stacks, [&](const StackRecord& s) {
    Seeds powers = s.mean_square.at(to);
    for (std::size_t i = 0; i < powers.size(); ++i)
      powers[i] = (powers[i] - s.mean_square.at(from)[i]) / std::log10(double(to) / from);
    return powers;
  });
}

// Of one setting log10 of the largest factor through the deepest stack over the smallest.
Seeds spread(const Stacks& stacks) {
  return gathered(stacks, [](const StackRecord& s) {
    const Seeds& v = s.gradient.at(deep);
    return Seeds{most(v) - least(v)};
  });
}

std::string from_to(const char* what, const char* which) {
  return fmt::format("{} from {} to {} layers, {}", what, middle, deep, which);
}

std::string tried(const DepthRecord& r, const std::string& more = "") {
  return "stacks at Xavier initialisation (deep_norm: at its own), " + settings_text(r) + more;
}

Claim skip_decay(const DepthRecord& r) {
  const double claimed = -deep * std::log10(2.0);
  return {
      .id = "post-skip-decay",
      .says = "post-LN: the signal through the skip decays as 2^-L, and this is why deep post-LN fails",
      .source = "arXiv 2601.19895",
      .if_so = Verdict::refuted,
      .otherwise = Verdict::holds,
      .line =
          "Refuted is the cause, at initialisation, not the remedy: the skip alone decays so, but a gradient "
          "passes the branches too, which add most of what the norms remove.",
      .tried = tried(r),
      .comparisons =
          {{fmt::format("log10 of the smallest factor through {} layers, against half of log10 2^-L", deep),
            least(factor_at(those(r, {.layout = "post_norm"}), deep)), Relation::at_least, claimed / 2}},
      .page = record_page};
}

// The largest size moves least: where rows are short a random gradient has a share of its own along the
// norm's null directions, whatever the depth.
Claim keeps_gradients(const DepthRecord& r, const char* id, const char* says, const char* source,
                      const char* layout) {
  const Seeds wide = factor_at(those(r, {.layout = layout, .d = widest}), deep);
  Claim c{
      .id = id,
      .says = says,
      .source = source,
      .if_so = Verdict::holds,
      .otherwise = Verdict::refuted,
      .line = "At initialisation, for every seed.",
      .tried = tried(r),
      .comparisons = {{fmt::format("d = {}, log10 of the smallest factor through {} layers", widest, deep),
                       least(wide), Relation::at_least, std::log10(0.9)},
                      {fmt::format("d = {}, the largest", widest), most(wide), Relation::at_most,
                       std::log10(1.1)}},
      .page = record_page};
  return c;
}

Claim keel(const DepthRecord& r) {
  Claim c = keeps_gradients(r, "keel-keeps-gradients", "Keel keeps gradients at 1024 layers",
                            "arXiv 2601.19895", "keel");
  Seeds change;
  int deepest_keel = 0;
  for (const StackRecord* s : those(r, {.layout = "keel"})) {
    const auto& [layers, last] = *s->gradient.rbegin();
    deepest_keel = std::max(deepest_keel, layers);
    for (std::size_t i = 0; layers > deep && i < last.size(); ++i)
      change.push_back(std::abs(last[i] - s->gradient.at(shallow)[i]));
  }
  c.comparisons.push_back({fmt::format("log10 of the largest change from {} layers to the deepest stack, {}",
                                       shallow, deepest_keel),
                           most(change), Relation::at_most, std::log10(1.1)});
  return c;
}

Claim compounds(const DepthRecord& r) {
  const Stacks post = those(r, {.layout = "post_norm"}), pre = those(r, {.layout = "pre_norm"});
  const auto smallest = [](const StackRecord& s) { return s.smallest; };
  const double post_most = most(gathered(post, smallest));
  return {
      .id = "post-compounds",
      .says = "post-LN compounds the norms' Jacobians exponentially",
      .source = "arXiv 2602.18849",
      .if_so = Verdict::holds_with_a_condition,
      .otherwise = Verdict::refuted,
      .line = "Of the directions that are kept least. A gradient's length shrinks far more slowly.",
      .tried = tried(r),
      .comparisons =
          {{fmt::format("log10 of the smallest singular value, {} layers, post-norm, the largest", r.layers),
            post_most, Relation::at_most, -20},
           {"the same in pre-norm, the smallest", least(gathered(pre, smallest)), Relation::at_least, -20},
           {fmt::format("post-norm, log10 of the factor on the length, {} layers, the smallest", r.layers),
            least(factor_at(post, r.layers)), Relation::at_least, post_most}},
      .page = record_page};
}

// A power law has the same power between any two depths; that of an exponential grows with depth, by a factor
// of four from 32 and 64 layers to 128 and 256.
Claim pre_exponential(const DepthRecord& r) {
  const Stacks pre = those(r, {.layout = "pre_norm"});
  return {
      .id = "pre-exponential",
      .says = "pre-LN: the variance of the stream grows exponentially with depth",
      .source = "arXiv 2502.02732, 2502.05795",
      .if_so = Verdict::not_implied,
      .otherwise = Verdict::holds,
      .line = "At initialisation it grows like a power of L. Trained stacks are not run here.",
      .tried = tried(r),
      .comparisons = {{from_to("power of L", "the largest"), most(growth(pre, middle, deep)),
                       Relation::at_most, 2},
                      {fmt::format("power of L from {} to {} layers, mean, against twice that from {} to {}",
                                   deep / 2, deep, 2 * middle, 4 * middle),
                       mean(growth(pre, deep / 2, deep)), Relation::at_most,
                       2 * mean(growth(pre, 2 * middle, 4 * middle))}},
      .page = record_page};
}

Claim sandwich_linear(const DepthRecord& r) {
  const double power = mean(growth(those(r, {.layout = "sandwich"}), middle, deep));
  return {.id = "peri-linear",
          .says = "Peri-LN (sandwich): the variance of the stream grows about linearly",
          .source = "arXiv 2502.02732",
          .if_so = Verdict::holds,
          .otherwise = Verdict::refuted,
          .line = "At initialisation: each branch writes rows of mean square 1.",
          .tried = tried(r, "; the largest size aside"),
          .comparisons = {{from_to("power of L", "mean"), power, Relation::at_least, 0.8},
                          {"the same", power, Relation::at_most, 1.2}},
          .page = record_page};
}

Claim scaling_repairs(const DepthRecord& r) {
  const Seeds scaled = growth(those(r, {.layout = "layer_norm_scaling"}), middle, deep);
  return {.id = "scaling-repairs",
          .says = "LayerNorm scaling (1/√l) keeps the stream's variance from growing as in pre-LN",
          .source = "arXiv 2502.05795",
          .if_so = Verdict::holds,
          .otherwise = Verdict::refuted,
          .line = "At initialisation. What it does for training is not run here.",
          .tried = tried(r, "; the largest size aside"),
          .comparisons = {{from_to("power of L", "the largest"), most(scaled), Relation::at_most,
                           least(growth(those(r, {.layout = "pre_norm"}), middle, deep))}},
          .page = record_page};
}

Claim pre_magnitude(const DepthRecord& r) {
  Seeds power = growth(those(r, {.layout = "pre_norm"}), middle, deep);
  for (double& p : power) p /= 2;  // of the root mean square
  return {
      .id = "pre-magnitude",
      .says = "pre-norm: the stream's magnitude grows as O(L)",
      .source = "arXiv 2603.15031",
      .if_so = Verdict::holds_with_a_condition,
      .otherwise = Verdict::refuted,
      .line =
          "As a bound. At initialisation, where branches are nearly independent, it grows like √L; L needs "
          "branches that agree.",
      .tried = tried(r),
      .comparisons = {{from_to("power of L of the root mean square", "the largest"), most(power),
                       Relation::at_most, 1},
                      {"its mean", mean(power), Relation::at_most, 0.6}},
      .page = record_page};
}

Claim survive(const DepthRecord& r) {
  return {.id = "gradients-survive",
          .says = "pre-norm keeps a cleaner identity route, so gradients survive deep stacks more reliably",
          .source = "founding text",
          .if_so = Verdict::holds,
          .otherwise = Verdict::refuted,
          .line = "At initialisation: none shrinks, and seeds are closer together than in post-norm.",
          .tried = tried(r),
          .comparisons = {{fmt::format("pre-norm, log10 of the smallest factor through {} layers", deep),
                           least(factor_at(those(r, {.layout = "pre_norm"}), deep)), Relation::at_least, 0},
                          {"pre-norm, log10 of the largest over the smallest, mean of the settings",
                           mean(spread(those(r, {.layout = "pre_norm"}))), Relation::at_most,
                           mean(spread(those(r, {.layout = "post_norm"})))}},
          .page = record_page};
}

Claim rank(const DepthRecord& r) {
  return {
      .id = "rank",
      .says = "post-norm loses rank with depth, rather than length",
      .source = "this project",
      .if_so = Verdict::holds_with_a_condition,
      .otherwise = Verdict::refuted,
      .line =
          "At initialisation, in every stack whose branches are as strong as Xavier's. With GPT-2's weights, "
          "which make branches nearly silent at these widths, no direction is lost. Length is lost too, far "
          "more slowly, and the less the wider the stack.",
      .tried = tried(r),
      .comparisons =
          {{fmt::format("post-norm, largest share of directions that keep a thousandth, {} layers", r.layers),
            most(gathered(those(r, {.layout = "post_norm"}), kept_share)), Relation::at_most,
            least(gathered(those(r, {.layout = "pre_norm"}), kept_share))},
           {"the same with GPT-2's initialisation, the smallest",
            least(gathered(those(r, {.layout = "post_norm", .initialisation = "gpt2"}), kept_share)),
            Relation::at_least, 0.99}},
      .page = record_page};
}

Claim attention_does_it(const DepthRecord& r) {
  const auto smallest = [](const StackRecord& s) { return s.smallest; };
  const auto of = [&](const char* branches) {
    return gathered(those(r, {.layout = "post_norm", .branches = branches}), smallest);
  };
  return {.id = "attention-does-it",
          .says = "in post-norm it is attention that takes most of the rank",
          .source = "this project",
          .if_so = Verdict::holds,
          .otherwise = Verdict::refuted,
          .line =
              "At initialisation: with attention alone more is lost than with the feed-forward alone, for "
              "every seed.",
          .tried = tried(r, ", one branch at a time"),
          .comparisons = {{"log10 of the smallest singular value, attention alone, the largest",
                           most(of("attention")), Relation::at_most, least(of("feed-forward"))}},
          .page = record_page};
}

Claim two_streams(const DepthRecord& r, const char* id, const char* says, const char* source,
                  const char* layout) {
  const Seeds post = factor_at(those(r, {.layout = "post_norm"}), deep);
  return {.id = id,
          .says = says,
          .source = source,
          .if_so = Verdict::holds,
          .otherwise = Verdict::refuted,
          .line = "At initialisation: one of the two streams is never normalized, and carries the input.",
          .tried = tried(r),
          .comparisons =
              {{fmt::format("smallest share of directions that keep a thousandth, {} layers", r.layers),
                least(gathered(those(r, {.layout = layout}), kept_share)), Relation::at_least,
                most(gathered(those(r, {.layout = "post_norm"}), kept_share))},
               {fmt::format("log10 of the smallest factor through {} layers, against post-norm's mean", deep),
                least(factor_at(those(r, {.layout = layout}), deep)), Relation::at_least, mean(post)}},
          .page = record_page};
}

Claim hybrid(const DepthRecord& r) {
  return {
      .id = "hybrid-strengths",
      .says = "HybridNorm unites the strengths of pre-norm and post-norm",
      .source = "arXiv 2503.04598",
      .if_so = Verdict::not_implied,
      .otherwise = Verdict::holds,
      .line =
          "Not at initialisation: the feed-forward's norm stands on the stream, and rank is lost as in "
          "post-norm. What becomes of it in training is another question.",
      .tried = tried(r),
      .comparisons = {{fmt::format("largest share of directions that keep a thousandth, {} layers", r.layers),
                       most(gathered(those(r, {.layout = "hybrid_norm"}), kept_share)), Relation::at_most,
                       least(gathered(those(r, {.layout = "pre_norm"}), kept_share))}},
      .page = record_page};
}

}  // namespace

std::vector<Claim> stack_claims(const DepthRecord& r) {
  return {
      survive(r),
      skip_decay(r),
      keel(r),
      keeps_gradients(r, "deepnorm-keeps-gradients", "DeepNorm, with its own initialisation, keeps gradients",
                      "arXiv 2203.00555, 2602.18849", "deep_norm"),
      two_streams(r, "resi-dual", "ResiDual neither lets gradients vanish nor loses rank", "arXiv 2304.14802",
                  "resi_dual"),
      two_streams(r, "siamese",
                  "SiameseNorm lets pre-norm and post-norm live beside each other, stable in depth",
                  "arXiv 2602.08064", "siamese"),
      hybrid(r),
      compounds(r),
      pre_exponential(r),
      sandwich_linear(r),
      scaling_repairs(r),
      pre_magnitude(r),
      rank(r),
      attention_does_it(r)};
}

}  // namespace plumbline::reports
