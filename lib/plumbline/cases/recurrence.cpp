#include "plumbline/cases/recurrence.hpp"

#include <cmath>

namespace plumbline {
namespace {

void over_length(Eigen::Ref<Matrix<double>> head) {
  for (Eigen::Index t = 0; t < head.rows(); ++t) {
    double squares = 0;  // in this order on every machine
    for (Eigen::Index j = 0; j < head.cols(); ++j) squares += head(t, j) * head(t, j);
    if (squares > 0) head.row(t) /= std::sqrt(squares);
  }
}

}  // namespace

void keep_states_small(Parameters<double>& inputs, const BlockSpec& s) {
  if (!recurs(s)) return;
  const auto change = [&](const char* name, double (*f)(double)) {
    if (const auto it = inputs.find(name); it != inputs.end()) it->second = it->second.unaryExpr(f).eval();
  };
  change("decay", [](double x) { return -std::abs(x) / 4; });
  change("beta", [](double x) { return 1 / (1 + x * x); });
  const AttentionSpec& a = s.attention;
  if (!corrects(*a.linear) || a.linear->qk_l2_eps) return;
  for (int g = 0; g < a.n_kv_heads; ++g) over_length(inputs.at("k").middleCols(g * a.head_dim, a.head_dim));
}

}  // namespace plumbline
