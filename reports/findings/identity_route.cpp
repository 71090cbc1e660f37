#include "reports/findings/identity_route.hpp"

#include "plumbline/spec/deviation.hpp"
#include "reports/chains/initialisation.hpp"
#include "reports/findings/setting.hpp"

namespace plumbline::reports {
namespace {

using I = Interval60;
constexpr int d = enclosed_width, tokens = enclosed_tokens;

struct Sample {
  BlockSpec spec;
  Parameters<I> parameters;
  Matrix<I> x;
};

// Rows of mean 0 and variance 1, as near as 50 digits come, times the scale.
Sample sample(const std::string& layout, int stream_scale) {
  Bits bits(1);
  Sample s{layer_of(layout, d, 4, 4 * d, Activation::gelu_erf), {}, {}};
  s.parameters = cast<I>(xavier(bits, s.spec));
  BlockSpec norm;
  norm.part = Part::norm;
  norm.d = d;
  norm.norm_slots.attn.in = NormSpec{.eps = 0, .gain = false, .bias = false};
  const Matrix<Mp50> rows = evaluate(norm, {}, unit_variance(bits, tokens, d));
  s.x = cast<I>(Matrix<Mp50>(rows * Mp50(stream_scale)));
  return s;
}

I length(const Matrix<I>& x) { return sqrt(I(x.cwiseProduct(x).sum())); }
I per_direction(const Matrix<I>& j) { return j.cwiseProduct(j).sum() / I(d * tokens); }

bool is_zero(const Matrix<I>& x) {
  for (Eigen::Index i = 0; i < x.size(); ++i)
    if (lower(x.data()[i]) != 0 || upper(x.data()[i]) != 0) return false;
  return true;
}

IdentityRoute route(const std::string& layout, double branch_scale, int stream_scale) {
  Sample s = sample(layout, stream_scale);
  s.spec.branch_scale = branch_scale;
  const Matrix<I> change = evaluate(s.spec, s.parameters, s.x) - s.x;
  const Matrix<I> rest = jacobian(s.spec, s.parameters, s.x) - Matrix<I>::Identity(d * tokens, d * tokens);
  return {
      layout,          branch_scale, stream_scale, length(change) / length(s.x), sqrt(per_direction(rest)),
      is_zero(change), is_zero(rest)};
}

}  // namespace

std::vector<IdentityRoute> identity_routes() {
  std::vector<IdentityRoute> routes;
  for (const char* layout : {"pre_norm", "post_norm"})
    for (int stream_scale : {1, 3})
      for (double branch_scale : {1.0, 0x1p-4, 0x1p-8, 0x1p-16, 0.0})
        routes.push_back(route(layout, branch_scale, stream_scale));
  return routes;
}

ResidualRoute post_norm_residual() {
  Sample s = sample("post_norm", 1);
  s.spec.branch_scale = 0;
  const I kept = per_direction(jacobian(s.spec, s.parameters, s.x));
  find_deviation("residual/attn-dropped").apply(s.spec);
  find_deviation("residual/ffn-dropped").apply(s.spec);
  return {kept, per_direction(jacobian(s.spec, s.parameters, s.x))};
}

}  // namespace plumbline::reports
