// A candidate for what a black box computes: a spec, and where in it the box's norms stand.
#pragma once

#include "plumbline/block/evaluate.hpp"
#include "plumbline/identify/anatomy.hpp"

namespace plumbline::identify {

// What the box may compute.
struct Candidate {
  BlockSpec spec;
  std::vector<NormPlace> places;  // of the norms of a layer, in the order of Anatomy::norms
  bool operator==(const Candidate&) const = default;
};

// The slot of a spec; that of shared_in is attn.in.
NormSlot& slot(BlockSpec& spec, NormPlace place);
// What it is called in a spec's norm_slots: "attn.in"; "in, shared" and "nowhere" of the other two.
std::string name_of(NormPlace place);

// A norm like another one, as far as its own parameters allow.
NormSpec like(const NormSpec& other, const NormParameters& has);

// The candidate with its norms in other places, each with the norm that it had. Nothing where two would share
// a place, or a place is not to be had in that topology.
std::optional<Candidate> with_places(const Anatomy& anatomy, Candidate candidate,
                                     const std::vector<NormPlace>& places);

// Parameters under the names that the candidate's spec has for them; those that it does not read are left
// out. `ours`: under the names of Anatomy::ours. Throws std::out_of_range where it has more norms than
// the candidate.
Parameters<double> as_read_by(const Candidate& candidate, const Parameters<double>& ours);
// The inverse for names alone: what the spec's parameter is called in `ours`.
std::string our_name(const Candidate& candidate, const std::string& spec_name);

// What the box is asked: numbers for everything that it reads, under our names.
struct Probe {
  Matrix<double> x;  // [batch tokens, d]
  Parameters<double> parameters;
  int batch = 1;
};

}  // namespace plumbline::identify
