// What a question says of its keys: masks as tensors, lengths, segments, keys of a cache.
#include <optional>
#include <string>

#include "golden/generate/cases/cases.hpp"

#include "plumbline/spec/presets.hpp"

namespace plumbline::golden {
namespace {

struct GivenCase {
  std::string id;
  BlockSpec spec;
  int tokens, batch;
  std::optional<int> key_tokens = {};
  std::uint64_t seed = 2001;  // where a query sees one key alone, its weight is 1 and no enclosure shows that
};

BlockSpec part(Part p, MaskKind mask, const GivenSpec& given) {
  BlockSpec s = find_preset("pre_norm")
                    .make({.d = 8, .n_layers = 1, .n_heads = 4, .n_kv_heads = 2, .head_dim = 2, .d_ff = 10});
  s.part = p;
  s.final_norm.reset();
  s.attention.mask.kind = mask;
  s.attention.given = given;
  return s;
}

GivenCase sdpa(const char* name, MaskKind mask, const GivenSpec& given, int keys) {
  return {std::string("sdpa/") + name, part(Part::sdpa, mask, given), 4, 2, keys};
}

// Each kind of them once, and what has masks of its own.
std::vector<GivenCase> given_cases() {
  constexpr GivenMask boolean = GivenMask::boolean, additive = GivenMask::additive;
  constexpr MaskKind causal = MaskKind::causal, bidirectional = MaskKind::bidirectional;
  std::vector<GivenCase> out{
      sdpa("boolean-mask", causal, {.mask = boolean, .mask_over = MaskOver::sequences_and_heads}, 12),
      sdpa("boolean-mask-of-all", bidirectional, {.mask = boolean}, 5),
      sdpa("additive-mask", causal, {.mask = additive, .mask_over = MaskOver::heads}, 6),
      sdpa("mask-of-sequences", bidirectional, {.mask = additive, .mask_over = MaskOver::sequences}, 5),
      sdpa("lengths", bidirectional, {.lengths = true}, 7),
      sdpa("segments", bidirectional, {.segments = true}, 6),
      sdpa("empty-rows", causal,
           {.mask = boolean, .mask_over = MaskOver::heads, .lengths = true, .empty_rows = EmptyRows::zeros},
           9),
      sdpa("offset", causal, {.past = 1}, 7),
      sdpa("wide-values", causal, {.mask = boolean}, 5),
      {"attention/past", part(Part::attention, causal, {.past = 3}), 3, 2},
      {"attention/segments", part(Part::attention, causal, {.segments = true}), 6, 2},
      {"pre_norm/padded", part(Part::block, bidirectional, {.lengths = true}), 5, 2}};
  out[2].spec.attention.softcap.cap = 2;
  out[8].spec.attention.v_head_dim = 3;
  out[5].seed = 2005;
  out[6].seed = 2002;
  out[9].spec.position.rope = RopeSpec{.rotary_dim = 2};
  return out;
}

}  // namespace

void add_given(List& list) {
  for (const GivenCase& c : given_cases())
    list.add({c.id, {c.spec, c.tokens, c.batch, c.seed, Regime::plain, c.key_tokens}});
}

}  // namespace plumbline::golden
