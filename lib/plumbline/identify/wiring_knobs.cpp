// Where norms and residuals stand, and in which order things are done.
#include <algorithm>
#include <cmath>

#include "plumbline/identify/tables.hpp"
#include "plumbline/spec/names.hpp"

namespace plumbline::identify {
namespace {

std::string places_text(const Candidate& c, const Anatomy& a) {
  std::string text;
  for (std::size_t k = 0; k < c.places.size(); ++k)
    text += (k ? ", " : "") + a.norms[k].name + " in " + name_of(c.places[k]);
  return text;
}

constexpr Place every_place[] = {Place::shared_in, Place::attn_in, Place::attn_out, Place::attn_post,
                                 Place::ffn_in,    Place::ffn_out, Place::ffn_post, Place::nowhere};

void add(std::vector<Candidate>& out, const Anatomy& a, const Candidate& c,
         const std::vector<Place>& places) {
  if (places == c.places) return;
  if (auto other = with_places(a, c, places)) out.push_back(std::move(*other));
}

bool is_attn(Place p) { return p == Place::attn_in || p == Place::attn_out || p == Place::attn_post; }
Place as_in(Place like, Place p) {  // the place of p's sublayer that is what `like` is in its own
  const bool attn = is_attn(p);
  switch (like) {
    case Place::attn_in:
    case Place::ffn_in: return attn ? Place::attn_in : Place::ffn_in;
    case Place::attn_out:
    case Place::ffn_out: return attn ? Place::attn_out : Place::ffn_out;
    case Place::attn_post:
    case Place::ffn_post: return attn ? Place::attn_post : Place::ffn_post;
    default: return p;
  }
}

// One norm elsewhere, two exchanged, or a norm of each sublayer moved alike.
std::vector<Candidate> other_places(const Candidate& c, const Anatomy& a) {
  std::vector<Candidate> out;
  for (std::size_t k = 0; k < c.places.size(); ++k) {
    for (Place p : every_place) {
      std::vector<Place> places = c.places;
      places[k] = p;
      add(out, a, c, places);
    }
    for (std::size_t j = 0; j < k; ++j) {
      std::vector<Place> places = c.places;
      std::swap(places[j], places[k]);
      add(out, a, c, places);
      for (Place p : {Place::attn_in, Place::attn_out, Place::attn_post}) {
        places = c.places;
        if (is_attn(places[j]) == is_attn(places[k])) continue;
        places[j] = as_in(p, places[j]), places[k] = as_in(p, places[k]);
        add(out, a, c, places);
      }
    }
  }
  return out;
}

std::vector<Candidate> other_topology(const Candidate& c, const Anatomy& a) {
  Candidate other = c;
  const bool was_parallel = c.spec.topology == Topology::parallel;
  other.spec.topology = was_parallel ? Topology::sequential : Topology::parallel;
  std::vector<Candidate> out;
  for (const auto& swapped :
       {std::pair(Place::nowhere, Place::nowhere), {Place::shared_in, Place::attn_in}}) {
    std::vector<Place> places =
        c.places;  // a shared norm is that of attention in a sequence, and the reverse
    std::replace(places.begin(), places.end(), was_parallel ? swapped.first : swapped.second,
                 was_parallel ? swapped.second : swapped.first);
    if (auto moved = with_places(a, other, places)) out.push_back(std::move(*moved));
  }
  return out;
}

std::string final_norm_text(const Candidate& c) {
  return !c.spec.final_norm ? "none" : c.spec.final_norm_times == 2 ? "twice" : "once";
}
std::vector<Candidate> other_final_norms(const Candidate& c, const Anatomy& a) {
  if (!a.spec.final_norm) return {};
  std::vector<Candidate> out;
  for (int times : {1, 2, 0}) {
    if (times == (c.spec.final_norm ? c.spec.final_norm_times : 0)) continue;
    out.push_back(c);
    BlockSpec& s = out.back().spec;
    if (!times) s.final_norm.reset();
    if (times && !s.final_norm) {
      s.final_norm = a.spec.final_norm;
      const auto filled = filled_slots(s);
      if (filled.size() > 1)
        s.final_norm->kind = (*filled.front().slot)->kind, s.final_norm->eps = (*filled.front().slot)->eps;
    }
    s.final_norm_times = std::max(times, 1);
  }
  return out;
}

}  // namespace

std::vector<std::vector<Place>> placements(const Anatomy& a) {
  std::vector<std::vector<Place>> out{{}}, hinted{{}};
  for (const StreamNorm& n : a.norms) {
    std::vector<std::vector<Place>> longer;
    for (const auto& places : out)
      for (Place p : every_place) {
        if (p == Place::nowhere || std::find(places.begin(), places.end(), p) != places.end()) continue;
        longer.push_back(places);
        longer.back().push_back(p);
      }
    out = std::move(longer);
    hinted[0].push_back(n.hint.value_or(Place::nowhere));
  }
  const bool all =
      std::all_of(a.norms.begin(), a.norms.end(), [](const StreamNorm& n) { return n.hint.has_value(); });
  if (all) out.insert(out.begin(), hinted[0]);
  return out;
}

std::vector<Knob> wiring_knobs(const Space& space) {
  const Anatomy& a = space.anatomy;
  if (a.spec.part != Part::stack) return {};
  std::vector<Knob> out{
      {"norm_slots", wiring, [&a](const Candidate& c) { return places_text(c, a); },
       [&a](const Candidate& c) { return other_places(c, a); }},
      {"topology", wiring,
       [](const Candidate& c) { return std::string(plumbline::name_of(c.spec.topology)); },
       [&a](const Candidate& c) { return other_topology(c, a); }},
      {"final_norm", wiring, final_norm_text, [&a](const Candidate& c) { return other_final_norms(c, a); }},
      enumerated_knob("residual_source", wiring, &BlockSpec::residual_source),
      enumerated_knob("attn_residual", wiring, &BlockSpec::attn_residual),
      enumerated_knob("ffn_residual", wiring, &BlockSpec::ffn_residual),
      flag_knob("ffn_reads_block_input", wiring, &BlockSpec::ffn_reads_block_input),
      flag_knob("ffn_norm_is_attn_norm", wiring, &BlockSpec::ffn_norm_is_attn_norm),
      flag_knob("ffn_first", wiring, &BlockSpec::ffn_first)};
  if (a.spec.n_layers > 1)
    out.push_back(enumerated_knob("layer_parameters", wiring, &BlockSpec::layer_parameters));
  return out;
}

std::vector<Number> wiring_numbers(const Space& space) {
  if (space.anatomy.spec.part != Part::stack) return {};
  const double deep = std::sqrt(std::sqrt(2.0 * space.anatomy.spec.n_layers));
  return {{"residual_scale",
           wiring,
           [](const Candidate& c) { return std::optional(c.spec.residual_scale); },
           [](Candidate& c, double x) { c.spec.residual_scale = x; },
           1.0 / 64,
           64,
           {1, deep}},
          {"branch_scale",
           wiring,
           [](const Candidate& c) { return std::optional(c.spec.branch_scale); },
           [](Candidate& c, double x) { c.spec.branch_scale = x; },
           1.0 / 64,
           64,
           {1, deep}}};
}

}  // namespace plumbline::identify
