// What a run says it would have noticed is what its questions can show.
#include "plumbline/campaign/sensitivity.hpp"

#include <gtest/gtest.h>

#include "plumbline/cases/recipes.hpp"

namespace plumbline {
namespace {

TEST(Sensitivity, AnOperationIsNotAskedForWhatIsNoPartOfIt) {
  const Profile& profile = find_profile("float32");
  BlockSpec spec;
  spec.part = Part::norm;
  spec.d = 16;
  spec.norm_slots.attn.in = NormSpec{.kind = NormKind::rms_norm, .bias = false};
  Sensitivity s;
  s.add(Judge(question_from({.spec = spec}, profile), profile));
  EXPECT_TRUE(s.separated().count("norm/eps-outside-sqrt"));
  for (const auto& ids : {s.separated(), s.hidden()})
    for (const std::string& id : ids) EXPECT_TRUE(id.starts_with("norm/")) << id;
}

TEST(Sensitivity, ABlockIsAskedForWhatNoInputShows) {
  const Profile& profile = find_profile("bfloat16-mixed");
  const Judge judge(question_from("gpt2", Recipe::rich, profile, false, 1, 24), profile);
  Sensitivity s;
  s.add(judge);
  const std::vector<std::string> hidden = judge.cannot_separate();
  EXPECT_EQ(s.hidden(), std::set<std::string>(hidden.begin(), hidden.end()));
  EXPECT_TRUE(s.hidden().count("mask/finite"));
}

}  // namespace
}  // namespace plumbline
