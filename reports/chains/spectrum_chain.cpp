#include "reports/chains/spectrum_chain.hpp"

#include <algorithm>
#include <limits>

namespace plumbline::reports {
namespace {

using S = Mp100;

// Makes columns p and q orthogonal by a rotation; false where they are already, to rounding.
bool rotate_pair(Matrix<S>& columns, Eigen::Index p, Eigen::Index q, const S& negligible) {
  S* a = &columns(p, 0);
  S* b = &columns(q, 0);
  S aa(0), bb(0), ab(0);
  for (Eigen::Index i = 0; i < columns.cols(); ++i) {
    aa += a[i] * a[i];
    bb += b[i] * b[i];
    ab += a[i] * b[i];
  }
  if (aa <= negligible || bb <= negligible) return false;
  const S rounding = S(static_cast<int>(columns.cols())) * std::numeric_limits<S>::epsilon();
  if (abs(ab) <= rounding * sqrt(S(aa * bb))) return false;
  const S zeta = (bb - aa) / (2 * ab);
  const S t = (zeta < 0 ? S(-1) : S(1)) / (abs(zeta) + sqrt(S(1 + zeta * zeta)));
  const S c = 1 / sqrt(S(1 + t * t)), s = c * t;
  for (Eigen::Index i = 0; i < columns.cols(); ++i) {
    const S old = a[i];
    a[i] = c * old - s * b[i];
    b[i] = s * old + c * b[i];
  }
  return true;
}

S norm(const Matrix<S>& x) { return sqrt(S(x.cwiseProduct(x).sum())); }

}  // namespace

std::vector<S> orthogonalise(Matrix<S>& x) {
  Matrix<S> columns = x.transpose();  // a column lies in a row of memory
  const Eigen::Index n = columns.rows();
  const S unit = std::numeric_limits<S>::epsilon() * norm(x);
  const S negligible = unit * unit;
  for (bool turned = true; turned;) {
    turned = false;
    for (Eigen::Index p = 0; p < n; ++p)
      for (Eigen::Index q = p + 1; q < n; ++q) turned |= rotate_pair(columns, p, q, negligible);
  }
  std::vector<S> lengths;
  for (Eigen::Index k = 0; k < n; ++k) lengths.push_back(norm(columns.row(k)));
  std::sort(lengths.rbegin(), lengths.rend());
  x = columns.transpose();
  return lengths;
}

SpectrumChain spectrum_chain(const std::string& layout, int d, int tokens, int n_layers, unsigned seed) {
  Bits bits(seed);
  const BlockSpec layer = layer_of(layout, d, 2, 2 * d, Activation::gelu_erf);
  const int kept = tokens * (layer.norm_slots.ffn.post ? d - 2 : d);
  Matrix<S> x = cast<S>(unit_variance(bits, tokens, d));
  Matrix<S> chain = Matrix<S>::Identity(d * tokens, d * tokens);
  SpectrumChain result{layout, d, tokens, {}};
  S bound(1);
  for (int l = 0; l < n_layers; ++l) {
    const Parameters<S> p = cast<S>(xavier(bits, layer));
    Matrix<S> j = jacobian(layer, p, x);
    x = evaluate(layer, p, x);
    chain = j.lazyProduct(chain).eval();
    const std::vector<S> values = orthogonalise(chain);
    bound *= orthogonalise(j).front();
    const auto above =
        std::count_if(values.begin(), values.end(), [&](const S& v) { return 1000 * v >= values.front(); });
    result.depths.push_back({static_cast<Mp50>(values.front()), static_cast<Mp50>(values[kept / 2]),
                             static_cast<Mp50>(values[kept - 1]), static_cast<int>(above),
                             static_cast<Mp50>(bound)});
  }
  return result;
}

}  // namespace plumbline::reports
