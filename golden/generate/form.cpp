#include "golden/generate/form.hpp"

namespace plumbline::golden {
namespace {

// What is left of x when its rounding to float64 is taken away; x itself where that is not decided.
Interval120 rest(const Interval120& x) { return x - Interval120(rounded(x, Dtype::f64).value_or(0)); }

std::optional<double> rounded_residual(const Interval120& x) {
  return rounded(x, Dtype::f64) ? rounded(rest(x), Dtype::f64) : std::nullopt;
}

}  // namespace

const std::vector<Form>& forms() {
  static const std::vector<Form> all = [] {
    std::vector<Form> list{{".residual", Dtype::f64, rounded_residual}};
    for (const auto& [suffix, dtype] : {std::pair{"", Dtype::f64},
                                        {".float32", Dtype::f32},
                                        {".bfloat16", Dtype::bf16},
                                        {".float16", Dtype::f16}})
      list.push_back({suffix, dtype, [dtype = dtype](const Interval120& x) { return rounded(x, dtype); }});
    return list;
  }();
  return all;
}

bool is_zero_by_theorem(const BlockSpec& s, const std::string& name, std::int64_t i) {
  const AttentionSpec& a = s.attention;
  if (a.given && a.given->past) return false;  // keys and values of the past have no bias
  const bool values_pass_through =
      s.part == Part::attention && !s.norm_slots.attn.mid && !a.gate && !a.sink.present;
  if (name.ends_with("attn.v_proj.bias.residual")) return values_pass_through && !s.norm_slots.attn.v;
  if (name.ends_with("attn.norm_v.bias.residual")) return values_pass_through;
  if (a.softcap.cap || a.sink.present) return false;
  const bool rotated = s.position.rope && i % s.attention.head_dim < s.position.rope->rotary_dim;
  if (name.ends_with("attn.norm_k.bias"))
    return s.norm_slots.attn.k->position == QkPosition::after_rope || !rotated;
  return name.ends_with("attn.k_proj.bias") && !s.norm_slots.attn.k && !rotated;
}

std::optional<double> value_of(const BlockSpec& spec, const Certificate& c, Eigen::Index i,
                               const Form& form) {
  const Interval120& x = c.value.data()[i];
  if (is_zero_by_theorem(spec, c.name, i) && contains_zero(x)) return 0.0;
  if (is_zero_by_theorem(spec, c.name + form.suffix, i) && contains_zero(rest(x))) return 0.0;
  return form.round(x);
}

}  // namespace plumbline::golden
