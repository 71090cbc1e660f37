// What is planted in a right answer is found where it is, and called what it is.
#include "plumbline/locate/locate.hpp"

#include <gtest/gtest.h>

#include "peer/block.hpp"
#include "plumbline/cases/recipes.hpp"

namespace plumbline {
namespace {

struct AskedSizes {
  int batch, tokens, heads, kv_heads, head_dim;
};
constexpr AskedSizes small{2, 6, 4, 2, 5}, real{2, 65, 4, 2, 64};

Question attention(const Profile& profile, AskedSizes n, bool gradients) {
  BlockSpec spec;
  spec.part = Part::sdpa;
  spec.attention.n_heads = n.heads;
  spec.attention.n_kv_heads = n.kv_heads;
  spec.attention.head_dim = n.head_dim;
  spec.d = n.heads * n.head_dim;
  constexpr std::uint64_t seed = 4;  // of no question with a row so noisy that it widens the limits of all
  return question_from(
      {.spec = spec, .batch = n.batch, .tokens = n.tokens, .gradients = gradients, .seed = seed}, profile);
}

std::string joined(const std::vector<std::string>& statements) {
  std::string out;
  for (const std::string& s : statements) out += (out.empty() ? "" : "; ") + s;
  return out;
}

class Asked {
 public:
  explicit Asked(std::string_view profile = "float32", AskedSizes n = small, bool gradients = false)
      : question(attention(find_profile(profile), n, gradients)),
        calibration(question, find_profile(profile)) {
    for (std::size_t i = 0; i < calibration.names().size(); ++i)
      right[calibration.names()[i]] =
          cast<double>(calibration.truth()[i]) + calibration.member_errors().back()[i];
  }

  // What is said of the first wrong tensor, without the worst entry.
  std::string said(const Outputs& found) const {
    for (const Located& t : locate(calibration, found).tensors)
      if (!t.is_right()) return t.name + ": " + joined(t.statements);
    return "right";
  }

  Question question;
  Calibration calibration;
  Outputs right;
};

TEST(Locate, ARightAnswerIsRightEverywhere) {
  for (const char* profile : {"float64", "float32", "bfloat16-mixed", "float16"}) {
    const Asked f(profile, small, true);
    for (const auto& member : f.calibration.member_errors()) {
      Outputs y;
      for (std::size_t i = 0; i < f.calibration.names().size(); ++i)
        y[f.calibration.names()[i]] = cast<double>(f.calibration.truth()[i]) + member[i];
      EXPECT_EQ(f.said(y), "right") << profile;
      const Nearness n = nearness(f.calibration, y);  // y is rounded to double here
      EXPECT_LE(n.ulps, n.most + std::ldexp(2, info(f.calibration.profile().storage).precision - 53))
          << profile;
    }
  }
}

void expect_planted(const Asked& f, AskedSizes n) {
  const auto said = [&](const auto& change) {
    Outputs y = f.right;
    change(y["y"]);
    return f.said(y);
  };
  const int last = n.tokens - 2, half = n.head_dim / 2;
  EXPECT_EQ(said([](auto& y) { y.setZero(); }), "y: every entry is 0");
  EXPECT_EQ(said([](auto& y) { y *= 1.5; }), "y: every entry is 1.5 times what is right");
  EXPECT_EQ(said([](auto& y) { y = -y; }), "y: every entry is the negative of what is right");
  EXPECT_EQ(said([&](auto& y) { y = f.question.inputs.x; }), "y: every entry is the input");
  EXPECT_EQ(said([&](auto& y) {
              for (int h = 0; h < n.heads; ++h)
                y.middleCols(h * n.head_dim + half, n.head_dim - half).setZero();
            }),
            "y: channels from " + std::to_string(half) + " on of every head are 0");
  EXPECT_EQ(said([&](auto& y) {
              for (int b = 0; b < n.batch; ++b) y.middleRows(b * n.tokens + last, 2) *= 3;
            }),
            "y: rows from " + std::to_string(last) + " on are 3 times what is right");
  EXPECT_EQ(said([&](auto& y) { y.rightCols((n.heads - 1) * n.head_dim).array() += 0.25; }),
            "y: only head 0 is right; the others are 0.25 more than what is right");
  EXPECT_EQ(said([&](auto& y) { y.bottomRows(n.tokens) *= NAN; }), "y: sequence 1 is NaN");
  EXPECT_EQ(said([&](auto& y) { y *= 1.5, y.row(0) *= NAN; }),
            "y: row 0 of sequence 0 is NaN; all else is 1.5 times what is right");
  EXPECT_EQ(said([&](auto& y) { y.row(0) *= NAN, y.row(2).setZero(), y.bottomRows(y.rows() - 3) *= -1.5; }),
            "y: row 0 of sequence 0 is NaN; row 2 of sequence 0 is 0; only row 1 of sequence 0 is right; the "
            "others are -1.5 times what is right");
  EXPECT_EQ(said([&](auto& y) { y.bottomRows(y.rows() - 1).setZero(); }),
            "y: only row 0 of sequence 0 is not 0");
  EXPECT_EQ(said([&](auto& y) {
              for (int h = 1; h < n.heads; ++h)
                y.middleCols(h * n.head_dim, n.head_dim) = y.leftCols(n.head_dim);
            }),
            "y: only head 0 is right; the others are what is right of head 0");
}

TEST(Locate, WhatIsPlantedInSmallAnswers) { expect_planted(Asked("float32"), small); }
TEST(Locate, WhatIsPlantedInLargeAnswers) { expect_planted(Asked("bfloat16-mixed", real), real); }

TEST(Locate, ASingleEntry) {
  const Asked f;
  Outputs y = f.right;
  y["y"](8, 7) += 1;
  EXPECT_EQ(f.said(y), "y: channel 2 of head 1 of row 2 of sequence 1 is wrong");
  const EntryError worst = locate(f.calibration, y).tensors[0].worst[0];
  EXPECT_EQ(worst.index, (std::vector<std::ptrdiff_t>{1, 2, 1, 2}));
  EXPECT_EQ(worst.found, y["y"](8, 7));
}

TEST(Locate, GradientsInEachOthersPlace) {
  const Asked f("float32", small, true);
  Outputs y = f.right;
  std::swap(y["grad.k"], y["grad.v"]);
  const Location l = locate(f.calibration, y);
  EXPECT_EQ(lines(l).front(), "grad.k and grad.v are in each other's place");
  EXPECT_EQ(lines(l).back(), "right: y, grad.q");
}

TEST(Locate, ErrorsBelowEveryEntrysLimitAreNotLocated) {
  const Asked f;
  Outputs y = f.right;
  y["y"](0, 0) = std::nextafter(float(y["y"](0, 0)), INFINITY);
  const Location l = locate(f.calibration, y);
  EXPECT_FALSE(l.found_any());
  EXPECT_TRUE(lines(l).front().starts_with("no entry by itself")) << lines(l).front();
}

}  // namespace
}  // namespace plumbline
