// Where norms and residuals stand, and in which order things are done.
#include <algorithm>
#include <cmath>

#include "plumbline/base/names.hpp"
#include "plumbline/identify/tables.hpp"

namespace plumbline::identify {
namespace {

std::string places_text(const Candidate& c, const Anatomy& a) {
  std::string text;
  for (std::size_t k = 0; k < c.places.size(); ++k)
    text += (k ? ", " : "") + a.norms[k].name + " in " + name_of(c.places[k]);
  return text;
}

constexpr NormPlace every_place[] = {NormPlace::shared_in, NormPlace::attn_in, NormPlace::attn_out,
                                     NormPlace::attn_post, NormPlace::ffn_in,  NormPlace::ffn_out,
                                     NormPlace::ffn_post,  NormPlace::nowhere};

void add(std::vector<Candidate>& out, const Anatomy& a, const Candidate& c,
         const std::vector<NormPlace>& places) {
  if (places == c.places) return;
  if (auto other = with_places(a, c, places)) out.push_back(std::move(*other));
}

bool is_attn(NormPlace p) {
  return p == NormPlace::attn_in || p == NormPlace::attn_out || p == NormPlace::attn_post;
}
NormPlace as_in(NormPlace like, NormPlace p) {  // the place of p's sublayer that is what `like` is in its own
  const bool attn = is_attn(p);
  switch (like) {
    case NormPlace::attn_in:
    case NormPlace::ffn_in: return attn ? NormPlace::attn_in : NormPlace::ffn_in;
    case NormPlace::attn_out:
    case NormPlace::ffn_out: return attn ? NormPlace::attn_out : NormPlace::ffn_out;
    case NormPlace::attn_post:
    case NormPlace::ffn_post: return attn ? NormPlace::attn_post : NormPlace::ffn_post;
    default: return p;
  }
}

// One norm elsewhere, two exchanged, or a norm of each sublayer moved alike.
std::vector<Candidate> other_places(const Candidate& c, const Anatomy& a) {
  std::vector<Candidate> out;
  for (std::size_t k = 0; k < c.places.size(); ++k) {
    for (NormPlace p : every_place) {
      std::vector<NormPlace> places = c.places;
      places[k] = p;
      add(out, a, c, places);
    }
    for (std::size_t j = 0; j < k; ++j) {
      std::vector<NormPlace> places = c.places;
      std::swap(places[j], places[k]);
      add(out, a, c, places);
      for (NormPlace p : {NormPlace::attn_in, NormPlace::attn_out, NormPlace::attn_post}) {
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
  const auto& n = c.spec.norm_slots;
  if (c.places.empty() && (n.attn.post || n.ffn.post))
    return {};  // in parallel nothing stands behind one add
  Candidate other = c;
  const bool was_parallel = c.spec.topology == Topology::parallel;
  other.spec.topology = was_parallel ? Topology::sequential : Topology::parallel;
  std::vector<Candidate> out;
  for (const auto& swapped :
       {std::pair(NormPlace::nowhere, NormPlace::nowhere), {NormPlace::shared_in, NormPlace::attn_in}}) {
    std::vector<NormPlace> places =
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
      if (filled.size() > 1 && has_alpha(**filled.front().slot) == has_alpha(*s.final_norm))
        s.final_norm->kind = (*filled.front().slot)->kind, s.final_norm->eps = (*filled.front().slot)->eps;
    }
    s.final_norm_times = std::max(times, 1);
  }
  return out;
}

}  // namespace

std::vector<std::vector<NormPlace>> placements(const Anatomy& a) {
  std::vector<std::vector<NormPlace>> out{{}}, hinted{{}};
  for (const StreamNorm& n : a.norms) {
    std::vector<std::vector<NormPlace>> longer;
    for (const auto& places : out)
      for (NormPlace p : every_place) {
        if (p == NormPlace::nowhere || std::find(places.begin(), places.end(), p) != places.end()) continue;
        longer.push_back(places);
        longer.back().push_back(p);
      }
    out = std::move(longer);
    hinted[0].push_back(n.hint.value_or(NormPlace::nowhere));
  }
  const bool all =
      std::all_of(a.norms.begin(), a.norms.end(), [](const StreamNorm& n) { return n.hint.has_value(); });
  if (all) out.insert(out.begin(), hinted[0]);
  return out;
}

std::vector<Variation> wiring_knobs(const Space& space) {
  const Anatomy& a = space.anatomy;
  if (!is_block(a.spec)) return {};
  std::vector<Variation> out{
      {"norm_slots", wiring, [&a](const Candidate& c) { return places_text(c, a); },
       [&a](const Candidate& c) { return other_places(c, a); }},
      {"topology", wiring,
       [](const Candidate& c) { return std::string(plumbline::name_of(c.spec.topology)); },
       [&a](const Candidate& c) { return other_topology(c, a); }},
      {"final_norm", wiring, final_norm_text, [&a](const Candidate& c) { return other_final_norms(c, a); }}};
  add_missing(out, walked<BlockSpec>("", wiring, [](BlockSpec& s) { return &s; }));
  for (Variation& v : out)
    if (v.id == "layer_parameters") v = only_where(v, [](const BlockSpec& s) { return s.n_layers > 1; });
  return out;
}

std::vector<Number> wiring_numbers(const Space& space) {
  if (!is_block(space.anatomy.spec)) return {};
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
