#include "reports/findings/output_scale.hpp"

#include "reports/chains/initialisation.hpp"
#include "reports/findings/setting.hpp"

namespace plumbline::reports {
namespace {

using I = Interval60;

// The enclosure that reaches higher, or lower.
I larger(const I& a, const I& b) { return upper(a) < upper(b) ? b : a; }
I smaller(const I& a, const I& b) { return lower(b) < lower(a) ? b : a; }

OutputScale scale_of(const std::string& layout, int layers) {
  constexpr int d = enclosed_width, tokens = enclosed_tokens;
  Bits bits(1);
  const BlockSpec layer = layer_of(layout, d, 4, 4 * d, Activation::gelu_erf);
  Matrix<Mp50> x = unit_variance(bits, tokens, d);
  for (int l = 1; l < layers; ++l) x = evaluate(layer, xavier(bits, layer), x);
  const Matrix<I> y = evaluate(layer, cast<I>(xavier(bits, layer)), cast<I>(x));
  OutputScale s{layout, layers, 0, 0, 0};
  for (int t = 0; t < tokens; ++t) {
    const I mean = y.row(t).sum() / I(d), square = y.row(t).cwiseProduct(y.row(t)).sum() / I(d);
    s.mean = larger(s.mean, abs(mean));
    s.least_square = t ? smaller(s.least_square, square) : square;
    s.largest_square = t ? larger(s.largest_square, square) : square;
  }
  return s;
}

}  // namespace

std::vector<OutputScale> output_scales() {
  std::vector<OutputScale> scales;
  for (const char* layout : {"pre_norm", "post_norm"})
    for (int layers : {1, 12, 96}) scales.push_back(scale_of(layout, layers));
  return scales;
}

}  // namespace plumbline::reports
