#include "plumbline/spec/presets.hpp"
#include "golden/generate/cases/cases.hpp"

namespace plumbline::golden {
namespace {

std::uint64_t seed_of(std::string_view name) {
  std::uint64_t hash = 14695981039346656037ull;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return 10000 + hash % 1000000;
}

// Four heads of keys are twice as many parameters as two, and show no more; of grouped ones two read one.
BlockSpec smallest(const Preset& p) {
  Dimensions n{.d = 5, .n_heads = 2, .head_dim = 4, .d_ff = 3};
  const AttentionSpec usual = p.small().attention;
  if (usual.n_kv_heads < usual.n_heads) n.n_kv_heads = 1;
  BlockSpec s = p.small(n);
  if (s.streams && mixes(*s.streams)) s.streams->count = 2;
  if (!s.streams || s.streams->rule != StreamRule::mhc_lite) return s;
  s.part = Part::block;  // streams that begin alike give its logits no gradient
  s.final_norm.reset();
  return s;
}

}  // namespace

// A seed of its own each, so that a preset more changes no other's.
void add_presets(List& list) {
  for (const Preset& p : presets())
    if (!p.common)
      list.add(
          {"presets/" + std::string(p.name), {.spec = smallest(p), .tokens = 4, .seed = seed_of(p.name)}});
}

}  // namespace plumbline::golden
