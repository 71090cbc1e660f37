// A spec from JSON: presets, layouts and shorthands first, then every knob that is given.
#include "plumbline/spec/json.hpp"

#include <nlohmann/json.hpp>

#include "plumbline/base/strict_json.hpp"
#include "plumbline/block/sizes.hpp"
#include "plumbline/spec/json_reader.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

NormSpec read_norm(const Json& json, const std::string& path) {
  NormSpec n;
  JsonReader r(json, path);
  r.read_knobs(n);
  r.finish();
  return n;
}

// "qk" stands for the slots q and k, where they are not given themselves.
void expand_qk(Json& spec) {
  const Json::json_pointer attn("/norm_slots/attn");
  if (!spec.contains(attn) || !spec[attn].is_object() || !spec[attn].contains("qk")) return;
  for (const char* slot : {"q", "k"})
    if (!spec[attn].contains(slot)) spec[attn][slot] = spec[attn]["qk"];
  spec[attn].erase("qk");
}

// The width of what reads heads follows from them.
int width_of_heads(JsonReader& spec) {
  int n_heads = 0, head_dim = 0;
  if (const Json* v = spec.find("attention")) {
    JsonReader r(*v, spec.path("attention"));
    r.read("n_heads", n_heads);
    r.read("head_dim", head_dim);
  }
  if (n_heads < 1 || head_dim < 1)
    throw Error(spec.path("d") +
                ": expected it, or attention.n_heads and attention.head_dim of at least 1, found none");
  check_size(spec.path("attention.n_heads"), n_heads);
  check_size(spec.path("attention.head_dim"), head_dim);
  check_size(spec.path("d"), 1LL * n_heads * head_dim);
  return n_heads * head_dim;
}

// A single norm has the shorthand "norm"; a part of a preset leaves out what lies beyond it.
void read_part(JsonReader& r, BlockSpec& s) {
  r.read("part", s.part);
  const Json* norm = r.find("norm");
  if (is_one_norm(s) && norm && !r.find("layout")) s.norm_slots.attn.in = read_norm(*norm, r.path("norm"));
  if (is_block(s) && !is_stack(s)) s.final_norm.reset();
  if (attends(s) && !projects(s)) {
    s.position.rope.reset();
    s.norm_slots.attn.q.reset();
    s.norm_slots.attn.k.reset();
    s.norm_slots.attn.v.reset();
    s.attention.gate.reset();
    s.attention.latent.reset();
  }
}

// Whether the part of that name does.
bool names_reader_of_heads(const Json& part) {
  const auto known = part.is_string() ? find_named<Part>(part.get<std::string>()) : std::nullopt;
  return known && record_of(*known).reads_heads();
}

// What stands before any knob is read: the named preset at the dimensions given, or a block without norms.
BlockSpec starting_point(JsonReader& r) {
  Dimensions n{.d = 0, .n_heads = 0};
  if (const Json* part = r.find("part"); part && names_reader_of_heads(*part) && !r.find("d"))
    n.d = width_of_heads(r);
  else if (!r.find("d"))
    n.d = 1;  // refused below, after whatever else is wrong
  r.read("d", n.d);
  r.read("n_layers", n.n_layers);
  check_size(r.path("d"), n.d);
  if (const Json* v = r.find("attention"); v && v->is_object()) {
    JsonReader a(*v, r.path("attention"));
    a.read("n_heads", n.n_heads);
    a.read("n_kv_heads", n.n_kv_heads);
    a.read("head_dim", n.head_dim);
  }
  if (const Json* v = r.find("ffn"); v && v->is_object()) JsonReader(*v, r.path("ffn")).read("d_ff", n.d_ff);
  if (n.n_heads == 0) n.n_heads = n.d % 4 == 0 ? 4 : 1;
  check_size(r.path("attention.n_heads"), n.n_heads);
  if (!r.find("d")) n.d = std::max(n.d, n.n_heads);
  if (n.head_dim == 0 && n.d % n.n_heads != 0)
    throw Error(r.path("attention.n_heads") + ": expected a divisor of d = " + std::to_string(n.d) +
                ", found " + std::to_string(n.n_heads) + " (or give head_dim)");

  std::string preset;
  bool small = false;
  r.read("preset", preset);
  if (!preset.empty()) {
    r.read("small", small);
    return small ? find_preset(preset).small(n) : find_preset(preset).make(n);
  }
  BlockSpec s;
  s.d = n.d;
  s.n_layers = n.n_layers;
  s.attention.n_heads = n.n_heads;
  s.attention.n_kv_heads = n.n_kv_heads ? n.n_kv_heads : n.n_heads;
  s.attention.head_dim = n.head_dim ? n.head_dim : n.d / n.n_heads;
  s.ffn.d_ff = n.d_ff ? n.d_ff : 4 * n.d;
  return s;
}

// The shorthands "layout" and "norm"; with a preset that is a layout, "norm" exchanges its norm.
void read_layout(JsonReader& r, BlockSpec& s) {
  std::string preset, layout;
  r.read("preset", preset);
  r.read("layout", layout);
  const Json* norm = r.find("norm");
  if (layout.empty() && norm && !is_one_norm(s)) {
    if (preset.empty() || !find_preset(preset).is_layout)
      r.fail("norm", "no \"norm\" without a \"layout\" to fill with it", *norm);
    layout = preset;
  }
  if (layout.empty()) return;
  const NormSpec filling = norm ? read_norm(*norm, r.path("norm")) : NormSpec{};
  s = with_layout(s, layout, filling);
  if (s.final_norm) s.final_norm = filling;
}

}  // namespace

BlockSpec unchecked_spec_from_json(const Json& json) {
  Json expanded = json;
  if (expanded.is_object()) expand_qk(expanded);
  JsonReader r(expanded, "spec");
  BlockSpec s = starting_point(r);
  r.read("part", s.part);
  read_layout(r, s);
  read_part(r, s);
  r.read_knobs(s);
  r.finish();
  if (!reads_heads(s) && !r.find("d"))
    throw Error(r.path("d") + ": expected a whole number of at least 1, found none");
  if (s.position.rope && s.position.rope->rotary_dim == RopeSpec{}.rotary_dim)
    s.position.rope->rotary_dim = s.attention.latent ? s.attention.latent->rope_dim : s.attention.head_dim;
  return s;
}

BlockSpec spec_from_json(const Json& json) {
  BlockSpec s = unchecked_spec_from_json(json);
  validate(s);
  return s;
}

Json parse_json(std::string_view text, const std::string& origin) { return parse_strict<Json>(text, origin); }

}  // namespace plumbline
