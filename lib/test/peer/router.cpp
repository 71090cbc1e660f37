#include "peer/peer.hpp"

namespace plumbline::peer {
namespace {

// The top_k largest of a row.
template <class T>
std::vector<int> chosen_of(const Array<T>& logits, int row, int top_k) {
  std::vector<int> order(std::size_t(logits.cols));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return logits(row, a) > logits(row, b); });
  order.resize(std::size_t(top_k));
  return order;
}

}  // namespace

// The scores of a row: exponentials over their sum, or as they are where only the chosen ones are summed.
template <class T>
void Peer<T>::score(const MoeSpec& m, const A& logits, int row, A& p) const {
  if (m.score == RouterScore::sigmoid) {
    for (int e = 0; e < m.experts; ++e) p(row, e) = k_.activation(Activation::sigmoid, logits(row, e));
    return;
  }
  T most = logits(row, 0);
  for (int e = 0; e < m.experts; ++e) most = std::max(most, logits(row, e));
  for (int e = 0; e < m.experts; ++e) p(row, e) = k_.op(std::exp(k_.op(logits(row, e) - most)));
  if (m.renormalise && !k_.variant.shares_of_all) return;
  const T sum = k_.sum(m.experts, [&](int e) { return p(row, e); });
  for (int e = 0; e < m.experts; ++e) p(row, e) = k_.op(p(row, e) / sum);
}

// The cotangents of a row's logits, from those of the scores.
template <class T>
void Peer<T>::pull_score(const MoeSpec& m, const A& p, int row, A& g) const {
  if (m.score == RouterScore::sigmoid) {
    for (int e = 0; e < m.experts; ++e)
      g(row, e) = k_.op(g(row, e) * k_.op(p(row, e) * k_.op(1 - p(row, e))));
    return;
  }
  const bool over_all = !m.renormalise || k_.variant.shares_of_all;
  const T dot = over_all ? k_.sum(m.experts, [&](int e) { return p(row, e) * g(row, e); }) : T(0);
  for (int e = 0; e < m.experts; ++e) g(row, e) = k_.op(p(row, e) * k_.op(g(row, e) - dot));
}

// The weight of each expert, 0 of those that are not chosen.
template <class T>
Result<T> Peer<T>::router(const A& x) {
  const MoeSpec& m = *s_.ffn.moe;
  if (m.score == RouterScore::sqrt_softplus || m.groups > 1 || m.correction_bias)
    throw Error("ffn.moe: expected experts chosen by their softmax or sigmoid, since this peer lacks others");
  const R logits = linear("layers.0.ffn.router", m.router_bias, x);
  A p(x.rows, m.experts), w(x.rows, m.experts), sums(x.rows, 1);
  std::vector<std::vector<int>> chosen;
  for (int i = 0; i < x.rows; ++i) {
    score(m, logits.y, i, p);
    chosen.push_back(chosen_of(logits.y, i, m.top_k));
    sums(i, 0) = m.renormalise ? k_.sum(m.top_k, [&](int k) { return p(i, chosen[i][k]); }) : T(1);
    for (int e : chosen[i]) w(i, e) = k_.op(p(i, e) / sums(i, 0));
  }
  A y = w;
  for (T& v : y.v) v = k_.to_storage(v * T(m.scaling));
  return {y, [=, this, &m](const A& g) {
            A d(g.rows, g.cols);
            for (int i = 0; i < g.rows; ++i) {
              const auto scaled = [&](int e) { return k_.op(g(i, e) * T(m.scaling)); };
              const T dot =
                  m.renormalise
                      ? k_.sum(m.top_k, [&](int k) { return scaled(chosen[i][k]) * w(i, chosen[i][k]); })
                      : T(0);
              for (int e : chosen[i]) d(i, e) = k_.op(k_.op(scaled(e) - dot) / sums(i, 0));
              pull_score(m, p, i, d);
            }
            return logits.pull(k_.store(std::move(d)));
          }};
}

template Result<float> Peer<float>::router(const A&);
template Result<double> Peer<double>::router(const A&);

}  // namespace plumbline::peer
