// Blocks in balls against the same blocks in enclosures of 60 digits: every ball meets the enclosure, and is
// small enough to be of use.
#include "plumbline/block/certified.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "number/other_arithmetic.hpp"
#include "plumbline/base/error.hpp"
#include "plumbline/cases/case.hpp"
#include "plumbline/number/interval.hpp"
#include "plumbline/spec/json.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

// What was compared: entries that are not held, the largest value, the largest radius.
struct Compared {
  int missed = 0;
  double largest = 0, widest = 0;

  void add(const BallMatrix& balls, const Matrix<Interval60>& exact) {
    for (Eigen::Index i = 0; i < exact.size(); ++i) {
      const Ball b = balls.at(i);
      largest = std::max(largest, std::abs(b.mid));
      widest = std::max(widest, b.rad);
      if (!b.is_bounded()) continue;
      const End middle = End(b.mid) + End(b.low);
      // They meet, as both hold the value; what is exact in a ball has a width in the enclosure.
      const bool held =
          middle - End(b.rad) <= upper(exact.data()[i]) && lower(exact.data()[i]) <= middle + End(b.rad);
      if (!held) ++missed;
    }
  }
};

// `width`: the largest radius that is allowed, beside the largest of y, or of all gradients.
void try_block(const CaseSettings& s, double width_of_y, double width_of_gradients) {
  const CaseInputs in = inputs_of(s);
  const auto exact = gradients<Interval60>(s.spec, cast<Interval60>(in.parameters), cast<Interval60>(in.x),
                                           cast<Interval60>(in.cotangent), s.batch);
  const BallGradients balls = certified_gradients(s.spec, exactly(in.parameters), {in.x}, {in.cotangent},
                                                  s.batch, {.threads = 2, .exact_parts = 3});
  Compared y, fast, all;
  y.add(balls.y, exact.y);
  fast.add(certified(s.spec, exactly(in.parameters), {in.x}, s.batch), exact.y);
  all.add(balls.x, exact.x);
  for (const auto& [name, value] : exact.parameters) all.add(balls.parameters.at(name), value);
  EXPECT_EQ(y.missed, 0);
  EXPECT_EQ(fast.missed, 0);
  EXPECT_EQ(all.missed, 0);
  EXPECT_LT(y.widest, width_of_y * y.largest);
  EXPECT_LT(all.widest, width_of_gradients * all.largest);
}

// As sharp as the judge asks of what float32's gradients are compared with: 2^-10 units of all entries that
// are above 2^-10 of the largest one.
TEST(Certified, GradientsOfAWideBlockAreSharp) {
  const CaseSettings s{.spec = find_preset("gpt2").small({.d = 448, .d_ff = 1792}), .tokens = 8};
  const CaseInputs in = inputs_of(s);
  const BallMatrix g = certified_gradients(s.spec, exactly(in.parameters), {in.x}, {in.cotangent}, 1,
                                           {.threads = 2, .exact_parts = 3})
                           .x;
  EXPECT_LE(g.rad.maxCoeff(), 0x1p-44 * g.mid.cwiseAbs().maxCoeff());
}

CaseSettings settings_of(const Preset& preset, Regime regime, int tokens) {
  return {
      .spec = preset.small({.d = 16, .d_ff = 24}), .tokens = tokens, .batch = 2, .seed = 5, .regime = regime};
}

TEST(Certified, EveryPresetIsHeldWithItsGradients) {
  for (const Preset& preset : presets()) {
    SCOPED_TRACE(preset.name);
    try_block(settings_of(preset, Regime::plain, 3), 0x1p-60, 0x1p-40);
  }
}

TEST(Certified, EveryRegimeIsHeld) {
  const double infinite = std::numeric_limits<double>::infinity();
  for (const char* name : {"pre_norm", "post_norm", "llama", "gpt2"})
    for (Regime regime : {Regime::offset, Regime::tiny, Regime::large, Regime::spike, Regime::constant}) {
      SCOPED_TRACE(std::string(name) + " " + std::string(name_of(regime)));
      try_block(settings_of(find_preset(name), regime, 3), infinite, infinite);
    }
}

// Nothing is called proved by a thread whose arithmetic is another one than the bounds are derived for.
TEST(Certified, AThreadThatRoundsOtherwiseProvesNothing) {
  const CaseSettings s = settings_of(find_preset("pre_norm"), Regime::plain, 3);
  const CaseInputs in = inputs_of(s);
  const test::OtherArithmetic a(FE_UPWARD);
  EXPECT_THROW(certified(s.spec, exactly(in.parameters), {in.x}, s.batch), Error);
  EXPECT_THROW(certified_gradients(s.spec, exactly(in.parameters), {in.x}, {in.cotangent}, s.batch), Error);
}

// Each part by itself, as simply as it can be said.
TEST(Certified, EveryPartIsHeld) {
  const std::string attention = R"("attention": {"n_heads": 2, "head_dim": 8})";
  const std::map<Part, std::string> said{
      {Part::norm, R"("d": 16, "norm": {"kind": "layer_norm"})"},
      {Part::sdpa, attention},
      {Part::mixer, R"("d": 8, "streams": {"rule": "mhc", "count": 2})"},
      {Part::router, R"("d": 16, "ffn": {"moe": {"experts": 4, "top_k": 2}})"},
      {Part::rope, attention + R"(, "position": {"rope": {"rotary_dim": 8}})"},
      {Part::linear_attention,
       R"("attention": {"n_heads": 2, "head_dim": 8, "linear": {"update_rule": "gated_delta"}})"},
      {Part::softmax, R"("d": 16)"},
      {Part::linear, R"("d": 16, "linear": {"d_out": 8})"},
      {Part::activation, R"("d": 16, "ffn": {"activation": "softplus"})"},
      {Part::gated_activation, R"("d": 16, "ffn": {"activation": "quick_gelu", "limit": 1})"}};
  for (const auto& [part, rest] : said) {
    SCOPED_TRACE(name_of(part));
    const std::string text = R"({"part": ")" + std::string(name_of(part)) + "\", " + rest + "}";
    CaseSettings s;
    s.spec = spec_from_json(parse_json(text, "a part"));
    s.tokens = 4, s.batch = 2, s.seed = 7;
    try_block(s, 0x1p-60, 0x1p-60);
  }
}

}  // namespace
}  // namespace plumbline
