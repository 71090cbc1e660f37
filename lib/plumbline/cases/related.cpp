#include "plumbline/cases/related.hpp"

#include <algorithm>
#include <cmath>

namespace plumbline {
namespace {

using M = Matrix<double>;

// What stands beside x, with or without what no token brings along.
std::vector<M*> inputs_beside_x(Question& q, bool with_states) {
  std::vector<M*> out;
  for (const TokenTensor& t : inputs_beside_x(q.spec))
    if (with_states || t.rows != Rows::states) out.push_back(&q.inputs.parameters.at(std::string(t.name)));
  return out;
}

// Everything that a token brings along: x and what stands beside it, or keys and values where there are any.
std::vector<M*> token_inputs(Question& q) {
  std::vector<M*> out = inputs_beside_x(q, false);
  if (!has_own_keys(q.spec)) out.push_back(&q.inputs.x);
  return out;
}

// What a question has of each sequence: x, what stands beside it, and the cotangent.
std::vector<M*> numbers_of_sequences(Question& q) {
  std::vector<M*> out = inputs_beside_x(q, true);
  out.insert(out.end(), {&q.inputs.x, &q.inputs.cotangent});
  return out;
}

// The same, and what it says of its keys.
std::vector<M*> sequence_inputs(Question& q) {
  std::vector<M*> out = numbers_of_sequences(q);
  const bool has_masks = q.spec.attention.given && is_of_sequences(*q.spec.attention.given);
  for (auto& [name, value] : q.inputs.parameters)
    if (counts(name) || (name == "mask" && has_masks) || name == "past_k" || name == "past_v")
      out.push_back(&value);
  return out;
}

// Every key-value head once for each of its query heads.
M repeated_heads(const M& x, const AttentionSpec& a, bool along_rows) {
  const int group = a.n_heads / a.n_kv_heads;
  const int h = int(along_rows ? x.rows() : x.cols()) / a.n_kv_heads;
  M y(along_rows ? a.n_heads * h : x.rows(), along_rows ? x.cols() : a.n_heads * h);
  for (int head = 0; head < a.n_heads; ++head)
    if (along_rows)
      y.middleRows(head * h, h) = x.middleRows(head / group * h, h);
    else
      y.middleCols(head * h, h) = x.middleCols(head / group * h, h);
  return y;
}

}  // namespace

bool is_causal(const BlockSpec& s) {
  return every_layer(s, [](const BlockSpec& layer) {
    return recurs(layer) || (attends(layer) && is_causal(layer.attention.mask));
  });
}

int tokens_of(const Question& q) { return static_cast<int>(q.inputs.x.rows()) / q.batch; }

void scale_parameters(Question& q, bool (*is_meant)(const ParameterShape&), double factor) {
  for (const ParameterShape& p : parameter_shapes(q.spec))
    if (is_meant(p)) q.inputs.parameters.at(p.name) *= factor;
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
  for (M* x : inputs_beside_x(q, true)) x->topRows(x->rows() / q.batch) *= -1;
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
  for (M* x : numbers_of_sequences(q)) *x *= -1;
  return q;
}

std::vector<Eigen::Index> reversed_tokens(const Question& q) {
  const int tokens = tokens_of(q);
  std::vector<Eigen::Index> out;
  for (int b = 0; b < q.batch; ++b)
    for (int t = tokens; t-- > 0;) out.push_back(b * tokens + t);
  return out;
}

std::vector<Eigen::Index> rows_of_sequences(const Question& q, int first, int count) {
  std::vector<Eigen::Index> out;
  for (int b = 0; b < q.batch; ++b)
    for (int t = 0; t < count; ++t) out.push_back(b * tokens_of(q) + first + t);
  return out;
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
  const AttentionSpec& a = q.spec.attention;
  for (const ParameterShape& p : parameter_shapes(q.spec))
    if (p.module == Module::k_proj || p.module == Module::v_proj) {
      Matrix<double>& value = q.inputs.parameters.at(p.name);
      value = repeated_heads(value, a, p.role == Role::weight);
    }
  for (const ParameterShape& p : other_inputs(q.spec, 1, 1)) {  // keys and values
    if (is_given_mask(p.name)) continue;
    Matrix<double>& value = q.inputs.parameters.at(p.name);
    value = repeated_heads(value, a, false);
  }
  q.spec.attention.n_kv_heads = a.n_heads;
  return q;
}

}  // namespace plumbline
