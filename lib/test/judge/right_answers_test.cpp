// Answers of right implementations that were called something else once, as replay files: what they taught is
// kept. Each is PyTorch's.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "peer/block.hpp"
#include "plumbline/cases/nothing_to_judge.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/exchange/exchange.hpp"
#include "plumbline/judge/describe.hpp"
#include "plumbline/judge/verdict.hpp"

namespace plumbline {
namespace {

// fused_attention_to_equal_keys: probabilities of 1/3, nearly, which bfloat16 cannot tell apart and float32
// can. saturated_softmax: a member in fifty rounds a probability of almost 1 so that its gradient is not 0.
TEST(RightAnswers, Agree) {
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(PLUMBLINE_RIGHT_ANSWERS)) {
    Container c = read_container(file.path().string());
    Container answer;
    constexpr std::string_view prefix = "answer.";
    std::erase_if(c.tensors, [&](auto& t) {
      if (!t.first.starts_with(prefix)) return false;
      answer.tensors[t.first.substr(prefix.size())] = t.second;
      return true;
    });
    const Request r = request_from(c, file.path().string());
    const Answer a = answer_from(answer, r.question, r.profile);
    ASSERT_EQ(a.kind, Answer::Kind::outputs) << file.path() << ": " << a.reason;
    const Verdict v = judge(r.question, r.profile, a.outputs);
    EXPECT_EQ(v.finding, Finding::agrees) << file.path() << ": " << describe(v);
    ++files;
  }
  EXPECT_GT(files, 0);
}

Question wide_norm(std::uint64_t seed) {
  const BlockSpec spec =
      spec_from_json(parse_json(R"({"part": "norm", "d": 2048, "norm": {"kind": "rms_norm"}})", "spec"));
  return question_from({.spec = spec, .tokens = 4, .seed = seed}, find_profile("bfloat16-mixed"));
}

const peer::Variant before_gain{.storage = peer::Storage::bfloat16, .stores = peer::Stores::before_gain};

// Nearly all entries of a row move by the same number of ulps where 1/rms is nearly a power of two.
TEST(RightAnswers, OfAWideNormAgree) {
  int refused_without = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const Question q = wide_norm(seed);
    const Outputs answer = peer::answer(q, before_gain);
    const Verdict v = Judge(q, find_profile("bfloat16-mixed"))(answer);
    EXPECT_EQ(v.finding, Finding::agrees) << seed << ": " << describe(v);
    const Judge shifted_grids_alone(q, find_profile("bfloat16-mixed"), {.right_answers = false});
    refused_without += shifted_grids_alone.unnamed(answer).finding != Finding::agrees;
  }
  EXPECT_GT(refused_without, 0);
}

// A query that sees one key has a gradient of 0, which attention that divides at the end computes
// as rounding.
TEST(RightAnswers, OfAQueryThatSeesOneKeyAgree) {
  const BlockSpec spec = spec_from_json(parse_json(
      R"({"part": "sdpa", "attention": {"n_heads": 2, "head_dim": 16, "mask": "causal"}})", "spec"));
  for (const auto& [profile, storage] : {std::pair("bfloat16-mixed", peer::Storage::bfloat16),
                                         std::pair("float16-mixed", peer::Storage::float16)})
    for (int tokens : {1, 2, 5})
      for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const Question q = question_from({.spec = spec, .tokens = tokens, .gradients = true, .seed = seed},
                                         find_profile(profile));
        const Verdict v = Judge(q, find_profile(profile))(
            peer::answer(q, {.storage = storage, .output_dot = true, .divides_at_end = true}));
        EXPECT_EQ(v.finding, Finding::agrees) << profile << " T=" << tokens << ": " << describe(v);
      }
}

// What flash attention and PyTorch's math backend do differently, at heads that share keys and at windows of
// a few keys, which show it.
TEST(RightAnswers, OfAttentionThatComputesProbabilitiesAnewAgree) {
  constexpr const char* specs[] = {
      R"({"part": "sdpa", "attention": {"n_heads": 4, "n_kv_heads": 2, "head_dim": 8, "mask": "causal_sliding", "window": 1}})",
      R"({"part": "sdpa", "attention": {"n_heads": 4, "n_kv_heads": 2, "head_dim": 8, "mask": "causal_sliding", "window": 3}})",
      R"({"part": "sdpa", "attention": {"n_heads": 32, "n_kv_heads": 1, "head_dim": 4, "mask": "bidirectional"}})"};
  for (const char* name : {"float32", "float64"})
    for (const char* text : specs)
      for (std::uint64_t seed : {11, 23, 29, 47, 53, 59, 77}) {
        const Profile& profile = find_profile(name);
        const Question q = question_from({.spec = spec_from_json(parse_json(text, "spec")),
                                          .tokens = 5 + int(seed % 30),
                                          .gradients = true,
                                          .recipe = Recipe(seed % names<Recipe>().size()),
                                          .seed = seed},
                                         profile);
        const Judge judge(q, profile);
        for (const peer::Variant& v :
             {peer::Variant{.name = "anew", .output_dot = true, .recomputes = true, .sums_go_on = true},
              peer::Variant{.name = "roots", .roots_of_scale = true}}) {
          const Verdict verdict = judge.unnamed(peer::answer(q, v, profile.storage == Dtype::f64));
          EXPECT_EQ(verdict.finding, Finding::agrees)
              << name << ", " << text << ", " << seed << ", " << v.name << ": " << describe(verdict);
        }
      }
}

constexpr const char* routers[] = {
    R"({"part": "router", "d": 16, "ffn": {"moe": {"experts": 4, "top_k": 2}}})",
    R"({"part": "router", "d": 48, "ffn": {"moe": {"experts": 16, "top_k": 4}}})",
    R"({"part": "router", "d": 24, "ffn": {"moe": {"experts": 8, "top_k": 2, "renormalise": false}}})",
    R"({"part": "router", "d": 24, "ffn": {"moe": {"experts": 8, "top_k": 3, "score": "sigmoid"}}})",
};

// Shares of the chosen experts, divided once or twice. Red where all members divide twice.
TEST(RightAnswers, OfRoutersAgree) {
  int judged = 0;
  for (const auto& [name, storage] :
       {std::pair("float32", peer::Storage::native), std::pair("bfloat16-mixed", peer::Storage::bfloat16)})
    for (const char* text : routers)
      for (std::uint64_t seed = 9; seed <= 16; ++seed) {
        const Profile& profile = find_profile(name);
        const Question q = question_from({.spec = spec_from_json(parse_json(text, "spec")),
                                          .tokens = int(1 + 3 * seed),
                                          .gradients = true,
                                          .recipe = Recipe(seed % names<Recipe>().size()),
                                          .seed = seed},
                                         profile);
        try {
          const Judge judge(q, profile);
          for (peer::Variant v : peer::correct_variants(storage))
            for (const bool all : {false, true}) {
              v.shares_of_all = all;
              const Verdict verdict = judge.unnamed(peer::answer(q, v));
              EXPECT_EQ(verdict.finding, Finding::agrees)
                  << name << ", " << text << ", " << seed << ", " << v.name << ", " << all << ": "
                  << describe(verdict);
              ++judged;
            }
        } catch (const NothingToJudge&) {  // experts that are tied, say
        }
      }
  EXPECT_GT(judged, 1000);
}

constexpr const char* with_edges[] = {
    R"({"part": "norm", "d": 33, "norm": {"kind": "layer_norm"}})",
    R"({"part": "add_norm", "d": 40, "norm": {"kind": "rms_norm"}})",
    R"({"part": "sdpa", "attention": {"n_heads": 2, "n_kv_heads": 1, "head_dim": 16, "mask": "causal"}})",
    R"({"preset": "llama", "d": 24, "attention": {"n_heads": 2, "n_kv_heads": 1, "head_dim": 8}, "ffn": {"d_ff": 40}})",
    R"({"preset": "post_norm", "d": 24, "attention": {"n_heads": 2, "head_dim": 8}, "ffn": {"d_ff": 40}})",
};

// At values that code falls off, what does not fall is called right.
TEST(RightAnswers, AtTheEdgesAgree) {
  int judged = 0;
  for (const auto& [name, storage] :
       {std::pair("float32", peer::Storage::native), std::pair("bfloat16-mixed", peer::Storage::bfloat16),
        std::pair("float16-mixed", peer::Storage::float16)})
    for (const char* text : with_edges)
      for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        const Profile& profile = find_profile(name);
        const Question q = question_from({.spec = spec_from_json(parse_json(text, "spec")),
                                          .tokens = 5,
                                          .gradients = true,
                                          .recipe = Recipe::edges,
                                          .seed = seed},
                                         profile);
        try {
          const Judge judge(q, profile);
          for (const peer::Variant& v : peer::correct_variants(storage)) {
            const Verdict verdict = judge(peer::answer(q, v));
            EXPECT_EQ(verdict.finding, Finding::agrees)
                << name << ", " << text << ", " << seed << ", " << v.name << ": " << describe(verdict);
            ++judged;
          }
        } catch (const NothingToJudge&) {  // the slope of a norm at 0 is large
        }
      }
  EXPECT_GT(judged, 300);
}

}  // namespace
}  // namespace plumbline
