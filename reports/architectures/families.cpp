#include "reports/architectures/families.hpp"

#include <algorithm>

namespace plumbline::reports {
namespace {

bool has_post(const BlockSpec& s) { return s.norm_slots.attn.post || s.norm_slots.ffn.post; }
bool has_out(const BlockSpec& s) { return s.norm_slots.attn.out || s.norm_slots.ffn.out; }
bool has_unusual_norms(const BlockSpec& s) {
  const auto is_dyt = [](const NormSlot& n) { return n && n->kind == NormKind::dyt; };
  return s.residual_source == ResidualSource::normed || s.norm_slots.attn.mid || s.norm_slots.ffn.mid ||
         is_dyt(s.norm_slots.attn.in);
}

constexpr Family all_families[] = {
    {"streams", "Several streams", [](const BlockSpec& s) { return s.streams.has_value(); }},
    {"latent", "Latent vectors", [](const BlockSpec& s) { return s.attention.latent.has_value(); }},
    {"experts", "Mixtures of experts", [](const BlockSpec& s) { return s.ffn.moe.has_value(); }},
    {"unusual_norms", "Norms within branches, normed residuals, DyT", has_unusual_norms},
    {"post_norm", "Norms after the add", has_post},
    {"output_norms", "Norms on what a sublayer writes", has_out},
    {"parallel", "Parallel sublayers", [](const BlockSpec& s) { return s.topology == Topology::parallel; }},
    {"encoders", "Pre-norm that sees both sides",
     [](const BlockSpec& s) {
       return s.attention.mask.kind == MaskKind::bidirectional || s.attention.mask.kind == MaskKind::sliding;
     }},
    {"plain", "Pre-norm without a gate",
     [](const BlockSpec& s) { return s.ffn.kind == FeedForwardKind::mlp; }},
    {"gated", "Pre-norm with a gated feed-forward", [](const BlockSpec&) { return true; }},
};

}  // namespace

std::span<const Family> families() { return all_families; }

const Family& family_of(const BlockSpec& s) {
  return *std::ranges::find_if(all_families, [&](const Family& f) { return f.has(s); });
}

}  // namespace plumbline::reports
