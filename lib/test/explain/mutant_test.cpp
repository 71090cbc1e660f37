// Every change of the layout that the block code can make must change the picture and its formulas: a drawing
// that cannot tell a bug from the right block explains nothing.
#include <gtest/gtest.h>

#include "plumbline/explain/picture.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

struct Mutant {
  const char* name;
  void (*change)(BlockSpec&);
};

constexpr Mutant mutants[] = {
    {"residual from the normed stream", [](BlockSpec& s) { s.residual_source = ResidualSource::normed; }},
    {"layout swapped for post_norm", [](BlockSpec& s) { s = with_layout(s, "post_norm", NormSpec{}); }},
    {"layout swapped for sandwich", [](BlockSpec& s) { s = with_layout(s, "sandwich", NormSpec{}); }},
    {"layout swapped for parallel", [](BlockSpec& s) { s = with_layout(s, "parallel", NormSpec{}); }},
    {"first norm missing", [](BlockSpec& s) { s.norm_slots.attn.in.reset(); }},
    {"RMS for LN", [](BlockSpec& s) { s.norm_slots.ffn.in->kind = NormKind::rms_norm; }},
    {"attention residual dropped", [](BlockSpec& s) { s.attn_residual = ResidualFault::dropped; }},
    {"feed-forward residual doubled", [](BlockSpec& s) { s.ffn_residual = ResidualFault::doubled; }},
    {"residual from the block input", [](BlockSpec& s) { s.ffn_residual = ResidualFault::block_input; }},
    {"feed-forward reads the block input", [](BlockSpec& s) { s.ffn_reads_block_input = true; }},
    {"sublayers in the wrong order", [](BlockSpec& s) { s.ffn_first = true; }},
    {"branch scaled", [](BlockSpec& s) { s.branch_scale = 0.5; }},
    {"final norm missing", [](BlockSpec& s) { s.final_norm.reset(); }},
    {"final norm twice", [](BlockSpec& s) { s.final_norm_times = 2; }},
};

TEST(PictureMutant, EveryOneIsSeen) {
  const BlockSpec right = find_preset("pre_norm").make({});
  const Picture p = picture_of(right);
  for (const auto& [name, change] : mutants) {
    BlockSpec wrong = right;
    change(wrong);
    const Picture q = picture_of(wrong);
    EXPECT_NE(ascii(q), ascii(p)) << name;
    EXPECT_NE(mermaid(q), mermaid(p)) << name;
    EXPECT_NE(formulas(q, Notation::text), formulas(p, Notation::text)) << name;
  }
}

TEST(PictureMutant, SwappedScalesAreSeen) {
  BlockSpec s = find_preset("deep_norm").make({});
  const Picture right = picture_of(s);
  s.scales_swapped = true;
  EXPECT_NE(ascii(picture_of(s)), ascii(right));
}

}  // namespace
}  // namespace plumbline
