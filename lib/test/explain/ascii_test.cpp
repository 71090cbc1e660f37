// The pictures, character by character. Read them: they are what a reader of explain sees.
#include <gtest/gtest.h>

#include "plumbline/explain/picture.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

// A picture with two layers; the raw text below begins with a line end that is not part of it.
void expect_picture(const BlockSpec& spec, const std::string& expected) {
  EXPECT_EQ("\n" + ascii(picture_of(spec)), expected);
}
BlockSpec preset(const char* name) { return find_preset(name).make({.n_layers = 2}); }

TEST(Ascii, PreNormLeavesTheStreamAlone) {
  expect_picture(preset("pre_norm"), R"(
   x
   |
   |     +----+   +------+
   +---->| LN |-->| Attn |---+
   |     +----+   +------+   |
   |                         |
  (+)<-----------------------+
   |
   u
   |
   |     +----+   +-----+
   +---->| LN |-->| FFN |----+
   |     +----+   +-----+    |
   |                         |
  (+)<-----------------------+
   |
   y
   |
   :  after 2 layers
   |
 +----+
 | LN |
 +----+
   |
   z
)");
}

TEST(Ascii, PostNormStandsOnTheStream) {
  expect_picture(preset("post_norm"), R"(
   x
   |
   |     +------+
   +---->| Attn |---+
   |     +------+   |
   |                |
  (+)<--------------+
   |
 +----+
 | LN |
 +----+
   |
   u
   |
   |     +-----+
   +---->| FFN |----+
   |     +-----+    |
   |                |
  (+)<--------------+
   |
 +----+
 | LN |
 +----+
   |
   y
)");
}

TEST(Ascii, SandwichFillsTheBranch) {
  expect_picture(preset("sandwich"), R"(
   x
   |
   |     +----+   +------+   +----+
   +---->| LN |-->| Attn |-->| LN |---+
   |     +----+   +------+   +----+   |
   |                                  |
  (+)<--------------------------------+
   |
   u
   |
   |     +----+   +-----+   +----+
   +---->| LN |-->| FFN |-->| LN |----+
   |     +----+   +-----+   +----+    |
   |                                  |
  (+)<--------------------------------+
   |
   y
   |
   :  after 2 layers
   |
 +----+
 | LN |
 +----+
   |
   z
)");
}

TEST(Ascii, DeepNormScalesTheStream) {
  expect_picture(preset("deep_norm"), R"(
   x
   |
   |     +------+
   +---->| Attn |---+
   |     +------+   |
   * alpha          |
   |                |
  (+)<--------------+
   |
 +----+
 | LN |
 +----+
   |
   u
   |
   |     +-----+
   +---->| FFN |----+
   |     +-----+    |
   * alpha          |
   |                |
  (+)<--------------+
   |
 +----+
 | LN |
 +----+
   |
   y
)");
}

TEST(Ascii, ParallelBranchesShareOneNorm) {
  expect_picture(preset("parallel"), R"(
   x
   |
   |     +----+       +------+
   +---->| LN |---+-->| Attn |---+
   |     +----+   |   +------+   |
   |              |              |
   |              |   +-----+    |
   |              +-->| FFN |-->(+)
   |                  +-----+    |
   |                             |
  (+)<---------------------------+
   |
   y
   |
   :  after 2 layers
   |
 +----+
 | LN |
 +----+
   |
   z
)");
}

TEST(Ascii, NormsInsideABoxAreNotedInIt) {
  expect_picture(preset("olmo2"), R"(
    x
    |
    |     +--------------------+   +-----+
    +---->| Attn (RMS on q, k) |-->| RMS |---+
    |     +--------------------+   +-----+   |
    |                                        |
   (+)<--------------------------------------+
    |
    u
    |
    |     +-----+   +-----+
    +---->| FFN |-->| RMS |------------------+
    |     +-----+   +-----+                  |
    |                                        |
   (+)<--------------------------------------+
    |
    y
    |
    :  after 2 layers
    |
 +-----+
 | RMS |
 +-----+
    |
    z
)");
}

TEST(Ascii, ParallelBranchesWithNormsOfTheirOwn) {
  BlockSpec s = find_preset("parallel").make({});
  s.parallel_shared_norm = false;
  s.norm_slots.ffn.in = NormSpec{};
  expect_picture(s, R"(
   x
   |
   |     +----+   +------+
   +---->| LN |-->| Attn |---+
   |     +----+   +------+   |
   |                         |
   |     +----+   +-----+    |
   +---->| LN |-->| FFN |-->(+)
   |     +----+   +-----+    |
   |                         |
  (+)<-----------------------+
   |
   y
   |
 +----+
 | LN |
 +----+
   |
   z
)");
}

TEST(Ascii, ScalesOfTheBranchStandOnItsWayBack) {
  BlockSpec s = find_preset("parallel").make({});
  s.residual_scale = 3;
  s.branch_scale = 0.5;
  expect_picture(s, R"(
   x
   |
   |     +----+       +------+
   +---->| LN |---+-->| Attn |---+
   |     +----+   |   +------+   |
   |              |              |
   |              |   +-----+    |
   |              +-->| FFN |-->(+)
   |                  +-----+    |
   * alpha                       * beta
   |                             |
  (+)<---------------------------+
   |
   y
   |
 +----+
 | LN |
 +----+
   |
   z
)");
}

TEST(Ascii, ANormedResidualLeavesTheStreamAfterTheNorm) {
  BlockSpec s = find_preset("pre_norm").make({});
  s.residual_source = ResidualSource::normed;
  expect_picture(s, R"(
   x
   |
 +----+
 | LN |
 +----+
   |
   |     +------+
   +---->| Attn |---+
   |     +------+   |
   |                |
  (+)<--------------+
   |
   u
   |
 +----+
 | LN |
 +----+
   |
   |     +-----+
   +---->| FFN |----+
   |     +-----+    |
   |                |
  (+)<--------------+
   |
   y
   |
 +----+
 | LN |
 +----+
   |
   z
)");
}

TEST(Ascii, ADroppedResidualPutsTheBranchOnTheStream) {
  BlockSpec s = find_preset("pre_norm").make({});
  s.attn_residual = ResidualFault::dropped;
  expect_picture(s, R"(
    x
    |
  +----+
  | LN |
  +----+
    |
 +------+
 | Attn |
 +------+
    |
    u
    |
    |     +----+   +-----+
    +---->| LN |-->| FFN |---+
    |     +----+   +-----+   |
    |                        |
   (+)<----------------------+
    |
    y
    |
  +----+
  | LN |
  +----+
    |
    z
)");
}

TEST(Ascii, AResidualFromTheBlockInputBreaksTheStream) {
  BlockSpec s = find_preset("pre_norm").make({});
  s.ffn_residual = ResidualFault::block_input;
  expect_picture(s, R"(
   x
   |
   |     +----+   +------+
   +---->| LN |-->| Attn |---+
   |     +----+   +------+   |
   |                         |
  (+)<-----------------------+
   |
   u
   |
   |     +----+   +-----+
   +---->| LN |-->| FFN |----+
         +----+   +-----+    |
                             |
   x                         |
   |                         |
  (+)<-----------------------+
   |
   y
   |
 +----+
 | LN |
 +----+
   |
   z
)");
}

TEST(Ascii, ABranchFromTheBlockInputSaysSo) {
  BlockSpec s = find_preset("pre_norm").make({});
  s.ffn_reads_block_input = true;
  expect_picture(s, R"(
   x
   |
   |     +----+   +------+
   +---->| LN |-->| Attn |---+
   |     +----+   +------+   |
   |                         |
  (+)<-----------------------+
   |
   u
   |
   |     +----+   +-----+
   | x-->| LN |-->| FFN |----+
   |     +----+   +-----+    |
   |                         |
  (+)<-----------------------+
   |
   y
   |
 +----+
 | LN |
 +----+
   |
   z
)");
}

TEST(Ascii, APartIsOneBox) {
  BlockSpec s = find_preset("olmo2").make({});
  s.part = Part::attention;
  expect_picture(s, R"(
           x
           |
 +--------------------+
 | Attn (RMS on q, k) |
 +--------------------+
           |
           y
)");
}

}  // namespace
}  // namespace plumbline
