#include "golden/generate/form.hpp"

namespace plumbline::golden {
namespace {

// What is left of x when its rounding to float64 is taken away, rounded in turn.
std::optional<double> rounded_residual(const Interval120& x) {
  const std::optional<double> nearest = rounded(x, Dtype::f64);
  if (!nearest) return std::nullopt;
  const Interval120 rest = x - Interval120(*nearest);
  if (magnitude(rest) < ldexp(mignitude(x), -160)) return 0.0;
  return rounded(rest, Dtype::f64);
}

}  // namespace

const std::vector<Form>& forms() {
  static const std::vector<Form> all = [] {
    std::vector<Form> list{{".residual", Dtype::f64, rounded_residual}};
    for (const auto& [suffix, dtype] : {std::pair{"", Dtype::f64},
                                        {".float32", Dtype::f32},
                                        {".bfloat16", Dtype::bf16},
                                        {".float16", Dtype::f16}})
      list.push_back({suffix, dtype, [dtype](const Interval120& x) { return rounded(x, dtype); }});
    return list;
  }();
  return all;
}

bool is_zero_by_theorem(const BlockSpec& s, const std::string& output, std::int64_t i) {
  const bool bare = !s.attn_norms.k && !s.attention.logit_softcap &&
                    (!s.rope || i % s.attention.head_dim >= s.rope->rotary_dim);
  return bare && output.ends_with("k_proj.bias");
}

std::optional<double> value_of(const BlockSpec& spec, const Certificate& c, Eigen::Index i,
                               const Form& form) {
  const Interval120& x = c.value.data()[i];
  const bool is_zero = contains_zero(x) && magnitude(x) < End("1e-50") && is_zero_by_theorem(spec, c.name, i);
  return is_zero ? 0.0 : form.round(x);
}

}  // namespace plumbline::golden
