#include "plumbline/spec/profile.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace plumbline {
namespace {

std::string error_of(const char* text) {
  try {
    profile_from_json(Json::parse(text));
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Profile, EveryPresetSurvivesItsJson) {
  for (const Profile& p : profiles()) {
    EXPECT_EQ(profile_from_json(to_json(p)), p);
    EXPECT_EQ(profile_from_json(Json(p.name)), p);
  }
}

TEST(Profile, WhatIsLeftOutIsAsInTheStorageTypesPreset) {
  Profile expected = find_profile("bfloat16-mixed");
  expected.name = "hf";
  expected.table = Dtype::bf16;
  EXPECT_EQ(profile_from_json(Json::parse(R"({"name":"hf","storage":"bfloat16","table":"bfloat16"})")),
            expected);
}

TEST(Profile, SumsAndProductsMayBeCoarserThanWhatIsStored) {
  const Profile p = profile_from_text(R"({"storage":"float32","accumulator":"bfloat16","products":"tf32"})");
  EXPECT_EQ(p.accumulator, Dtype::bf16);
  EXPECT_EQ(p.arithmetic().products, Operand::tf32);
  EXPECT_EQ(p.arithmetic().branches, Dtype::f32);
  EXPECT_EQ(profile_from_text("tf32"), find_profile("tf32"));
  for (const Profile& known : profiles())
    if (known.name != "tf32" && !known.name.starts_with("autocast-")) {
      EXPECT_EQ(precision_of(known.products), info(known.storage).precision) << known.name;
    }
}

TEST(Profile, ErrorsNameTheKey) {
  EXPECT_EQ(error_of(R"({"storage":"bfloat16","accumulater":"float32"})"),
            "profile.accumulater: unknown key; the nearest known one is \"accumulator\"");
  EXPECT_EQ(
      error_of(R"({"storage":"fp8"})"),
      "profile.storage: expected one of \"float64\", \"float32\", \"bfloat16\", \"float16\", found \"fp8\"");
  EXPECT_EQ(error_of(R"("bfloat16_mixed")"),
            "profile: unknown profile \"bfloat16_mixed\"; the nearest known one is \"bfloat16-mixed\"");
  EXPECT_EQ(error_of(R"({"storage":"float32","statistics":"bfloat16"})"),
            "profile.statistics: expected a type no coarser than storage = \"float32\", found \"bfloat16\"");
  EXPECT_EQ(error_of(R"({"storage":"bfloat16","products":"tf32"})"),
            "profile.products: expected a type no finer than storage = \"bfloat16\", found \"tf32\"");
  EXPECT_EQ(error_of(R"({"storage":"float32","branches":"float64"})"),
            "profile.branches: expected a type no finer than storage = \"float32\", found \"float64\"");
  EXPECT_EQ(
      error_of(R"({"storage":"tf32"})"),
      "profile.storage: expected one of \"float64\", \"float32\", \"bfloat16\", \"float16\", found \"tf32\"");
  EXPECT_EQ(error_of(R"({"name":"float32","storage":"float16"})"),
            "profile.name: expected a name of its own: \"float32\" is a known profile with other types");
}

TEST(Profile, CoarserProfilesAreReachedOneByOne) {
  EXPECT_EQ(coarser_than(find_profile("float64"))->name, "float32");
  EXPECT_EQ(coarser_than(find_profile("float32"))->name, "bfloat16-mixed");
  EXPECT_EQ(coarser_than(find_profile("tf32"))->name, "bfloat16-mixed");
  EXPECT_EQ(coarser_than(find_profile("autocast-bfloat16"))->name, "bfloat16-mixed");
  EXPECT_EQ(coarser_than(find_profile("autocast-float16"))->name, "float16-mixed");
  EXPECT_EQ(coarser_than(find_profile("bfloat16-mixed"))->name, "bfloat16-token-sums");
  EXPECT_EQ(coarser_than(find_profile("bfloat16-token-sums"))->name, "bfloat16");
  EXPECT_EQ(coarser_than(find_profile("float16-mixed"))->name, "float16-token-sums");
  EXPECT_EQ(coarser_than(find_profile("float16-token-sums"))->name, "float16");
  EXPECT_EQ(coarser_than(find_profile("bfloat16")), nullptr);
}

}  // namespace
}  // namespace plumbline
