// A spec as JSON: every knob that a right block has, and the wrong choices where they are made.
#include "plumbline/spec/json.hpp"

#include <nlohmann/json.hpp>

#include "plumbline/spec/names.hpp"

namespace plumbline {
namespace {

template <class T>
Json nullable(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json slot_to_json(const NormSlot& slot) { return slot ? to_json(*slot) : Json(nullptr); }

// Writes a knob that says something only where it holds a wrong choice.
template <class E>
void write_if_not(Json& json, const char* key, E value, E right) {
  if (value == right) return;
  if constexpr (std::is_enum_v<E>)
    json[key] = name_of(value);
  else
    json[key] = value;
}

template <class E>
void write_deviation(Json& json, const char* key, E value) {
  write_if_not(json, key, value, names<E>().front().first);
}

Json attention_to_json(const AttentionSpec& a) {
  Json j;
  j["n_heads"] = a.n_heads;
  j["n_kv_heads"] = a.n_kv_heads;
  j["head_dim"] = a.head_dim;
  j["bias"] = {{"q", a.bias.q}, {"k", a.bias.k}, {"v", a.bias.v}, {"o", a.bias.o}};
  j["scale"] = {{"rule", name_of(a.scale_rule)}, {"value", nullable(a.scale_value)}, {"mult", a.scale_mult}};
  j["logit_softcap"] = nullable(a.logit_softcap);
  j["mask"] = name_of(a.mask);
  j["window"] = nullable(a.window);
  write_deviation(j, "causal_alignment", a.causal_alignment);
  write_if_not(j, "mask_offset", a.mask_offset, 0);
  write_deviation(j, "mask_mode", a.mask_mode);
  write_if_not(j, "softcap_after_mask", a.softcap_after_mask, false);
  write_deviation(j, "softmax", a.softmax);
  write_deviation(j, "head_sharing", a.head_sharing);
  write_deviation(j, "backward", a.backward);
  return j;
}

Json rope_to_json(const RopeSpec& r) {
  Json j;
  j["style"] = name_of(r.style);
  j["rotary_dim"] = r.rotary_dim;
  j["base"] = r.base;
  write_if_not(j, "direction", r.direction, 1);
  write_if_not(j, "key_offset", r.key_offset, 0);
  write_if_not(j, "rotates_values", r.rotates_values, false);
  write_if_not(j, "exponent_of_head_dim", r.exponent_of_head_dim, false);
  return j;
}

Json ffn_to_json(const FeedForwardSpec& f) {
  Json j;
  j["kind"] = name_of(f.kind);
  j["activation"] = name_of(f.activation);
  j["bias"] = {{"in", f.bias_in}, {"out", f.bias_out}};
  j["d_ff"] = f.d_ff;
  write_if_not(j, "gate_and_up_swapped", f.gate_and_up_swapped, false);
  if (f.derivative_of) j["derivative_of"] = name_of(*f.derivative_of);
  write_if_not(j, "gate_detached", f.gate_detached, false);
  return j;
}

}  // namespace

Json to_json(const NormSpec& n) {
  Json j;
  j["kind"] = name_of(n.kind);
  j["eps"] = n.eps;
  j["gain"] = n.gain ? "vector" : "none";
  j["gain_offset"] = n.gain_offset;
  j["bias"] = n.bias;
  j["width"] = name_of(n.width);
  j["position"] = name_of(n.position);
  write_deviation(j, "variance_divisor", n.variance_divisor);
  write_deviation(j, "eps_mode", n.eps_mode);
  write_deviation(j, "centring", n.centring);
  write_deviation(j, "scaling", n.scaling);
  write_deviation(j, "axis", n.axis);
  write_deviation(j, "gain_place", n.gain_place);
  write_deviation(j, "detached", n.detached);
  write_deviation(j, "gain_gradient", n.gain_gradient);
  return j;
}

Json to_json(const BlockSpec& s) {
  Json j;
  j["part"] = name_of(s.part);
  j["d"] = s.d;
  j["n_layers"] = s.n_layers;
  j["topology"] = name_of(s.topology);
  j["parallel_shared_norm"] = s.parallel_shared_norm;
  j["residual_source"] = name_of(s.residual_source);
  j["residual_scale"] = s.residual_scale;
  j["branch_scale"] = s.branch_scale;
  const AttentionNorms& a = s.attn_norms;
  const FeedForwardNorms& f = s.ffn_norms;
  j["norm_slots"]["attn"] = {{"in", slot_to_json(a.in)},   {"q", slot_to_json(a.q)},
                             {"k", slot_to_json(a.k)},     {"mid", slot_to_json(a.mid)},
                             {"out", slot_to_json(a.out)}, {"post", slot_to_json(a.post)}};
  j["norm_slots"]["ffn"] = {{"in", slot_to_json(f.in)},
                            {"mid", slot_to_json(f.mid)},
                            {"out", slot_to_json(f.out)},
                            {"post", slot_to_json(f.post)}};
  j["attention"] = attention_to_json(s.attention);
  j["position"] = {{"rope", s.rope ? rope_to_json(*s.rope) : Json(nullptr)}, {"bias", nullptr}};
  j["ffn"] = ffn_to_json(s.ffn);
  j["final_norm"] = slot_to_json(s.final_norm);
  write_deviation(j, "attn_residual", s.attn_residual);
  write_deviation(j, "ffn_residual", s.ffn_residual);
  write_if_not(j, "ffn_reads_block_input", s.ffn_reads_block_input, false);
  write_if_not(j, "ffn_norm_is_attn_norm", s.ffn_norm_is_attn_norm, false);
  write_if_not(j, "ffn_first", s.ffn_first, false);
  write_if_not(j, "scales_swapped", s.scales_swapped, false);
  write_deviation(j, "layer_parameters", s.layer_parameters);
  write_if_not(j, "final_norm_times", s.final_norm_times, 1);
  return j;
}

}  // namespace plumbline
