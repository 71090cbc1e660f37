#include "plumbline/identify/describe.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plumbline/base/names.hpp"
#include "plumbline/cases/deviate.hpp"
#include "plumbline/identify/norm_knobs.hpp"
#include "plumbline/spec/json.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::identify {
namespace {

std::string joined(const std::vector<std::string>& parts, const char* between) {
  std::string text;
  for (const std::string& p : parts)
    if (!p.empty()) text += (text.empty() ? "" : between) + p;
  return text;
}

// The layout whose slots of the stream are those of the spec, else the slots one by one; and the factors of
// residual and branches, where no layout says them.
std::string layout_text(const BlockSpec& s) {
  const auto filled = [](BlockSpec t) {
    std::vector<std::string> ids;
    for (const NamedSlot& n : filled_slots(t))
      if (n.id != "final_norm" && n.id != "attn.q" && n.id != "attn.k" && n.id != "attn.v" &&
          !n.id.ends_with("mid"))
        ids.push_back(n.id);
    return ids;
  };
  const auto times = [](const char* what, double scale) {
    return scale == 1 ? "" : std::string(", ") + what + " times " + number_text(scale);
  };
  const std::string branch = times("branches", s.branch_scale),
                    scales = times("residual", s.residual_scale) + branch;
  BlockSpec unscaled = s;
  unscaled.residual_scale = 1;
  std::string layout;
  for (const Preset& p : presets()) {
    if (!p.is_layout) continue;
    const BlockSpec t = with_layout(unscaled, p.name, NormSpec{});
    if (filled(t) != filled(s) || t.topology != s.topology ||
        t.parallel_shared_norm != s.parallel_shared_norm)
      continue;
    if (t.residual_scale == s.residual_scale) return std::string(p.name) + branch;
    if (layout.empty()) layout = p.name;
  }
  if (!layout.empty()) return layout + scales;
  const std::string slots = joined(filled(s), ", ");
  const std::string topology = s.topology == Topology::parallel ? "parallel, " : "";
  return topology + (slots.empty() ? "no norm in a layer" : "norms in " + slots) + scales;
}

std::string kind_in_words(NormKind kind) {
  switch (kind) {
    case NormKind::rms_norm: return "RMSNorm";
    case NormKind::dyt: return "DyT";
    case NormKind::l2_norm: return "L2 norm";
    case NormKind::derf: return "Derf";
    case NormKind::layer_norm: break;
  }
  return "LayerNorm";
}

std::string norms_text(BlockSpec s) {
  const std::vector<NamedSlot> filled = filled_slots(s);
  if (filled.empty()) return "";
  const NormSpec& n = **filled.front().slot;
  const bool alike = std::all_of(filled.begin(), filled.end(), [&](const NamedSlot& m) {
    return (*m.slot)->kind == n.kind && (*m.slot)->eps == n.eps && (*m.slot)->gain_offset == n.gain_offset;
  });
  if (!alike) return "with norms that differ";
  const std::string constants = joined(
      {has_statistics(n) ? "eps " + number_text(n.eps) : "", n.gain_offset ? "gain 1 + weight" : ""}, ", ");
  return "with " + kind_in_words(n.kind) + (constants.empty() ? "" : " (" + constants + ")") +
         (s.final_norm ? ", final norm" : "");
}

std::string attention_text(const BlockSpec& s) {
  const AttentionSpec& a = s.attention;
  std::string mask(plumbline::name_of(a.mask.kind));
  if (a.mask.window) mask = "causal in a window of " + std::to_string(*a.mask.window);
  std::string heads = std::to_string(a.n_heads) + " heads of " + std::to_string(a.head_dim);
  if (a.n_kv_heads != a.n_heads) heads += " (" + std::to_string(a.n_kv_heads) + " for keys and values)";
  std::string rope;
  if (s.position.rope)
    rope = "RoPE (" + std::string(s.position.rope->sign < 0 ? "the other way, " : "") +
           std::string(plumbline::name_of(s.position.rope->style)) + ", base " +
           number_text(s.position.rope->base) +
           (s.position.rope->scaling
                ? ", scaled as " + std::string(plumbline::name_of(s.position.rope->scaling->kind))
                : "") +
           (s.position.rope->rotary_dim < a.head_dim
                ? ", on " + std::to_string(s.position.rope->rotary_dim) + " channels)"
                : ")");
  std::string alibi;
  if (s.position.bias) {
    alibi = "ALiBi";
    if (const int most = s.position.bias->max_bias; most != AlibiSpec().max_bias)
      alibi += " (least slope 2^-" + std::to_string(most) + ")";
  }
  const std::string cap = a.softcap.cap ? "softcap " + number_text(*a.softcap.cap) : "";
  const std::string qk = s.norm_slots.attn.q || s.norm_slots.attn.k ? "norms on q and k" : "",
                    v = s.norm_slots.attn.v ? "norm on v" : "", gate = a.gate ? "gated" : "",
                    buckets = s.position.buckets ? "buckets of distances" : "";
  return joined({mask + " attention", heads, rope, alibi, buckets, cap, qk, v, gate}, ", ");
}

std::string mixture_text(const MoeSpec& m) {
  return ", " + std::to_string(m.top_k) + " of " + std::to_string(m.experts) + " experts by " +
         std::string(plumbline::name_of(m.score)) + (m.shared_d_ff ? ", a shared one" : "");
}

std::string feed_forward_text(FeedForwardSpec f) {
  if (f.moe) {
    const std::string mixture = mixture_text(*f.moe);
    f.moe.reset();
    return feed_forward_text(f) + mixture;
  }
  const std::string act(plumbline::name_of(f.activation));
  if (f.kind == FeedForwardKind::mlp) return act + " feed-forward";
  return f.activation == Activation::silu ? "SwiGLU" : "gated feed-forward with " + act;
}

void collect(const Json& j, const std::string& path, std::map<std::string, std::string>& out) {
  if (!j.is_object()) {
    out[path] = j.is_string()         ? j.get<std::string>()
                : j.is_number_float() ? number_text(j.get<double>())
                                      : j.dump();
    return;
  }
  for (const auto& [key, value] : j.items()) collect(value, path.empty() ? key : path + "." + key, out);
}

// The values of a spec by key. Keys that stand only where a value is wrong are in neither, or read
// "as usual".
using Leaves = std::map<std::string, std::string>;
Leaves leaves(const BlockSpec& s) {
  Leaves out;
  collect(to_json(s), "", out);
  return out;
}

int distance(const Leaves& a, const Leaves& b) {
  int n = 0;
  for (const auto& [key, value] : a) {
    const auto it = b.find(key);
    n += it == b.end() || it->second != value;
  }
  for (const auto& [key, value] : b) n += !a.count(key);
  return n;
}

// Slots whose norms differ in the same way stand together.
std::vector<std::string> differences(const Leaves& from, const Leaves& to) {
  std::vector<std::pair<std::string, std::vector<std::string>>> out;  // what differs how, where
  const auto note = [&](const std::string& key, const std::string& found, const std::string& expected) {
    const bool in_norm = key.starts_with("norm_slots.") || key.starts_with("final_norm.");
    const auto dot = in_norm ? key.rfind('.') : std::string::npos;
    const std::string what =
        (dot == std::string::npos ? key : key.substr(dot + 1)) + ": " + found + ", not " + expected;
    const auto it = std::find_if(out.begin(), out.end(), [&](const auto& o) { return o.first == what; });
    auto& where = (it == out.end() ? out.emplace_back(what, std::vector<std::string>()) : *it).second;
    if (dot != std::string::npos) where.push_back(key.substr(0, dot));
  };
  for (const auto& [key, value] : to) {
    const auto it = from.find(key);
    if (it == from.end() || it->second != value) note(key, value, it == from.end() ? "as usual" : it->second);
  }
  for (const auto& [key, value] : from)
    if (!to.count(key)) note(key, "as usual", value);
  std::vector<std::string> lines;
  for (const auto& [what, where] : out)
    lines.push_back(what + (where.empty() ? "" : " (" + joined(where, ", ") + ")"));
  return lines;
}

void correct(NormSlot& slot, NormParameters has) {
  if (!slot) return;
  make_right(*slot);
  slot->gain = has.gain, slot->bias = has.bias;
  if (!has.gain) slot->gain_offset = 0;
}

// Uses what the box has parameters for.
void declare(MoeSpec& m, const MoeSpec& declared) {
  m.router_bias = declared.router_bias, m.correction_bias = declared.correction_bias;
  m.shared_d_ff = declared.shared_d_ff, m.shared_gate = declared.shared_gate;
}

}  // namespace

Candidate corrected(const Candidate& c, const Anatomy& anatomy) {
  Candidate right = c;
  std::vector<NormPlace> hinted;
  for (const StreamNorm& n : anatomy.norms)
    if (n.hint) hinted.push_back(*n.hint);
  if (hinted.size() == anatomy.norms.size())
    if (const auto placed = with_places(anatomy, right, hinted)) right = *placed;
  BlockSpec& s = right.spec;
  const Space space{anatomy};
  if (anatomy.spec.final_norm && !s.final_norm) {
    const std::vector<NamedSlot> filled = filled_slots(s);
    s.final_norm =
        like(filled.empty() ? NormSpec{} : **filled.front().slot, parameters_of(*anatomy.spec.final_norm));
  }
  for (auto [slot, declared] : {std::pair(&s.norm_slots.attn.q, &anatomy.spec.norm_slots.attn.q),
                                {&s.norm_slots.attn.k, &anatomy.spec.norm_slots.attn.k},
                                {&s.norm_slots.attn.v, &anatomy.spec.norm_slots.attn.v}})
    if (!*slot) *slot = *declared;
  if (!s.attention.gate) s.attention.gate = anatomy.spec.attention.gate;
  if (!s.position.buckets) s.position.buckets = anatomy.spec.position.buckets;
  if (s.ffn.moe) declare(*s.ffn.moe, *anatomy.spec.ffn.moe);
  make_right(s);
  for (const NamedSlot& n : filled_slots(s)) correct(*n.slot, declared_parameters(right, space, n.id));
  s.attention.bias = anatomy.spec.attention.bias;
  s.ffn.bias = anatomy.spec.ffn.bias;
  return right;
}

std::string sentence(const BlockSpec& s) {
  if (is_one_norm(s)) return "a norm " + norms_text(s).substr(5);
  if (!feeds(s)) return attention_text(s);
  if (!attends(s)) return feed_forward_text(s.ffn);
  return joined({joined({layout_text(s), norms_text(s)}, " "), attention_text(s), feed_forward_text(s.ffn)},
                "; ");
}

Way way(const BlockSpec& from, const BlockSpec& to) {
  Way w;
  BlockSpec at = from;
  const Leaves goal = leaves(to);
  int left = distance(leaves(at), goal);
  for (bool nearer = left > 0; nearer;) {
    nearer = false;
    BlockSpec next;
    std::string_view id;
    for (const Deviation& d : deviations()) {
      const BlockSpec s = plumbline::deviating(d, at);
      const int n = distance(leaves(s), goal);
      if (n >= left) continue;
      left = n, next = s, id = d.id, nearer = true;
    }
    if (!nearer) break;
    at = next;
    w.deviations.emplace_back(id);
  }
  w.differences = differences(leaves(at), goal);
  return w;
}

Nearest nearest_preset(const BlockSpec& s) {
  const AttentionSpec& a = s.attention;
  const Dimensions n{s.d, s.n_layers, a.n_heads, a.n_kv_heads, a.head_dim, s.ffn.d_ff};
  const Leaves goal = leaves(s);
  const Preset* nearest = nullptr;
  int least = 0;
  for (const Preset& p : presets())
    if (const int found = distance(leaves(p.make(n)), goal); !nearest || found < least)
      nearest = &p, least = found;
  return {std::string(nearest->name), way(nearest->make(n), s)};
}

std::vector<std::string> mistakes(const Candidate& c, const Anatomy& anatomy) {
  return way(corrected(c, anatomy).spec, c.spec).deviations;
}

}  // namespace plumbline::identify
