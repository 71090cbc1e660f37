#include "plumbline/identify/candidate.hpp"

#include <algorithm>
#include <array>

namespace plumbline::identify {
namespace {

struct PlaceName {
  Place place;
  const char* name;       // in a spec's norm_slots
  const char* parameter;  // within a layer
};
constexpr std::array<PlaceName, 8> table{{{Place::nowhere, "nowhere", ""},
                                          {Place::shared_in, "in, shared", "norm_in"},
                                          {Place::attn_in, "attn.in", "attn.norm_in"},
                                          {Place::attn_out, "attn.out", "attn.norm_out"},
                                          {Place::attn_post, "attn.post", "attn.norm_post"},
                                          {Place::ffn_in, "ffn.in", "ffn.norm_in"},
                                          {Place::ffn_out, "ffn.out", "ffn.norm_out"},
                                          {Place::ffn_post, "ffn.post", "ffn.norm_post"}}};

const PlaceName& entry(Place place) { return table[static_cast<std::size_t>(place)]; }

constexpr Place places_of_a_layer[] = {Place::attn_in, Place::attn_out, Place::attn_post,
                                       Place::ffn_in,  Place::ffn_out,  Place::ffn_post};

bool can_be(const BlockSpec& s, const std::vector<Place>& places) {
  const bool parallel = s.topology == Topology::parallel;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Place p = places[i];
    if (p == Place::nowhere) continue;
    if (parallel ? p == Place::attn_post || p == Place::ffn_post : p == Place::shared_in) return false;
    for (std::size_t j = 0; j < i; ++j) {
      const bool both_in =
          (p == Place::shared_in && (places[j] == Place::attn_in || places[j] == Place::ffn_in)) ||
          (places[j] == Place::shared_in && (p == Place::attn_in || p == Place::ffn_in));
      if (places[j] == p || both_in) return false;
    }
  }
  return true;
}

// Splits "layers.3.attn.norm_in.weight" into what stands before, within and behind the layer's own name;
// false where it belongs to no layer.
struct Split {
  std::string layer, within, kind;
};
std::optional<Split> split(const std::string& name) {
  if (!name.starts_with("layers.")) return std::nullopt;
  const auto number_end = name.find('.', 7), kind = name.rfind('.');
  return Split{name.substr(0, number_end + 1), name.substr(number_end + 1, kind - number_end - 1),
               name.substr(kind)};
}

}  // namespace

NormSlot& slot(BlockSpec& s, Place place) {
  switch (place) {
    case Place::attn_out: return s.attn_norms.out;
    case Place::attn_post: return s.attn_norms.post;
    case Place::ffn_in: return s.ffn_norms.in;
    case Place::ffn_out: return s.ffn_norms.out;
    case Place::ffn_post: return s.ffn_norms.post;
    case Place::nowhere:
    case Place::shared_in:
    case Place::attn_in: break;
  }
  return s.attn_norms.in;
}

std::string name_of(Place place) { return entry(place).name; }

std::optional<Candidate> with_places(const Anatomy& anatomy, Candidate c, const std::vector<Place>& places) {
  if (!can_be(c.spec, places)) return std::nullopt;
  std::vector<NormSlot> norms;
  NormSlot any;
  for (Place p : c.places) {
    norms.push_back(p == Place::nowhere ? NormSlot{} : slot(c.spec, p));
    if (norms.back()) any = norms.back();
  }
  for (Place p : places_of_a_layer) slot(c.spec, p).reset();
  for (std::size_t k = 0; k < places.size(); ++k) {
    if (places[k] == Place::nowhere) continue;
    NormSpec n = norms.size() > k && norms[k] ? *norms[k] : any.value_or(NormSpec{});
    if (norms.size() <= k || !norms[k]) n.gain = anatomy.norms[k].gain, n.bias = anatomy.norms[k].bias;
    if (!n.gain) n.gain_offset = 0;
    slot(c.spec, places[k]) = n;
  }
  c.spec.parallel_shared_norm = std::count(places.begin(), places.end(), Place::shared_in) > 0;
  c.places = places;
  return c;
}

Parameters<double> as_read_by(const Candidate& c, const Parameters<double>& ours) {
  Parameters<double> out;
  for (const auto& [name, value] : ours) {
    const auto s = split(name);
    if (!s || !s->within.starts_with("norm")) {
      out[name] = value;
    } else if (const Place p = c.places.at(std::size_t(std::stoi(s->within.substr(4))));
               p != Place::nowhere) {
      out[s->layer + entry(p).parameter + s->kind] = value;
    }
  }
  return out;
}

std::string our_name(const Candidate& c, const std::string& spec_name) {
  if (const auto s = split(spec_name))
    for (std::size_t k = 0; k < c.places.size(); ++k)
      if (c.places[k] != Place::nowhere && s->within == entry(c.places[k]).parameter)
        return s->layer + "norm" + std::to_string(k) + s->kind;
  return spec_name;
}

}  // namespace plumbline::identify
