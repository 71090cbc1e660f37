#include "golden/generate/cases/cases.hpp"
#include "golden/generate/cases/specs.hpp"

namespace plumbline::golden {
namespace {

void latent(BlockSpec& s, const LatentSpec& l) {
  heads(s, 2, 2);
  s.attention.head_dim = 6;
  s.attention.latent = l;
  s.attention.bias = {.q = false, .k = false, .v = false, .o = false};
  s.position.rope = rope(RopeStyle::interleaved, l.rope_dim);
}

}  // namespace

void add_latent(List& list) {
  add_attention(
      list, "latent",
      [](BlockSpec& s) { latent(s, {.q_rank = 5, .kv_rank = 4, .rope_dim = 2, .v_head_dim = 3}); }, 6);
  add_attention(
      list, "latent-keys-and-values",
      [](BlockSpec& s) { latent(s, {.kv_rank = 3, .rope_dim = 4, .eps = 1e-2}); }, 6);
}

}  // namespace plumbline::golden
