// Every preset obeys every relation that speaks of it, on enclosures, and what breaks a relation is noticed
// on presets too.
#include <gtest/gtest.h>

#include <set>

#include "plumbline/cases/nothing_to_judge.hpp"
#include "plumbline/spec/presets.hpp"
#include "properties/laws/relation_laws.hpp"
#include "properties/subjects/mutant.hpp"

namespace plumbline::properties {
namespace {

// In single precision, so that 1 + w is exact in double. Of four tokens the window of small presets leaves
// one out; two sequences.
QuestionSettings settings(const Preset& p, const Relation& r) {
  QuestionSettings s{.spec = p.small({.d = 6, .head_dim = 4, .d_ff = 4}),
                     .batch = 2,
                     .tokens = 4,
                     .gradients = r.gradients,
                     .seed = 7};
  if (s.spec.attention.mask.window) s.spec.attention.mask.window = 3;
  return s;
}

// Those that are about functions, and take no more than two answers.
bool is_tried(const Relation& r) { return !r.mutants.empty() && r.promise.empty(); }

// Whether a mutant computes anything else of it; a misreading always answers another question.
bool differs(std::string_view mutant, const BlockSpec& s) {
  for (const Deviation& d : deviations())
    if (d.id == mutant) return d.applies_to(s);
  return true;
}

// "holds", "broken", or why there is nothing to judge.
std::string tried(const Relation& r, const Subject& f, const QuestionSettings& s) {
  try {
    return held_on_enclosures(r, f, question_from(s, find_profile("float32"))).holds ? "holds" : "broken";
  } catch (const NothingToJudge& e) {
    return e.what();
  }
}

TEST(EveryPreset, ObeysTheRelationsThatSpeakOfIt) {
  for (const Preset& p : presets())
    for (const Relation* r : relations())
      if (const QuestionSettings s = settings(p, *r); is_tried(*r) && r->applies(s)) {
        EXPECT_EQ(tried(*r, Subject(), s), "holds") << p.name << ", " << r->id;
      }
}

TEST(EveryPreset, IsToldFromItsMutants) {
  for (const Relation* r : relations()) {
    if (!is_tried(*r)) continue;
    std::set<std::string_view> noticed, applied;
    for (const Preset& p : presets()) {
      const QuestionSettings s = settings(p, *r);
      if (!r->applies(s)) continue;
      for (const std::string_view id : r->mutants) {
        if (noticed.contains(id) || !differs(id, s.spec)) continue;
        applied.insert(id);
        if (tried(*r, find_mutant(id).subject, s) == "broken") noticed.insert(id);
      }
    }
    EXPECT_EQ(noticed, applied) << r->id;
  }
}

}  // namespace
}  // namespace plumbline::properties
