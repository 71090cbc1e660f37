// A spec from JSON: presets, layouts and shorthands first, then every knob that is given.
#include "plumbline/spec/json.hpp"

#include <nlohmann/json.hpp>

#include "plumbline/spec/json_reader.hpp"
#include "plumbline/spec/names.hpp"
#include "plumbline/spec/presets.hpp"
#include "plumbline/spec/sizes.hpp"
#include "plumbline/spec/strict_json.hpp"

namespace plumbline {
namespace {

NormSpec read_norm(const Json& json, const std::string& path, NormSpec n) {
  JsonReader r(json, path);
  r.read("kind", n.kind);
  if (n.kind == NormKind::rms_norm) n.bias = false;  // the field's default: RMSNorm has a gain only
  r.read("eps", n.eps);
  if (const Json* v = r.find("gain")) {
    if (*v != "vector" && *v != "none") r.fail("gain", "\"vector\" or \"none\"", *v);
    n.gain = *v == "vector";
  }
  r.read("gain_offset", n.gain_offset);
  r.read("bias", n.bias);
  r.read("width", n.width);
  r.read("position", n.position);
  r.read("variance_divisor", n.variance_divisor);
  r.read("eps_mode", n.eps_mode);
  r.read("centring", n.centring);
  r.read("scaling", n.scaling);
  r.read("axis", n.axis);
  r.read("gain_place", n.gain_place);
  r.read("detached", n.detached);
  r.read("gain_gradient", n.gain_gradient);
  r.finish();
  return n;
}

void read_slot(JsonReader& r, std::string_view key, NormSlot& slot, NormWidth width = NormWidth::hidden) {
  const Json* v = r.find(key);
  if (!v) return;
  slot.reset();
  if (!v->is_null()) slot = read_norm(*v, r.path(key), NormSpec{.width = width});
}

void read_norm_slots(JsonReader& spec, BlockSpec& s) {
  const Json* slots = spec.find("norm_slots");
  if (!slots) return;
  JsonReader r(*slots, spec.path("norm_slots"));
  if (const Json* v = r.find("attn")) {
    JsonReader a(*v, r.path("attn"));
    read_slot(a, "in", s.attn_norms.in);
    read_slot(a, "qk", s.attn_norms.q, NormWidth::head_dim);
    if (a.find("qk")) s.attn_norms.k = s.attn_norms.q;
    read_slot(a, "q", s.attn_norms.q, NormWidth::head_dim);
    read_slot(a, "k", s.attn_norms.k, NormWidth::head_dim);
    read_slot(a, "mid", s.attn_norms.mid);
    read_slot(a, "out", s.attn_norms.out);
    read_slot(a, "post", s.attn_norms.post);
    a.finish();
  }
  if (const Json* v = r.find("ffn")) {
    JsonReader f(*v, r.path("ffn"));
    read_slot(f, "in", s.ffn_norms.in);
    read_slot(f, "mid", s.ffn_norms.mid);
    read_slot(f, "out", s.ffn_norms.out);
    read_slot(f, "post", s.ffn_norms.post);
    f.finish();
  }
  r.finish();
}

void read_attention(JsonReader& spec, AttentionSpec& a) {
  const Json* v = spec.find("attention");
  if (!v) return;
  JsonReader r(*v, spec.path("attention"));
  r.read("n_heads", a.n_heads);
  if (!r.find("n_kv_heads") && r.find("n_heads")) a.n_kv_heads = a.n_heads;
  r.read("n_kv_heads", a.n_kv_heads);
  r.read("head_dim", a.head_dim);
  if (const Json* bias = r.find("bias")) {
    JsonReader b(*bias, r.path("bias"));
    b.read("q", a.bias.q);
    b.read("k", a.bias.k);
    b.read("v", a.bias.v);
    b.read("o", a.bias.o);
    b.finish();
  }
  if (const Json* scale = r.find("scale")) {
    JsonReader b(*scale, r.path("scale"));
    b.read("rule", a.scale_rule);
    b.read("value", a.scale_value);
    b.read("mult", a.scale_mult);
    b.finish();
  }
  r.read("logit_softcap", a.logit_softcap);
  r.read("mask", a.mask);
  r.read("window", a.window);
  r.read("causal_alignment", a.causal_alignment);
  r.read("mask_offset", a.mask_offset);
  r.read("mask_mode", a.mask_mode);
  r.read("softcap_after_mask", a.softcap_after_mask);
  r.read("softmax", a.softmax);
  r.read("head_sharing", a.head_sharing);
  r.read("backward", a.backward);
  r.finish();
}

void read_position(JsonReader& spec, std::optional<RopeSpec>& rope, int head_dim) {
  const Json* v = spec.find("position");
  if (!v) return;
  JsonReader r(*v, spec.path("position"));
  if (const Json* bias = r.find("bias"); bias && !bias->is_null())
    r.fail("bias", "null, for no spec can ask for position biases (ALiBi, T5)", *bias);
  if (const Json* json = r.find("rope")) {
    rope.reset();
    if (!json->is_null()) {
      JsonReader b(*json, r.path("rope"));
      RopeSpec p{.rotary_dim = head_dim};
      b.read("style", p.style);
      b.read("rotary_dim", p.rotary_dim);
      b.read("base", p.base);
      b.read("direction", p.direction);
      b.read("key_offset", p.key_offset);
      b.read("rotates_values", p.rotates_values);
      b.read("exponent_of_head_dim", p.exponent_of_head_dim);
      b.finish();
      rope = p;
    }
  }
  r.finish();
}

void read_ffn(JsonReader& spec, FeedForwardSpec& f) {
  const Json* v = spec.find("ffn");
  if (!v) return;
  JsonReader r(*v, spec.path("ffn"));
  r.read("kind", f.kind);
  r.read("activation", f.activation);
  if (const Json* bias = r.find("bias")) {
    JsonReader b(*bias, r.path("bias"));
    b.read("in", f.bias_in);
    b.read("out", f.bias_out);
    b.finish();
  }
  r.read("d_ff", f.d_ff);
  r.read("gate_and_up_swapped", f.gate_and_up_swapped);
  r.read("derivative_of", f.derivative_of);
  r.read("gate_detached", f.gate_detached);
  r.finish();
}

// The width of sdpa follows from its heads.
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
  switch (s.part) {
    case Part::norm:
    case Part::add_norm:
      if (const Json* norm = r.find("norm"); norm && !r.find("layout"))
        s.attn_norms.in = read_norm(*norm, r.path("norm"), NormSpec{});
      break;
    case Part::block: s.final_norm.reset(); break;
    case Part::sdpa:
      s.rope.reset();
      s.attn_norms.q.reset();
      s.attn_norms.k.reset();
      break;
    case Part::stack:
    case Part::attention:
    case Part::ffn: break;
  }
}

// What stands before any knob is read: the named preset at the dimensions given, or a block without norms.
BlockSpec starting_point(JsonReader& r) {
  Dimensions n{.d = 0, .n_heads = 0};
  if (const Json* part = r.find("part"); part && *part == "sdpa" && !r.find("d"))
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
  r.read("preset", preset);
  if (!preset.empty()) return find_preset(preset).make(n);
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
  const bool single = s.part == Part::norm || s.part == Part::add_norm;
  if (layout.empty() && norm && !single) {
    if (preset.empty() || !find_preset(preset).is_layout)
      r.fail("norm", "no \"norm\" without a \"layout\" to fill with it", *norm);
    layout = preset;
  }
  if (layout.empty()) return;
  const NormSpec filling = norm ? read_norm(*norm, r.path("norm"), NormSpec{}) : NormSpec{};
  s = with_layout(s, layout, filling);
  if (s.final_norm) s.final_norm = filling;
}

}  // namespace

BlockSpec spec_from_json(const Json& json) {
  JsonReader r(json, "spec");
  BlockSpec s = starting_point(r);
  r.read("part", s.part);
  read_layout(r, s);
  read_part(r, s);
  r.read("topology", s.topology);
  r.read("parallel_shared_norm", s.parallel_shared_norm);
  r.read("residual_source", s.residual_source);
  r.read("residual_scale", s.residual_scale);
  r.read("branch_scale", s.branch_scale);
  read_norm_slots(r, s);
  read_attention(r, s.attention);
  read_position(r, s.rope, s.attention.head_dim);
  read_ffn(r, s.ffn);
  read_slot(r, "final_norm", s.final_norm);
  r.read("attn_residual", s.attn_residual);
  r.read("ffn_residual", s.ffn_residual);
  r.read("ffn_reads_block_input", s.ffn_reads_block_input);
  r.read("ffn_norm_is_attn_norm", s.ffn_norm_is_attn_norm);
  r.read("ffn_first", s.ffn_first);
  r.read("scales_swapped", s.scales_swapped);
  r.read("layer_parameters", s.layer_parameters);
  r.read("final_norm_times", s.final_norm_times);
  r.finish();
  if (s.part != Part::sdpa && !r.find("d"))
    throw Error(r.path("d") + ": expected a whole number of at least 1, found none");
  validate(s);
  return s;
}

Json parse_json(std::string_view text, const std::string& origin) { return parse_strict<Json>(text, origin); }

}  // namespace plumbline
