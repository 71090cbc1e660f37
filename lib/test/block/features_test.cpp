// What a few published architectures have, each against an implementation that shares nothing with the
// library: values and all gradients; and each changes what is computed, so that a feature left out on both
// sides is seen.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "block/nested_enclosures.hpp"
#include "measure/characteristics.hpp"
#include "peer/block.hpp"
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/judge/describe.hpp"
#include "plumbline/spec/json.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

struct Feature {
  const char* name;
  void (*add)(BlockSpec& s);
  std::vector<const char*> wrong;  // deviations that only such a block has
};

NormSpec on_values(NormKind kind, NormWidth width) {
  return {.kind = kind, .eps = 1e-3, .bias = kind == NormKind::layer_norm, .width = width};
}

void turn(BlockSpec& s, const RopeScaling& scaling, int sign = 1) {
  s.position.rope = RopeSpec{.rotary_dim = 8, .sign = sign, .scaling = scaling};
}

const Feature features[] = {
    {"sink",
     [](BlockSpec& s) { s.attention.sink.present = true; },
     {"sink/by-row", "sink/missing", "sink/of-first-head", "sink/scaled"}},
    {"sink in a window, under a cap, with ALiBi",
     [](BlockSpec& s) {
       s.attention.sink.present = true, s.attention.softcap.cap = 2;
       s.attention.mask.kind = MaskKind::causal_sliding, s.attention.mask.window = 2;
       s.position.bias = AlibiSpec{};
     },
     {"sink/missing"}},
    {"sinks of kernels",
     [](BlockSpec& s) {
       s.part = Part::sdpa, s.d = s.attention.n_heads * s.attention.head_dim;
       s.attention.sink.present = true;
     },
     {"sink/by-row", "sink/missing", "sink/of-first-head", "sink/scaled"}},
    {"gate",
     [](BlockSpec& s) { s.attention.gate = Activation::sigmoid; },
     {"gate/missing", "gate/silu-for-sigmoid"}},
    {"gate before a norm",
     [](BlockSpec& s) { s.attention.gate = Activation::silu, s.norm_slots.attn.mid = NormSpec{}; },
     {"gate/missing"}},
    {"norm on values",
     [](BlockSpec& s) { s.norm_slots.attn.v = on_values(NormKind::rms_norm, NormWidth::head_dim); },
     {"v-norm/missing"}},
    {"norm on all values",
     [](BlockSpec& s) { s.norm_slots.attn.v = on_values(NormKind::layer_norm, NormWidth::full_heads); },
     {"v-norm/missing"}},
    {"squared ReLU",
     [](BlockSpec& s) { s.ffn.activation = Activation::relu, s.ffn.squared = true; },
     {"ffn/not-squared"}},
    {"squared gate",
     [](BlockSpec& s) {
       s.ffn.kind = FeedForwardKind::glu, s.ffn.activation = Activation::silu, s.ffn.squared = true;
     },
     {"ffn/not-squared"}},
    {"limit and offset",
     [](BlockSpec& s) {
       s.ffn.kind = FeedForwardKind::glu, s.ffn.activation = Activation::quick_gelu;
       s.ffn.limit = 0.5, s.ffn.up_offset = 1;
     },
     {"ffn/limit-missing", "ffn/up-offset-missing"}},
    {"sigmoid", [](BlockSpec& s) { s.ffn.activation = Activation::sigmoid; }, {"activation/relu"}},
    {"the other sign", [](BlockSpec& s) { turn(s, {}, -1); }, {"rope/sign"}},
    {"linear scaling", [](BlockSpec& s) { turn(s, {.factor = 4}); }, {"rope/scaling-missing"}},
    {"llama3 scaling",
     [](BlockSpec& s) {
       turn(s, {.kind = RopeScalingKind::llama3, .factor = 32, .original_max_position = 1024});
     },
     {"rope/scaling-missing", "rope/scaling-by-steps"}},
    {"yarn scaling",
     [](BlockSpec& s) {
       turn(s, {.kind = RopeScalingKind::yarn, .factor = 4, .original_max_position = 512});
     },
     {"rope/scaling-missing", "rope/yarn-factor-missing"}},
    {"yarn scaling between pairs",
     [](BlockSpec& s) {
       turn(s, {.kind = RopeScalingKind::yarn,
                .factor = 32,
                .original_max_position = 4096,
                .beta_fast = 16,
                .truncate = false,
                .attention_factor = 1.25});
     },
     {"rope/scaling-missing", "rope/yarn-factor-missing"}},
    {"longrope beyond the original length",
     [](BlockSpec& s) {
       RopeScaling scaling{.kind = RopeScalingKind::longrope, .factor = 8, .original_max_position = 3};
       scaling.short_factor = {1, 1.5}, scaling.long_factor = {1.5, 3, 6};
       turn(s, scaling);
     },
     {"rope/scaling-missing", "rope/length-original", "rope/longrope-factor-missing"}},
    {"longrope up to it",
     [](BlockSpec& s) {
       RopeScaling scaling{.kind = RopeScalingKind::longrope, .original_max_position = 64};
       scaling.short_factor = {1, 1.5}, scaling.long_factor = {1.5, 3, 6};
       turn(s, scaling);
     },
     {"rope/length-longest", "rope/longrope-factor-missing"}},
    {"dynamic scaling",
     [](BlockSpec& s) {
       turn(s, {.kind = RopeScalingKind::dynamic, .factor = 4, .original_max_position = 3});
     },
     {"rope/scaling-missing", "rope/length-original", "rope/length-longest"}},
    {"residual from the normed stream", [](BlockSpec& s) { s.residual_source = ResidualSource::normed; }, {}},
    {"residual from the normed stream, in parallel",
     [](BlockSpec& s) {
       s.residual_source = ResidualSource::normed;
       s.topology = Topology::parallel;
     },
     {}},
    {"window on both sides",
     [](BlockSpec& s) { s.attention.mask.kind = MaskKind::sliding, s.attention.mask.window = 3; },
     {"mask/one-sided", "mask/missing", "mask/window-too-short", "mask/window-too-long", "mask/after-softmax",
      "mask/zero-score"}},
};

void make_latent(BlockSpec& s, const LatentSpec& latent) {
  s.attention.n_kv_heads = s.attention.n_heads;
  s.attention.latent = latent;
  s.attention.bias = {.q = false, .k = false, .v = false};
  s.position.rope = RopeSpec{.rotary_dim = latent.rope_dim};
}

// Those that the peer in C++ does not have; golden files hold the others' answers.
const Feature further_features[] = {
    {"buckets of the past",
     [](BlockSpec& s) { s.position.buckets = BucketsSpec{.count = 4, .max_distance = 8}; },
     {"buckets/missing", "buckets/one-sided"}},
    {"buckets of both sides",
     [](BlockSpec& s) {
       s.position.buckets = BucketsSpec{.count = 8, .max_distance = 8};
       s.attention.mask.kind = MaskKind::bidirectional;
     },
     {"buckets/missing", "buckets/one-sided", "buckets/sign"}},
    {"latent keys and values",
     [](BlockSpec& s) { make_latent(s, {.kv_rank = 5, .rope_dim = 4}); },
     {"latent/norm-missing", "latent/rope-on-nope", "rope/missing", "rope/backwards"}},
    {"latent queries too, and short values",
     [](BlockSpec& s) { make_latent(s, {.q_rank = 6, .kv_rank = 5, .rope_dim = 2, .v_head_dim = 3}); },
     {"latent/norm-missing", "latent/rope-on-nope", "scale/missing"}},
    {"long values, a gate and a norm of heads",
     [](BlockSpec& s) {
       make_latent(s, {.kv_rank = 3, .rope_dim = 2, .v_head_dim = 10, .eps = 1e-2});
       s.attention.gate = Activation::sigmoid, s.attention.sink.present = true;
       s.norm_slots.attn.mid = NormSpec{};
     },
     {"latent/norm-missing", "latent/rope-on-nope", "gate/missing", "sink/missing"}},
};

BlockSpec without_features() {
  return find_preset("pre_norm").make({.d = 12, .n_heads = 4, .n_kv_heads = 2, .head_dim = 8, .d_ff = 10});
}

Question ask(const BlockSpec& s, std::uint64_t seed, const char* profile = "float64") {
  return question_from({.spec = s,
                        .batch = 2,
                        .tokens = 4,
                        .gradients = true,
                        .recipe = seed % 2 ? Recipe::rich : Recipe::hot_scores,
                        .seed = seed},
                       find_profile(profile));
}

class FeatureTest : public testing::TestWithParam<Feature> {
 protected:
  BlockSpec spec() const {
    BlockSpec s = without_features();
    GetParam().add(s);
    validate(s);
    return s;
  }
};

class PeerFeatureTest : public FeatureTest {};

double largest(const Matrix<double>& x) { return x.size() ? x.cwiseAbs().maxCoeff() : 0; }

TEST_P(PeerFeatureTest, IsWhatThePeerComputes) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const Question q = ask(spec(), seed);
    const Gradients<double> ours =
        gradients(q.spec, q.inputs.parameters, q.inputs.x, q.inputs.cotangent, q.batch);
    const Outputs theirs = peer::answer(q, {}, true);
    const auto agree = [&](const std::string& name, const Matrix<double>& x) {
      const Matrix<double>& y = theirs.at(name);
      EXPECT_LT(largest(x - y), 1e-11 * (1 + largest(x))) << name << ", seed " << seed;
    };
    agree("y", ours.y);
    agree("grad." + std::string(input_name(q.spec)), ours.x);
    for (const auto& [name, g] : ours.parameters) agree("grad." + name, g);
    EXPECT_EQ(theirs.size(), ours.parameters.size() + 2);
  }
}

TEST_P(FeatureTest, EnclosuresHoldWhatOthersEnclose) { expect_nested_enclosures(ask(spec(), 3)); }

TEST_P(FeatureTest, IsWrittenAndReadBack) {
  const BlockSpec s = spec();
  EXPECT_EQ(spec_from_json(to_json(s)), s) << to_json(s).dump();
  EXPECT_NE(to_json(s), to_json(without_features()));
}

TEST_P(PeerFeatureTest, AgreesWithRightAnswers) {
  for (const auto& [name, storage] :
       {std::pair("float32", peer::Storage::native), std::pair("bfloat16-mixed", peer::Storage::bfloat16)}) {
    const Question q = ask(spec(), 1, name);
    const Judge judge(q, find_profile(name));
    for (const peer::Variant& v : peer::correct_variants(storage)) {
      const Verdict verdict = judge.unnamed(peer::answer(q, v));
      EXPECT_EQ(verdict.finding, Finding::agrees) << name << ", " << v.name << ": " << describe(verdict);
    }
  }
}

TEST_P(FeatureTest, DiffersFromWrongAnswers) {
  const Question q = ask(spec(), 2, "float32");
  const Judge judge(q, find_profile("float32"));
  for (const char* id : GetParam().wrong) {
    const Deviation& d = find_deviation(id);
    ASSERT_TRUE(d.applies_to(q.spec)) << id;
    const Verdict verdict = judge.unnamed(faulty_answer(q, find_profile("float32"), d, 5));
    EXPECT_NE(verdict.finding, Finding::agrees) << id;
  }
}

std::string name_of_feature(const testing::TestParamInfo<Feature>& info) {
  std::string name = info.param.name;
  std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
  return name;
}
INSTANTIATE_TEST_SUITE_P(All, PeerFeatureTest, testing::ValuesIn(features), name_of_feature);
INSTANTIATE_TEST_SUITE_P(All, FeatureTest, testing::ValuesIn(features), name_of_feature);
INSTANTIATE_TEST_SUITE_P(Further, FeatureTest, testing::ValuesIn(further_features), name_of_feature);

std::string refusal(const char* json) {
  try {
    spec_from_json(parse_json(json, "spec"));
    return "";
  } catch (const Error& e) {
    return e.what();
  }
}

TEST(Features, AreRefusedWhereTheyMeanNothing) {
  const std::pair<const char*, const char*> refused[] = {
      {R"({"d": 8, "ffn": {"kind": "mlp", "limit": 7}})", "spec.ffn.limit"},
      {R"({"d": 8, "ffn": {"kind": "glu", "limit": 0}})", "spec.ffn.limit: expected a finite number above 0"},
      {R"({"d": 8, "ffn": {"kind": "glu", "up_offset": 2}})", "spec.ffn.up_offset: expected 0 or 1, found 2"},
      {R"({"part": "sdpa", "attention": {"n_heads": 1, "head_dim": 2, "gate": "sigmoid"}})",
       "spec.attention.gate: expected null, since part is \"sdpa\""},
      {R"({"d": 8, "norm_slots": {"attn": {"v": {"width": "hidden"}}}})",
       "spec.norm_slots.attn.v.width: expected \"head_dim\" or \"full_heads\", found \"hidden\""},
      {R"({"d": 8, "norm_slots": {"attn": {"v": {"position": "after_rope"}}}})",
       "spec.norm_slots.attn.v.position: expected \"before_rope\""},
      {R"({"d": 8, "position": {"rope": {"sign": 2}}})",
       "spec.position.rope.sign: expected 1 or -1, found 2"},
      {R"({"d": 8, "position": {"rope": {"scaling": {"kind": "linear", "beta_fast": 2}}}})",
       "spec.position.rope.scaling.beta_fast"},
      {R"({"d": 8, "position": {"rope": {"scaling": {"kind": "yarn", "beta_slow": 64}}}})",
       "spec.position.rope.scaling.beta_fast: expected a number above beta_slow"},
      {R"({"d": 8, "position": {"rope": {"scaling": {"kind": "llama3", "low_freq_factor": 5}}}})",
       "spec.position.rope.scaling.high_freq_factor: expected a number above low_freq_factor"},
      {R"({"d": 8, "position": {"rope": {"base": 0.5, "scaling": {"kind": "yarn"}}}})",
       "spec.position.rope.base: expected a number above 1"},
      {R"({"d": 8, "position": {"rope": {"scaling": {"kind": "yarn", "long_factor": [2]}}}})",
       "spec.position.rope.scaling.long_factor"},
      {R"({"d": 8, "position": {"rope": {"scaling": {"kind": "longrope", "long_factor": []}}}})",
       "spec.position.rope.scaling.long_factor: expected a list of finite numbers, found []"},
      {R"({"d": 8, "position": {"rope": {"scaling": {"kind": "longrope", "short_factor": [1, 0]}}}})",
       "spec.position.rope.scaling.short_factor[1]: expected a finite number above 0"},
      {R"({"d": 8, "position": {"rope": {"scaling": {"kind": "dynamic", "factor": 0.5}}}})",
       "spec.position.rope.scaling.factor: expected at least 1, since kind is \"dynamic\""},
      {R"({"d": 8, "attention": {"mask": "sliding"}})",
       "spec.attention.window: expected a whole number, since mask is \"sliding\""},
      {R"({"d": 8, "position": {"buckets": {"count": 5}}})",
       "spec.position.buckets.count: expected an even number, found 5"},
      {R"({"d": 8, "position": {"buckets": {"count": 32, "max_distance": 16}}})",
       "spec.position.buckets.max_distance: expected more than count / 2 = 16, found 16"},
      {R"({"d": 8, "attention": {"n_heads": 2, "latent": {"kv_rank": 3, "rope_dim": 4}}})",
       "spec.attention.latent.rope_dim: expected an even number below head_dim = 4, found 4"},
      {R"({"d": 8, "attention": {"n_heads": 2, "latent": {"kv_rank": 3, "rope_dim": 2}, "bias": {"q": true}}})",
       "spec.attention.bias: expected none of q, k and v, since there is attention.latent"},
      {R"({"d": 8, "attention": {"n_heads": 2, "n_kv_heads": 1, "latent": {"kv_rank": 3, "rope_dim": 2}}})",
       "spec.attention.n_kv_heads: expected n_heads = 2, since there is attention.latent, found 1"},
      {R"({"part": "sdpa", "attention": {"n_heads": 1, "head_dim": 4, "latent": {"kv_rank": 3, "rope_dim": 2}}})",
       "spec.attention.latent: expected null, since part is \"sdpa\""},
  };
  for (const auto& [json, message] : refused) {
    const std::string found = refusal(json);
    EXPECT_TRUE(found.starts_with(message)) << json << ": " << found;
  }
}

// T5's 32 buckets up to a distance of 128, by the distance at which each begins; those of both sides stand at
// 16, 32 and 64 exactly.
TEST(Features, HaveTheBucketsOfT5) {
  const std::vector<int> of_both{0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91},
      of_past{0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
              16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113};
  const BucketsSpec s;
  int both = 0, past = 0;
  for (int r = 0; r < 300; ++r) {
    if (both + 1 < int(of_both.size()) && r == of_both[both + 1]) ++both;
    if (past + 1 < int(of_past.size()) && r == of_past[past + 1]) ++past;
    EXPECT_EQ(bucket(s, -r, true), both) << r;
    EXPECT_EQ(bucket(s, -r, false), past) << r;
    if (r == 0) continue;
    EXPECT_EQ(bucket(s, r, true), 16 + both) << r;
    EXPECT_EQ(bucket(s, r, false), 0) << r;
  }
  EXPECT_EQ(bucket({.count = 512, .max_distance = 1 << 20}, -(1 << 20), false), 511);
}

// Law: what is added to all scores of a query changes nothing.
TEST(Features, BucketsThatAreAlikeChangeNothing) {
  BlockSpec s = without_features();
  const Question without = ask(s, 4);
  s.position.buckets = BucketsSpec{};
  Parameters<double> p = without.inputs.parameters;
  p["layers.0.attn.relative_bias.weight"] = Matrix<double>::Constant(32, 4, 3);
  const Matrix<double> y = evaluate(s, p, without.inputs.x, without.batch);
  EXPECT_LT(largest(y - evaluate(without.spec, without.inputs.parameters, without.inputs.x, without.batch)),
            1e-13 * (1 + largest(y)));
}

// Known values: a sink of 0 beside scores of 0 takes as much as a key; YaRN's factor for a factor of 32.
TEST(Features, HaveKnownValues) {
  const BlockSpec s = spec_from_json(parse_json(
      R"({"part": "sdpa", "attention": {"n_heads": 1, "head_dim": 2, "mask": "bidirectional", "sink": true}})",
      "spec"));
  const Matrix<double> x = Matrix<double>::Zero(3, 2), v = Matrix<double>::Ones(3, 2);
  const Matrix<double> y = evaluate<double>(s, {{"k", x}, {"v", v}, {"sink", Matrix<double>::Zero(1, 1)}}, x);
  EXPECT_EQ(y, Matrix<double>::Constant(3, 2, 0.75));
  // each of a logarithm, a division, a sum and a root or a second logarithm rounds once, of numbers below 2
  constexpr double roundings = 4 * 0x1p-52;
  EXPECT_NEAR(Function<double>::amplitude({.kind = RopeScalingKind::yarn, .factor = 32}), 1.3465735902799727,
              roundings);
  const RopeScaling phi3{.kind = RopeScalingKind::longrope, .factor = 32, .original_max_position = 4096};
  EXPECT_NEAR(Function<double>::amplitude(phi3), std::sqrt(17.0 / 12),
              roundings);  // ln 32 / ln 4096 = 5 / 12
  const RopeScaling dynamic{.kind = RopeScalingKind::dynamic, .factor = 2, .original_max_position = 2};
  EXPECT_EQ(Function<double>::stretch(dynamic, 3), 2);
  EXPECT_EQ(Function<double>::stretch(dynamic, 2), 1);
}

}  // namespace
}  // namespace plumbline
