// The knobs of norms: of all alike, and of each.
#pragma once

#include "plumbline/identify/knobs.hpp"

namespace plumbline::identify {

// A slot of a spec with its name.
struct NamedSlot {
  std::string id;  // "attn.in", "attn.q", "final_norm"
  NormSlot* slot;
};
// The filled ones, in a fixed order.
std::vector<NamedSlot> filled_slots(BlockSpec& spec);

// What the box has parameters for of the norm in that slot.
NormParameters declared_parameters(const Candidate& candidate, const Space& space,
                                   const std::string& slot_id);

// The knobs of all norms alike, then of each slot.
std::vector<Variation> norm_knobs(const Space& space);
inline constexpr double usual_eps[] = {1e-5, 1e-6, 1e-12, 1e-8, 1e-7, 1e-3, 1e-4, 1.5625e-7, 0x1p-23};

}  // namespace plumbline::identify
