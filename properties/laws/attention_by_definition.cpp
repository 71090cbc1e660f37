#include "properties/laws/attention_by_definition.hpp"

#include "properties/laws/positions_by_definition.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

Matrix<I> projected(const Instance& at, const std::string& name, const Matrix<I>& x) {
  Matrix<I> y = product(x, at.parameters.at("layers.0.attn." + name + ".weight").transpose());
  const auto bias = at.parameters.find("layers.0.attn." + name + ".bias");
  if (bias != at.parameters.end())
    for (Eigen::Index t = 0; t < y.rows(); ++t) y.row(t) += bias->second;
  return y;
}

bool sees(const AttentionSpec& s, int i, int j) {
  if (s.mask.kind == MaskKind::bidirectional) return true;
  if (s.mask.kind == MaskKind::sliding) return std::abs(i - j) < *s.mask.window;
  return j <= i && (s.mask.kind == MaskKind::causal || j > i - *s.mask.window);
}

// Values of one head over their root mean square.
void normalise(const NormSpec& n, Matrix<I>& v, int first, int h) {
  for (Eigen::Index t = 0; t < v.rows(); ++t) {
    const Matrix<I> row = v.block(t, first, 1, h);
    v.block(t, first, 1, h) = row / I(sqrt(I(dot(row, row) / I(h) + I(n.eps))));
  }
}

}  // namespace

BlockSpec draw_attention(const Subject& f, MaskKind mask) {
  BlockSpec s = draw_spec(f.cell());
  s.attention.n_heads = 4;
  s.attention.mask.kind = mask;
  if (mask == MaskKind::causal_sliding || mask == MaskKind::sliding) s.attention.mask.window = 2;
  return s;
}

Matrix<I> attention_by_definition(const Instance& at) {
  const AttentionSpec& s = at.spec.attention;
  const int tokens = static_cast<int>(at.x.rows()), h = s.head_dim;
  const Matrix<I> q = projected(at, "q_proj", at.x), k = projected(at, "k_proj", at.x);
  Matrix<I> v = projected(at, "v_proj", at.x);
  if (const NormSlot& n = at.spec.norm_slots.attn.v)
    for (int group = 0; group < s.n_kv_heads; ++group) normalise(*n, v, group * h, h);
  Matrix<I> heads = Matrix<I>::Constant(tokens, s.n_heads * h, I(0));
  for (int head = 0; head < s.n_heads; ++head)
    for (int i = 0; i < tokens; ++i) {
      const int group = head / (s.n_heads / s.n_kv_heads);
      I total(0);
      if (s.sink.present) total = exp(at.parameters.at("layers.0.attn.sink")(0, head));
      for (int j = 0; j < tokens; ++j) {
        if (!sees(s, i, j)) continue;
        Matrix<I> qi = q.block(i, head * h, 1, h), kj = k.block(j, group * h, 1, h);
        if (const auto& r = at.spec.position.rope) turn(*r, i, tokens, qi), turn(*r, j, tokens, kj);
        I score = dot(qi, kj) / sqrt(I(h));
        if (s.softcap.cap) score = I(*s.softcap.cap) * tanh(I(score / I(*s.softcap.cap)));
        if (const auto& bias = at.spec.position.bias)
          score -= slope_of(*bias, head, s.n_heads) * I(i < j ? j - i : i - j);
        if (const auto& buckets = at.spec.position.buckets)
          score += at.parameters.at("layers.0.attn.relative_bias.weight")(
              row_of_table(*buckets, j - i, s.mask.kind == MaskKind::bidirectional), head);
        const I weight = exp(score);
        total += weight;
        heads.block(i, head * h, 1, h) += v.block(j, group * h, 1, h) * weight;
      }
      heads.block(i, head * h, 1, h) /= total;
    }
  if (s.gate) {
    const Matrix<I> gate = projected(at, "gate_proj", at.x);
    for (Eigen::Index i = 0; i < gate.size(); ++i) heads.data()[i] /= I(1) + exp(I(-gate.data()[i]));
  }
  return projected(at, "o_proj", heads);
}

Matrix<I> latent_by_definition(const Instance& at) {
  const AttentionSpec& s = at.spec.attention;
  const LatentSpec& l = *s.latent;
  const auto normed = [&](const char* name, Matrix<I> x) {
    normalise(NormSpec{.eps = l.eps}, x, 0, int(x.cols()));
    const Matrix<I>& gain = at.parameters.at("layers.0.attn." + std::string(name) + ".weight");
    for (Eigen::Index t = 0; t < x.rows(); ++t) x.row(t) = x.row(t).cwiseProduct(gain);
    return x;
  };
  const int tokens = int(at.x.rows()), h = s.head_dim, nope = h - l.rope_dim, v = *l.v_head_dim;
  const Matrix<I> q = projected(at, "q_b_proj", normed("norm_q_a", projected(at, "q_a_proj", at.x)));
  const Matrix<I> down = projected(at, "kv_a_proj", at.x);
  const Matrix<I> up = projected(at, "kv_b_proj", normed("norm_kv_a", Matrix<I>(down.leftCols(l.kv_rank))));
  const auto turned = [&](const Matrix<I>& x, Eigen::Index t, Eigen::Index first) {
    Matrix<I> row = x.block(t, first, 1, l.rope_dim);
    turn(*at.spec.position.rope, int(t), tokens, row);
    return row;
  };
  Matrix<I> heads = Matrix<I>::Constant(tokens, s.n_heads * v, I(0));
  for (int head = 0; head < s.n_heads; ++head)
    for (int i = 0; i < tokens; ++i) {
      I total(0);
      for (int j = 0; j <= i; ++j) {
        const int own = head * (nope + v);
        const I own_part =
            dot(Matrix<I>(q.block(i, head * h, 1, nope)), Matrix<I>(up.block(j, own, 1, nope)));
        const I shared = dot(turned(q, i, head * h + nope), turned(down, j, l.kv_rank));
        const I weight = exp(I((own_part + shared) / sqrt(I(h))));
        total += weight;
        heads.block(i, head * v, 1, v) += up.block(j, own + nope, 1, v) * weight;
      }
      heads.block(i, head * v, 1, v) /= total;
    }
  return projected(at, "o_proj", heads);
}

}  // namespace plumbline::properties
