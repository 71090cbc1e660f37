#include "plumbline/identify/candidate.hpp"

#include <algorithm>
#include <array>

namespace plumbline::identify {
namespace {

struct PlaceName {
  NormPlace place;
  const char* name;       // in a spec's norm_slots
  const char* parameter;  // within a layer
};
constexpr std::array<PlaceName, 8> table{{{NormPlace::nowhere, "nowhere", ""},
                                          {NormPlace::shared_in, "in, shared", "norm_in"},
                                          {NormPlace::attn_in, "attn.in", "attn.norm_in"},
                                          {NormPlace::attn_out, "attn.out", "attn.norm_out"},
                                          {NormPlace::attn_post, "attn.post", "attn.norm_post"},
                                          {NormPlace::ffn_in, "ffn.in", "ffn.norm_in"},
                                          {NormPlace::ffn_out, "ffn.out", "ffn.norm_out"},
                                          {NormPlace::ffn_post, "ffn.post", "ffn.norm_post"}}};

const PlaceName& entry(NormPlace place) { return table[static_cast<std::size_t>(place)]; }

bool can_be(const BlockSpec& s, const std::vector<NormPlace>& places) {
  const bool parallel = s.topology == Topology::parallel;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const NormPlace p = places[i];
    if (p == NormPlace::nowhere) continue;
    if (parallel ? p == NormPlace::attn_post || p == NormPlace::ffn_post : p == NormPlace::shared_in)
      return false;
    for (std::size_t j = 0; j < i; ++j) {
      const bool both_in =
          (p == NormPlace::shared_in &&
           (places[j] == NormPlace::attn_in || places[j] == NormPlace::ffn_in)) ||
          (places[j] == NormPlace::shared_in && (p == NormPlace::attn_in || p == NormPlace::ffn_in));
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

NormSlot& slot(BlockSpec& s, NormPlace place) {
  switch (place) {
    case NormPlace::attn_out: return s.norm_slots.attn.out;
    case NormPlace::attn_post: return s.norm_slots.attn.post;
    case NormPlace::ffn_in: return s.norm_slots.ffn.in;
    case NormPlace::ffn_out: return s.norm_slots.ffn.out;
    case NormPlace::ffn_post: return s.norm_slots.ffn.post;
    case NormPlace::nowhere:
    case NormPlace::shared_in:
    case NormPlace::attn_in: break;
  }
  return s.norm_slots.attn.in;
}

NormSpec like(const NormSpec& other, const NormParameters& has) {
  const NormSpec declared = declared_norm(has);
  NormSpec n = has.alpha == has_alpha(other) ? other : declared;
  n.gain = declared.gain, n.bias = declared.bias;
  return n;
}

std::string name_of(NormPlace place) { return entry(place).name; }

std::optional<Candidate> with_places(const Anatomy& anatomy, Candidate c,
                                     const std::vector<NormPlace>& places) {
  if (!can_be(c.spec, places)) return std::nullopt;
  std::vector<NormSlot> norms;
  NormSlot any;
  for (NormPlace p : c.places) {
    norms.push_back(p == NormPlace::nowhere ? NormSlot{} : slot(c.spec, p));
    if (norms.back()) any = norms.back();
  }
  for (NormPlace p : c.places)  // norms without parameters stay where they are
    if (p != NormPlace::nowhere) slot(c.spec, p).reset();
  for (std::size_t k = 0; k < places.size(); ++k) {
    if (places[k] == NormPlace::nowhere) continue;
    NormSpec n =
        norms.size() > k && norms[k] ? *norms[k] : like(any.value_or(NormSpec{}), anatomy.norms[k].has);
    if (!n.gain) n.gain_offset = 0;
    slot(c.spec, places[k]) = n;
  }
  c.spec.parallel_shared_norm = std::count(places.begin(), places.end(), NormPlace::shared_in) > 0;
  c.places = places;
  return c;
}

Parameters<double> as_read_by(const Candidate& c, const Parameters<double>& ours) {
  Parameters<double> out;
  for (const auto& [name, value] : ours) {
    const auto s = split(name);
    if (!s || !s->within.starts_with("norm")) {
      out[name] = value;
    } else if (const NormPlace p = c.places.at(std::size_t(std::stoi(s->within.substr(4))));
               p != NormPlace::nowhere) {
      out[s->layer + entry(p).parameter + s->kind] = value;
    }
  }
  return out;
}

std::string our_name(const Candidate& c, const std::string& spec_name) {
  if (const auto s = split(spec_name))
    for (std::size_t k = 0; k < c.places.size(); ++k)
      if (c.places[k] != NormPlace::nowhere && s->within == entry(c.places[k]).parameter)
        return s->layer + "norm" + std::to_string(k) + s->kind;
  return spec_name;
}

}  // namespace plumbline::identify
