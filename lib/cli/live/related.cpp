#include "cli/live/related.hpp"

#include <algorithm>
#include <cmath>

namespace plumbline::cli {
namespace {

using M = Matrix<double>;

// x, and of sdpa the keys and values: everything that a token brings along.
std::vector<M*> token_inputs(Question& q) {
  if (q.spec.part == Part::sdpa) return {&q.inputs.parameters.at("k"), &q.inputs.parameters.at("v")};
  std::vector<M*> out{&q.inputs.x};
  if (q.spec.part == Part::add_norm) out.push_back(&q.inputs.parameters.at("residual"));
  return out;
}

// What a question has of each sequence: x, what stands beside it, and the cotangent.
std::vector<M*> sequence_inputs(Question& q) {
  std::vector<M*> out{&q.inputs.x, &q.inputs.cotangent};
  for (M* x : token_inputs(q))
    if (x != &q.inputs.x) out.push_back(x);
  return out;
}

// Every key-value head once for each of its query heads.
M repeated_heads(const M& x, const AttentionSpec& a, bool along_rows) {
  const int group = a.n_heads / a.n_kv_heads, h = a.head_dim;
  M y(along_rows ? a.n_heads * h : x.rows(), along_rows ? x.cols() : a.n_heads * h);
  for (int head = 0; head < a.n_heads; ++head)
    if (along_rows)
      y.middleRows(head * h, h) = x.middleRows(head / group * h, h);
    else
      y.middleCols(head * h, h) = x.middleCols(head / group * h, h);
  return y;
}

}  // namespace

bool is_block(const BlockSpec& s) { return s.part == Part::stack || s.part == Part::block; }
bool attends(const BlockSpec& s) { return is_block(s) || s.part == Part::attention || s.part == Part::sdpa; }
bool is_causal(const BlockSpec& s) { return attends(s) && s.attention.mask != MaskKind::bidirectional; }

int tokens_of(const Question& q) { return static_cast<int>(q.inputs.x.rows()) / q.batch; }

void scale_parameters(Question& q, std::string_view place, double factor) {
  for (auto& [name, value] : q.inputs.parameters)
    if (name.find(place) != std::string::npos) value *= factor;
}

bool is_representable(const Question& q, const Profile& profile) {
  const CaseInputs r = rounded_to(q.inputs, profile.storage);
  return r.x == q.inputs.x && r.parameters == q.inputs.parameters;
}

Question with_other_last_token(Question q) {
  for (M* x : token_inputs(q)) {
    const Eigen::Index tokens = x->rows() / q.batch;
    for (int b = 0; b < q.batch; ++b) x->row((b + 1) * tokens - 1) *= -1;
  }
  return q;
}

Question with_other_first_token(Question q) {
  const Eigen::Index tokens = tokens_of(q);
  for (int b = 0; b < q.batch; ++b) q.inputs.x.row(b * tokens) *= -1;
  return q;
}

Question with_other_first_sequence(Question q) {
  q.inputs.x.topRows(tokens_of(q)) *= -1;
  for (M* x : token_inputs(q))
    if (x != &q.inputs.x) x->topRows(x->rows() / q.batch) *= -1;
  return q;
}

Question with_sequences(const Question& question, const std::vector<int>& chosen) {
  Question q = question;
  for (M* x : sequence_inputs(q)) {
    const M all = *x;
    const Eigen::Index n = all.rows() / q.batch;
    x->resize(n * Eigen::Index(chosen.size()), all.cols());
    for (std::size_t at = 0; at < chosen.size(); ++at)
      x->middleRows(Eigen::Index(at) * n, n) = all.middleRows(chosen[at] * n, n);
  }
  q.batch = int(chosen.size());
  return q;
}

Question with_other_signs(Question q) {
  for (M* x : sequence_inputs(q)) *x *= -1;
  return q;
}

Matrix<double> reversed_tokens(const Matrix<double>& x, int batch) {
  const Eigen::Index tokens = x.rows() / batch;
  M y(x.rows(), x.cols());
  for (int b = 0; b < batch; ++b)
    y.middleRows(b * tokens, tokens) = x.middleRows(b * tokens, tokens).colwise().reverse();
  return y;
}

Question on_a_coarse_grid(Question q) {
  for (auto row : q.inputs.x.rowwise()) {
    const Eigen::RowVectorXd centred = row.array() - row.mean();
    const double size = centred.norm() / std::sqrt(double(row.size()));
    row = (centred / (size > 0 ? size : 1)).unaryExpr([](double v) {
      return std::clamp(std::nearbyint(8 * v) / 8, -2.0, 2.0);
    });
  }
  return q;
}

bool has_constant_row(const Question& q) {
  const M& x = q.inputs.x;
  return (x.rowwise().maxCoeff().array() == x.rowwise().minCoeff().array()).any();
}

Matrix<double> shifts(const Question& q) {
  M c(q.inputs.x.rows(), q.inputs.x.cols());
  for (Eigen::Index t = 0; t < c.rows(); ++t) c.row(t).setConstant(t % 2 ? -4 : 4);
  return c;
}

Question without_grouped_heads(Question q) {
  for (auto& [name, value] : q.inputs.parameters) {
    const bool projection = name.find("k_proj") != name.npos || name.find("v_proj") != name.npos;
    if (projection) value = repeated_heads(value, q.spec.attention, name.ends_with(".weight"));
    if (name == "k" || name == "v") value = repeated_heads(value, q.spec.attention, false);
  }
  q.spec.attention.n_kv_heads = q.spec.attention.n_heads;
  return q;
}

}  // namespace plumbline::cli
