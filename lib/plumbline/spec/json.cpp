// A spec from JSON: presets, layouts and shorthands first, then every knob that is given.
#include "plumbline/spec/json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plumbline/base/excerpt.hpp"
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
  with_part(s.part, [&](auto part) {
    if constexpr (requires { PartOf<part()>::begin(s); }) PartOf<part()>::begin(s);
  });
  const Json* norm = r.find("norm");
  if (is_one_norm(s) && norm && !r.find("layout")) s.norm_slots.attn.in = read_norm(*norm, r.path("norm"));
  if (is_block(s) && !is_stack(s)) s.final_norm.reset();
  if (recurs(s)) {  // no scores that could be masked or capped, and no positions
    s.position = {};
    s.attention.mask = {}, s.attention.softcap = {}, s.attention.sink = {}, s.attention.given.reset();
  }
  if (recurs(s) || (attends(s) && !projects(s))) {
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

// The sizes that unlike layers share, where they do not say them: the stack does, beside them.
Json with_sizes_of(const Json& stack, Json layer) {
  const auto share = [&](const Json::json_pointer& at) {
    if (stack.contains(at) && !layer.contains(at)) layer[at] = stack[at];
  };
  share(Json::json_pointer("/d"));
  for (const char* key : {"n_heads", "n_kv_heads", "head_dim"}) share(Json::json_pointer("/attention") / key);
  share(Json::json_pointer("/ffn/d_ff"));
  layer["n_layers"] = stack.value("n_layers", 1);  // how deep the stack is decides some scales
  return layer;
}

// Beside unlike layers a stack has what is the stack's own, and sizes.
void check_keys_beside_layers(JsonReader& r, const Json& stack) {
  constexpr std::string_view own[] = {"part",      "d",   "n_layers",         "layers",          "final_norm",
                                      "attention", "ffn", "layer_parameters", "final_norm_times"};
  for (const auto& [key, value] : stack.items()) {
    if (std::find(std::begin(own), std::end(own), key) == std::end(own))
      r.fail(key, "nothing, since every one of \"layers\" says it itself", value);
    if (key != "attention" && key != "ffn") continue;
    for (const auto& [size, n] : value.items())
      if (size != "n_heads" && size != "n_kv_heads" && size != "head_dim" && size != "d_ff")
        r.fail(key + "." + size, "nothing, since every one of \"layers\" says it itself", n);
  }
}

BlockSpec read_spec(Json json, const std::string& path);

// Unlike layers; the stack's own block is the first one's.
void read_layers(JsonReader& r, const Json& stack, BlockSpec& s) {
  const Json* list = r.find("layers");
  if (!list) return;
  if (!list->is_array() || list->empty()) r.fail("layers", "a list of blocks", *list);
  check_keys_beside_layers(r, stack);
  Json sized = stack;
  if (!r.find("n_layers")) sized["n_layers"] = list->size();
  std::vector<BlockSpec> layers;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string path = r.path("layers") + "[" + std::to_string(i) + "]";
    const Json& given = (*list)[i];
    if (!given.is_object()) throw Error(path + ": expected an object, found " + excerpt(given));
    for (const char* key :
         {"part", "n_layers", "layers", "final_norm", "final_norm_times", "layer_parameters"})
      if (given.contains(key))
        throw Error(path + "." + key + ": expected nothing, since the stack says it, found " +
                    excerpt(given[key]));
    BlockSpec layer = read_spec(with_sizes_of(sized, given), path);
    layer.part = Part::block, layer.n_layers = 1, layer.final_norm.reset();
    layers.push_back(std::move(layer));
  }
  BlockSpec own = layers.front();
  own.part = s.part, own.n_layers = sized["n_layers"].get<int>();
  own.final_norm = s.final_norm, own.final_norm_times = s.final_norm_times;
  own.layer_parameters = s.layer_parameters;
  own.layers = std::move(layers);
  s = std::move(own);
}

BlockSpec read_spec(Json expanded, const std::string& path) {
  if (expanded.is_object()) expand_qk(expanded);
  JsonReader r(expanded, path);
  BlockSpec s = starting_point(r);
  r.read("part", s.part);
  read_layout(r, s);
  read_part(r, s);
  r.read_knobs(s);
  read_layers(r, expanded, s);
  r.finish();
  if (!reads_heads(s) && !r.find("d"))
    throw Error(r.path("d") + ": expected a whole number of at least 1, found none");
  if (s.position.rope && s.position.rope->rotary_dim == RopeSpec{}.rotary_dim)
    s.position.rope->rotary_dim = s.attention.latent ? s.attention.latent->rope_dim : s.attention.head_dim;
  return s;
}

}  // namespace

BlockSpec unchecked_spec_from_json(const Json& json) { return read_spec(json, "spec"); }

BlockSpec spec_from_json(const Json& json) {
  BlockSpec s = unchecked_spec_from_json(json);
  validate(s);
  return s;
}

Json parse_json(std::string_view text, const std::string& origin) { return parse_strict<Json>(text, origin); }

}  // namespace plumbline
