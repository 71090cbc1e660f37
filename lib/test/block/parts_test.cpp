// What parts say of themselves; those with several inputs: add_norm, and sdpa with more keys than queries.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/cases/case.hpp"
#include "plumbline/number/interval.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

using I = Interval60;

CaseInputs inputs(const char* text, CaseSettings& c) {
  c = case_from_json(parse_json(text, "test"));
  return inputs_of(c);
}

bool has_module(const BlockSpec& s, Module module) {
  const ParameterShapes shapes = parameter_shapes(s);
  return std::any_of(shapes.begin(), shapes.end(), [&](const auto& p) { return p.module == module; });
}

TEST(Part, AsksForTheParametersOfWhatItIsMadeOf) {
  BlockSpec s = find_preset("llama").make({.d = 8, .n_heads = 2});
  for (const auto& [part, name] : names<Part>()) {
    s.part = part;
    EXPECT_EQ(has_module(s, Module::q_proj), projects(s)) << name;
    EXPECT_EQ(has_module(s, Module::up_proj), feeds(s)) << name;
    EXPECT_EQ(find_named<Part>(name), part);
  }
}

TEST(Part, SaysWhatStandsBesideXAndY) {
  BlockSpec s = find_preset("llama").make({.d = 8, .n_heads = 2, .n_kv_heads = 1});
  for (const auto& [part, name] : names<Part>()) {
    s.part = part;
    const bool has_keys = part == Part::sdpa || part == Part::linear_attention;
    EXPECT_EQ(other_inputs(s, 3, 5).size(), has_keys ? 2u : part == Part::add_norm ? 1u : 0u) << name;
    const int width = part == Part::add_norm                         ? 16
                      : part == Part::router || part == Part::linear ? 0
                      : part == Part::mixer                          ? 3
                                                                     : 8;
    EXPECT_EQ(output_width(s), width) << name;
    EXPECT_EQ(input_name(s), has_keys ? "q" : "x") << name;
  }
  s.part = Part::sdpa;
  EXPECT_EQ(other_inputs(s, 3, 5).front().rows, 5);
  EXPECT_EQ(other_inputs(s, 3, 5).front().cols, 4);
}

TEST(AddNorm, IsTheNormOfTheSumBesideTheSum) {
  CaseSettings c;
  const CaseInputs in = inputs(
      R"({"spec": {"part": "add_norm", "d": 5, "norm": {"kind": "layer_norm"}, "residual_scale": 3}, "T": 4})",
      c);
  const Matrix<double> y = evaluate(c.spec, in.parameters, in.x);
  const Matrix<double> sum = 3 * in.parameters.at("residual") + in.x;
  EXPECT_EQ(y.rightCols(5), sum);
  BlockSpec norm = c.spec;
  norm.part = Part::norm;
  EXPECT_EQ(y.leftCols(5), evaluate(norm, in.parameters, sum));
}

TEST(AddNorm, BothInputsAndBothOutputsTakePartInGradients) {
  CaseSettings c;
  const CaseInputs in =
      inputs(R"({"spec": {"part": "add_norm", "d": 5, "norm": {"kind": "rms_norm"}}, "T": 4})", c);
  const auto g = gradients(c.spec, in.parameters, in.x, in.cotangent);
  BlockSpec norm = c.spec;
  norm.part = Part::norm;
  const auto of_norm = gradients(norm, in.parameters, Matrix<double>(in.x + in.parameters.at("residual")),
                                 Matrix<double>(in.cotangent.leftCols(5)));
  EXPECT_EQ(g.x, of_norm.x + in.cotangent.rightCols(5));
  EXPECT_EQ(g.parameters.at("residual"), g.x);
  EXPECT_EQ(g.parameters.at("norm.weight"), of_norm.parameters.at("norm.weight"));
}

// Where query i of Tq stands among Tk keys, and which keys it sees.
int position(const AttentionSpec& a, int i, int queries, int keys) {
  return a.mask.alignment == CausalAlignment::top_left ? i : keys - (queries - i);
}
bool sees(const AttentionSpec& a, int i, int j, int queries, int keys) {
  if (a.mask.kind == MaskKind::bidirectional) return true;
  const int at = position(a, i, queries, keys);
  return j <= at && (a.mask.kind == MaskKind::causal || j > at - *a.mask.window);
}

// ALiBi of 6 heads with a largest exponent of 8: the slopes of 4 heads, and the first and third of 8.
I alibi_of_six(int head, int distance) {
  const int exponent[] = {2, 4, 6, 8, 1, 3};
  return I(-std::abs(distance)) / I(1 << exponent[head]);
}

// The textbook's sums, written down once more: an independent check.
Matrix<I> textbook(const CaseSettings& c, const CaseInputs& in) {
  const AttentionSpec& a = c.spec.attention;
  const int queries = c.tokens, keys = *c.key_tokens, h = a.head_dim;
  const Matrix<I> q = cast<I>(in.x), k = cast<I>(in.parameters.at("k")), v = cast<I>(in.parameters.at("v"));
  Matrix<I> y(q.rows(), q.cols());
  for (int b = 0; b < c.batch; ++b)
    for (int head = 0; head < a.n_heads; ++head)
      for (int i = 0; i < queries; ++i) {
        const int group = head / (a.n_heads / a.n_kv_heads);
        I total = 0;
        std::vector<I> sum(h, I(0));
        for (int j = 0; j < keys; ++j) {
          if (!sees(a, i, j, queries, keys)) continue;
          I score = 0;
          for (int n = 0; n < h; ++n)
            score += q(b * queries + i, head * h + n) * k(b * keys + j, group * h + n);
          score /= sqrt(I(h));
          if (c.spec.position.bias) score += alibi_of_six(head, position(a, i, queries, keys) - j);
          const I weight = exp(score);
          total += weight;
          for (int n = 0; n < h; ++n) sum[n] += weight * v(b * keys + j, group * h + n);
        }
        for (int n = 0; n < h; ++n) y(b * queries + i, head * h + n) = sum[n] / total;
      }
  return y;
}

TEST(Sdpa, EnclosuresMeetThoseOfTheTextbooksSums) {
  const std::string alibi = R"(}, "position": {"bias": {})";
  for (const std::string& rest :
       {std::string(R"("mask": "causal")"), R"("mask": "causal", "causal_alignment": "top_left")" + alibi,
        std::string(R"("mask": "causal", "causal_alignment": "top_left")"),
        R"("mask": "causal_sliding", "window": 2)" + alibi, std::string(R"("mask": "bidirectional")"),
        R"("mask": "bidirectional")" + alibi}) {
    CaseSettings c;
    const std::string heads = R"("n_heads": 6, "n_kv_heads": 2, "head_dim": 3, )";
    const std::string text =
        R"({"spec": {"part": "sdpa", "attention": {)" + heads + rest + R"(}}, "T": 3, "T_k": 5, "batch": 2})";
    const CaseInputs in = inputs(text.c_str(), c);
    const Matrix<I> y = evaluate(c.spec, cast<I>(in.parameters), cast<I>(in.x), c.batch);
    const Matrix<I> expected = textbook(c, in);
    for (Eigen::Index i = 0; i < y.size(); ++i) {
      EXPECT_LE(plumbline::lower(y.data()[i]), plumbline::upper(expected.data()[i])) << rest << " " << i;
      EXPECT_GE(plumbline::upper(y.data()[i]), plumbline::lower(expected.data()[i])) << rest << " " << i;
      EXPECT_LT(width(y.data()[i]) + width(expected.data()[i]), 1e-50);
    }
  }
}

TEST(Sdpa, AQueryThatSeesNoKeyHasNoValue) {
  for (const auto& [rest, tokens, message] :
       {std::tuple{
            R"("mask": "causal")", 3,
            "attention: the mask hides all 2 keys from query 0 of 3: a softmax over no key has no value"},
        std::tuple{
            R"("mask": "causal_sliding", "window": 1, "causal_alignment": "top_left")", 3,
            "attention: the mask hides all 2 keys from query 2 of 3: a softmax over no key has no value"}}) {
    CaseSettings c;
    const std::string text = R"({"spec": {"part": "sdpa", "attention": {"n_heads": 1, "head_dim": 2, )" +
                             std::string(rest) + R"(}}, "T": 3, "T_k": 2})";
    const CaseInputs in = inputs(text.c_str(), c);
    try {
      evaluate(c.spec, in.parameters, in.x);
      FAIL() << rest;
    } catch (const Error& e) {
      EXPECT_STREQ(e.what(), message);
    }
  }
}

}  // namespace
}  // namespace plumbline
