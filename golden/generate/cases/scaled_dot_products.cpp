#include "golden/generate/cases/cases.hpp"
#include "golden/generate/cases/specs.hpp"

namespace plumbline::golden {

void add_sdpa(List& list) {
  const auto sdpa = [&](const char* name, MaskKind mask, int key_tokens,
                        CausalAlignment alignment = CausalAlignment::bottom_right) {
    BlockSpec s = layout("pre_norm", 12);
    heads(s, 4, 2);
    s.d = 16;
    s.part = Part::sdpa;
    s.attention.mask.kind = mask, s.attention.mask.alignment = alignment;
    list.add(std::string("sdpa/") + name, s, Regime::plain, 4, 2, key_tokens);
  };
  sdpa("causal", MaskKind::causal, 7);
  sdpa("causal-from-the-first-key", MaskKind::causal, 7, CausalAlignment::top_left);
  sdpa("bidirectional", MaskKind::bidirectional, 4);
}

void add_sdpa_with_buckets(List& list) {
  BlockSpec sdpa = layout("pre_norm", 8);
  heads(sdpa, 2, 2), sdpa.part = Part::sdpa;
  sdpa.attention.mask.kind = MaskKind::sliding, sdpa.attention.mask.window = 2;
  sdpa.position.buckets = BucketsSpec{.count = 6, .max_distance = 4};
  list.add("sdpa/sliding-with-buckets", sdpa, Regime::plain, 4, 2, 6);
}

}  // namespace plumbline::golden
