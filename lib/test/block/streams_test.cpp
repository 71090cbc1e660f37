// Several residual streams: what each rule keeps, and what it has no use for.
#include "plumbline/block/streams.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "plumbline/block/evaluate.hpp"
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/cases/drawing.hpp"
#include "plumbline/spec/deviation.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {
namespace {

using M = Matrix<double>;
constexpr int d = 6, tokens = 3;

BlockSpec block_of(const char* rule, int count) {
  const char* layout = std::string_view(rule) == "resi_dual" ? "post_norm" : "pre_norm";
  return spec_from_json({{"part", "block"},
                         {"d", d},
                         {"layout", layout},
                         {"attention", {{"n_heads", 2}}},
                         {"streams", {{"rule", rule}, {"count", count}}}});
}

struct Drawn {
  Parameters<double> parameters;
  M x;
};

// Branches write nothing but what `branches` multiplies their last weights by.
Drawn drawn(const BlockSpec& s, double branches, std::uint64_t seed = 1) {
  Draw draw(seed);
  Drawn out;
  for (const ParameterShape& p : parameter_shapes(s)) {
    const bool is_last = p.module == Module::o_proj || p.module == Module::down_proj;
    out.parameters[p.name] = (is_last ? branches : 1) * draw.matrix(p.rows, p.cols);
  }
  out.x = draw.matrix(tokens, input_width(s));
  return out;
}

M stream(const M& all, int k) { return all.middleCols(k * d, d); }

M sum(const M& all, int count) {
  M out = stream(all, 0);
  for (int k = 1; k < count; ++k) out += stream(all, k);
  return out;
}

// Its rows sum to 1, so that what the mixing gives away arrives; red for one that lacks a permutation.
TEST(Streams, AMeanOfPermutationsKeepsTheSum) {
  for (int count : {2, 3, 4}) {
    const BlockSpec s = block_of("mhc_lite", count);
    const Drawn in = drawn(s, 0);
    const M y = evaluate(s, in.parameters, in.x);
    EXPECT_LT((sum(y, count) - sum(in.x, count)).norm(), 1e-13 * in.x.norm()) << count;
    EXPECT_GT((y - in.x).norm(), 0.1 * in.x.norm()) << "nothing was mixed";
  }
}

// Each step of Sinkhorn brings the row sums nearer to 1.
TEST(Streams, MoreStepsKeepTheSumBetter) {
  BlockSpec s = block_of("mhc", 4);
  const Drawn in = drawn(s, 0);
  double before = 1;
  for (int steps : {1, 3, 10, 40}) {
    s.streams->sinkhorn_steps = steps;
    const double gap = (sum(evaluate(s, in.parameters, in.x), 4) - sum(in.x, 4)).norm() / in.x.norm();
    EXPECT_LT(gap, before) << steps;
    before = gap;
  }
}

// Where all streams are equal, rows and columns that sum to 1 both give the stream itself: the mistake cannot
// be seen. Where they differ, it can.
TEST(Streams, TheTransposedMixingHidesWhereStreamsAreEqual) {
  const BlockSpec right = block_of("mhc_lite", 4);
  BlockSpec wrong = right;
  wrong.streams->transposed = true;
  Drawn in = drawn(right, 0);
  EXPECT_GT((evaluate(right, in.parameters, in.x) - evaluate(wrong, in.parameters, in.x)).norm(), 0.01);
  in.x = M(stream(in.x, 0)).replicate(1, 4);
  EXPECT_LT((evaluate(right, in.parameters, in.x) - evaluate(wrong, in.parameters, in.x)).norm(), 1e-13);
}

// The second stream adds up branches and is never normalized: its derivative in itself is I.
TEST(Streams, TheSecondOfTwoCarriesWhatItIs) {
  for (const char* rule : {"resi_dual", "siamese"}) {
    const BlockSpec s = block_of(rule, 2);
    const Drawn in = drawn(s, 0);
    Drawn moved = in;
    M change = M::Zero(tokens, 2 * d);
    change.rightCols(d) = Draw(5).matrix(tokens, d);
    moved.x += change;
    const M y = evaluate(s, in.parameters, moved.x) - evaluate(s, in.parameters, in.x);
    EXPECT_LT((stream(y, 1) - stream(change, 1)).norm(), 1e-13 * moved.x.norm()) << rule;
  }
}

TEST(Streams, OfAStackBeginAsTheInput) {
  for (const char* rule : {"mhc", "mhc_lite", "resi_dual", "siamese"}) {
    BlockSpec stack = block_of(rule, std::string_view(rule).starts_with("mhc") ? 3 : 2);
    stack.part = Part::stack;
    const Drawn in = drawn(stack, 1);
    BlockSpec block = stack, end = stack;
    block.part = Part::block;
    end.part = Part::collapse;
    const M streams = evaluate(block, in.parameters, M(in.x.replicate(1, stack.streams->count)));
    EXPECT_EQ(evaluate(end, in.parameters, streams), evaluate(stack, in.parameters, in.x)) << rule;
  }
}

// What a spec of several streams says, and what is answered.
TEST(Streams, WhatTheirRuleHasNoUseForIsRefused) {
  const auto refused = [](Json change) {
    Json j{{"part", "stack"}, {"d", d}, {"layout", "pre_norm"}, {"streams", {{"rule", "mhc"}}}};
    j.merge_patch(change);
    try {
      spec_from_json(j);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("nothing");
  };
  EXPECT_EQ(refused(Json::object()), "nothing");
  EXPECT_EQ(refused({{"streams", {{"rule", "siamese"}, {"count", 3}}}}),
            "spec.streams.count: expected 2, since streams.rule is \"siamese\", found 3");
  EXPECT_EQ(
      refused({{"streams", {{"rule", "mhc_lite"}, {"count", 6}}}}),
      "spec.streams.count: expected at most 5, since streams.rule is \"mhc_lite\": all permutations of the "
      "streams are mixed, found 6");
  EXPECT_EQ(refused({{"layout", "post_norm"}}),
            "spec.norm_slots: expected no post norm, since streams.rule is \"mhc\"");
  EXPECT_EQ(
      refused({{"streams", {{"rule", "resi_dual"}}}}),
      "spec.norm_slots: expected a norm in attn.post and ffn.post, since streams.rule is \"resi_dual\"");
  EXPECT_EQ(refused({{"residual_scale", 2}}), "spec.residual_scale: expected 1, since there are streams");
  EXPECT_EQ(refused({{"part", "ffn"}}), "spec.streams: expected null, since part is \"ffn\"");
}

// No deviation leaves a block of several streams in a state that is refused.
TEST(Streams, EveryDeviationOfThemIsASpec) {
  for (const char* rule : {"mhc", "mhc_lite", "resi_dual", "siamese"})
    for (const Deviation& deviation : deviations()) {
      BlockSpec s = block_of(rule, std::string_view(rule).starts_with("mhc") ? 3 : 2);
      deviation.apply(s);
      EXPECT_NO_THROW(validate(s)) << rule << " " << deviation.id;
    }
}

}  // namespace
}  // namespace plumbline
