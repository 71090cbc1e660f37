#include "reports/chains/spectrum_chain.hpp"

#include <Eigen/SVD>
#include <algorithm>
#include <limits>

#include "plumbline/number/add_product.hpp"

namespace plumbline::reports {
namespace {

using S = Mp100;

// Columns, each in a row of memory, and the squares of their lengths.
struct Columns {
  explicit Columns(const Matrix<S>& x) : at(x.transpose()) {
    for (Eigen::Index p = 0; p < at.rows(); ++p) squares.push_back(product(p, p));
  }
  S product(Eigen::Index p, Eigen::Index q) const {
    S sum(0), between(0);
    for (Eigen::Index i = 0; i < at.cols(); ++i) add_product(at(p, i), at(q, i), sum, between);
    return sum;
  }
  void rotate(Eigen::Index p, Eigen::Index q, const S& c, const S& s) {
    for (Eigen::Index i = 0; i < at.cols(); ++i) {
      const S old = at(p, i);
      at(p, i) = c * old - s * at(q, i);
      at(q, i) = s * old + c * at(q, i);
    }
    squares[std::size_t(p)] = product(p, p);
    squares[std::size_t(q)] = product(q, q);
  }

  Matrix<S> at;
  std::vector<S> squares;
};

// Makes columns p and q orthogonal by a rotation; false where they are already, to rounding.
bool rotate_pair(Columns& columns, Eigen::Index p, Eigen::Index q, const S& negligible) {
  const S &aa = columns.squares[std::size_t(p)], &bb = columns.squares[std::size_t(q)];
  if (aa <= negligible || bb <= negligible) return false;
  const S ab = columns.product(p, q);
  const S rounding = S(static_cast<int>(columns.at.cols())) * std::numeric_limits<S>::epsilon();
  if (abs(ab) <= rounding * sqrt(S(aa * bb))) return false;
  const S zeta = (bb - aa) / (2 * ab);
  const S t = (zeta < 0 ? S(-1) : S(1)) / (abs(zeta) + sqrt(S(1 + zeta * zeta)));
  const S c = 1 / sqrt(S(1 + t * t));
  columns.rotate(p, q, c, c * t);
  return true;
}

S norm(const Matrix<S>& x) { return sqrt(S(x.cwiseProduct(x).sum())); }

}  // namespace

std::vector<S> orthogonalise(Matrix<S>& x) {
  Columns columns(x);
  const Eigen::Index n = columns.at.rows();
  const S unit = std::numeric_limits<S>::epsilon() * norm(x);
  const S negligible = unit * unit;
  for (bool turned = true; turned;) {
    turned = false;
    for (Eigen::Index p = 0; p < n; ++p)
      for (Eigen::Index q = p + 1; q < n; ++q) turned |= rotate_pair(columns, p, q, negligible);
  }
  std::vector<S> lengths;
  for (Eigen::Index k = 0; k < n; ++k) lengths.push_back(sqrt(columns.squares[std::size_t(k)]));
  std::sort(lengths.rbegin(), lengths.rend());
  x = columns.at.transpose();
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
    bound *= S(j.cast<double>().jacobiSvd().singularValues()[0]);
    const auto above =
        std::count_if(values.begin(), values.end(), [&](const S& v) { return 1000 * v >= values.front(); });
    result.depths.push_back({static_cast<Mp50>(values.front()), static_cast<Mp50>(values[kept / 2]),
                             static_cast<Mp50>(values[kept - 1]), static_cast<int>(above),
                             static_cast<Mp50>(bound)});
  }
  return result;
}

}  // namespace plumbline::reports
