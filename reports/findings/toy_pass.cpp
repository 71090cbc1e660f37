#include "reports/findings/toy_pass.hpp"

#include "plumbline/block/evaluate.hpp"

namespace plumbline::reports {
namespace {

using I = Interval60;
using Row = ToyPass::Row;

Row tenths(std::initializer_list<int> entries) {
  Row row;
  for (int e : entries) row.push_back(I(e) / I(10));
  return row;
}

Row operator+(const Row& a, const Row& b) {
  Row sum;
  for (std::size_t i = 0; i < a.size(); ++i) sum.push_back(I(a[i] + b[i]));
  return sum;
}

Row layer_norm(const Row& row) {
  BlockSpec norm;
  norm.part = Part::norm;
  norm.d = static_cast<int>(row.size());
  norm.norm_slots.attn.in = NormSpec{.gain = false, .bias = false};
  Matrix<I> x(1, norm.d);
  for (int i = 0; i < norm.d; ++i) x(0, i) = row[i];
  const Matrix<I> y = evaluate(norm, {}, x);
  return {y.data(), y.data() + y.size()};
}

}  // namespace

ToyPass toy_pass() {
  ToyPass t;
  t.x = tenths({40, 20, 0}), t.attention = tenths({2, -1, 0}), t.feed_forward = tenths({1, 2, -1});
  t.pre_first_norm = layer_norm(t.x);
  t.pre_u = t.x + t.attention;
  t.pre_second_norm = layer_norm(t.pre_u);
  t.pre_y = t.pre_u + t.feed_forward;
  t.post_u = layer_norm(t.x + t.attention);
  t.post_y = layer_norm(t.post_u + t.feed_forward);
  return t;
}

}  // namespace plumbline::reports
