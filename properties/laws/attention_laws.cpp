// Attention: P = softmax(scale q k', mask), o = P v.
#include <cmath>
#include <numbers>

#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Scope attention = attention_alone("speaks of the attention branch alone, which every layout shares");

BlockSpec draw_attention(const Subject& f, MaskKind mask) {
  BlockSpec s = draw_spec(f.cell());
  s.attention.n_heads = 4;
  s.attention.mask.kind = mask;
  if (mask == MaskKind::causal_sliding || mask == MaskKind::sliding) s.attention.mask.window = 2;
  return s;
}

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

// Between which pairs yarn mixes frequencies: those that turn beta times in the original length.
std::pair<int, int> yarn_pairs(const RopeSpec& r) {
  const auto pair = [&](double turns) {
    const double length = r.scaling->original_max_position / (2 * std::numbers::pi * turns);
    return r.rotary_dim * std::log(length) / (2 * std::log(r.base));
  };
  return {std::max(int(std::floor(pair(r.scaling->beta_fast))), 0),
          std::min(int(std::ceil(pair(r.scaling->beta_slow))), r.rotary_dim - 1)};
}

// What pair j turns by at each position in a sequence of n tokens, case by case.
I frequency(const RopeSpec& r, int j, int n) {
  const I w = I(1) / pow(I(r.base), I(I(2 * j) / I(r.rotary_dim)));
  if (!r.scaling) return w;
  const RopeScaling& s = *r.scaling;
  const auto mixed = [&](const I& kept) { return I(kept * w + (I(1) - kept) * w / I(s.factor)); };
  switch (s.kind) {
    case RopeScalingKind::linear: break;
    case RopeScalingKind::llama3: {
      const I turns = I(s.original_max_position) * w / (I(2) * I::pi()), low(s.low_freq_factor),
              high(s.high_freq_factor);
      if (plumbline::lower(turns) > s.high_freq_factor) return w;
      if (plumbline::upper(turns) < s.low_freq_factor) break;
      return mixed((turns - low) / (high - low));
    }
    case RopeScalingKind::yarn: {
      const auto [first, last] = yarn_pairs(r);
      if (j <= first) return w;
      if (j >= last) break;
      return mixed(I(last - j) / I(last - first));
    }
    case RopeScalingKind::longrope: {
      const auto& factors = n > s.original_max_position ? s.long_factor : s.short_factor;
      return w / I(std::size_t(j) < factors.size() ? factors[std::size_t(j)] : factors.back());
    }
    case RopeScalingKind::dynamic: {
      if (n <= s.original_max_position || j == 0) return w;
      const I longer = I(s.factor) * I(n) / I(s.original_max_position) - I(s.factor) + I(1);
      const I base = I(r.base) * pow(longer, I(I(r.rotary_dim) / I(r.rotary_dim - 2)));
      return I(1) / pow(base, I(I(2 * j) / I(r.rotary_dim)));
    }
  }
  return w / I(s.factor);
}

// What cosines and sines are multiplied by.
I amplitude_of(const RopeScaling& s) {
  const I longer = log(I(s.factor));
  if (s.kind == RopeScalingKind::yarn) return I(1) + longer / I(10);
  if (s.kind != RopeScalingKind::longrope) return I(1);
  return sqrt(I(I(1) + longer / log(I(s.original_max_position))));
}

// The rotation of one head's row by complex multiplication, pair by pair.
void turn(const RopeSpec& r, int position, int n, Matrix<I>& row) {
  const int half = r.rotary_dim / 2;
  for (int j = 0; j < half; ++j) {
    const I angle = I(r.sign * position) * frequency(r, j, n);
    I c = cos(angle), s = sin(angle);
    if (r.scaling) c *= amplitude_of(*r.scaling), s *= amplitude_of(*r.scaling);
    const int first = r.style == RopeStyle::half ? j : 2 * j,
              second = r.style == RopeStyle::half ? j + half : 2 * j + 1;
    const I a = row(0, first), b = row(0, second);
    row(0, first) = a * c - b * s;
    row(0, second) = b * c + a * s;
  }
}

// The slope of a head by ALiBi's recipe: for a power of two heads the roots of 1/2^max_bias, one by one;
// otherwise those of the next smaller power of two, then every second root of twice as many.
I slope_of(const AlibiSpec& s, int head, int n_heads) {
  int below = 1;
  while (2 * below <= n_heads) below *= 2;
  const I smallest = I(1) / pow(I(2), I(s.max_bias));
  return head < below ? I(pow(smallest, I(I(head + 1) / I(below))))
                      : I(pow(smallest, I(I(2 * (head - below) + 1) / I(2 * below))));
}

// The row of T5's table for a key at that distance, of buckets for both sides or for the past alone.
int row_of_table(const BucketsSpec& s, int distance, bool both) {
  const int n = both ? s.count / 2 : s.count, m = n / 2, behind = both && distance > 0 ? n : 0;
  const int r = both ? std::abs(distance) : std::max(-distance, 0);
  if (r < m) return behind + r;
  const double share = std::log(double(r) / m) / std::log(double(s.max_distance) / m);
  return behind + std::min(n - 1, m + int(std::floor((n - m) * share)));
}

// Values of one head over their root mean square.
void normalise(const NormSpec& n, Matrix<I>& v, int first, int h) {
  for (Eigen::Index t = 0; t < v.rows(); ++t) {
    const Matrix<I> row = v.block(t, first, 1, h);
    v.block(t, first, 1, h) = row / I(sqrt(I(dot(row, row) / I(h) + I(n.eps))));
  }
}

// Attention written out entry by entry from its definition: a check on the block, independent of its code.
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

void value_is_the_definition(const Subject& f, BlockSpec spec) {
  const Instance at = draw_quiet(spec, 4);
  RC_ASSERT(equal(f.value(at), attention_by_definition(at)));
}

// Latent attention the same way: what the head of block/latent.hpp says, token by token.
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

void causal_definition(const Subject& f) { value_is_the_definition(f, draw_attention(f, MaskKind::causal)); }
void sliding_definition(const Subject& f) {
  value_is_the_definition(f, draw_attention(f, MaskKind::causal_sliding));
}
void bidirectional_definition(const Subject& f) {
  value_is_the_definition(f, draw_attention(f, MaskKind::bidirectional));
}
void rope_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, MaskKind::causal);
  spec.position.rope =
      RopeSpec{.style = *rc::gen::element(RopeStyle::half, RopeStyle::interleaved), .rotary_dim = 4};
  spec.attention.head_dim = *rc::gen::element(4, 6);  // all channels turn, or some
  value_is_the_definition(f, spec);
}
void softcap_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, MaskKind::causal);
  spec.attention.softcap.cap = 2;
  spec.attention.n_heads = 2;  // not head_dim, so that a scale by the number of heads shows
  value_is_the_definition(f, spec);
}

void alibi_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, *rc::gen::element(MaskKind::causal, MaskKind::bidirectional));
  spec.attention.n_heads = spec.attention.n_kv_heads = *rc::gen::element(3, 6);  // no powers of two
  spec.position.bias = AlibiSpec{};
  value_is_the_definition(f, spec);
}

void both_sides_definition(const Subject& f) {
  value_is_the_definition(f, draw_attention(f, MaskKind::sliding));
}

void buckets_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, MaskKind::bidirectional);
  spec.position.buckets = BucketsSpec{.count = 8, .max_distance = 7};
  value_is_the_definition(f, spec);
}

void latent_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, MaskKind::causal);
  spec.attention.n_heads = spec.attention.n_kv_heads = 2;
  spec.attention.head_dim = 6;
  spec.attention.bias = {false, false, false, true};
  spec.attention.latent = LatentSpec{.q_rank = 3, .kv_rank = 4, .rope_dim = 4, .v_head_dim = 3, .eps = 1e-3};
  spec.position.rope = RopeSpec{.rotary_dim = 4};
  const Instance at = draw_quiet(spec, 4);
  RC_ASSERT(equal(f.value(at), latent_by_definition(at)));
}

void sink_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, *rc::gen::element(MaskKind::causal, MaskKind::bidirectional));
  spec.attention.sink.present = true;
  value_is_the_definition(f, spec);
}

void gate_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, MaskKind::causal);
  spec.attention.gate = Activation::sigmoid;
  value_is_the_definition(f, spec);
}

void value_norm_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, MaskKind::causal);
  spec.norm_slots.attn.v = NormSpec{
      .kind = NormKind::rms_norm, .eps = 1e-3, .gain = false, .bias = false, .width = NormWidth::head_dim};
  value_is_the_definition(f, spec);
}

// Four pairs, of which those of high frequency stay, that of the lowest is divided, and some lie between.
// Kinds that know of a length are asked below it and beyond.
void scaled_rope_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, MaskKind::causal);
  spec.attention.head_dim = 8;
  RopeScaling scaling;
  using enum RopeScalingKind;
  scaling.kind = *rc::gen::element(linear, llama3, yarn, longrope, dynamic);
  scaling.original_max_position = reads_length(scaling) ? *rc::gen::element(2, 1024) : 1024;
  if (is_longrope(scaling)) scaling.short_factor = {1, 1.25, 1.5, 2}, scaling.long_factor = {1.5, 3, 6, 12};
  spec.position.rope = RopeSpec{.rotary_dim = 8, .sign = *rc::gen::element(1, -1), .scaling = scaling};
  value_is_the_definition(f, spec);
}

void value_bias_passes_through(const Subject& f) {
  const Instance at = draw_quiet(draw_attention(f, MaskKind::causal), 4);
  Instance without = at;
  without.parameters.at("layers.0.attn.v_proj.bias").setConstant(I(0));
  const AttentionSpec& s = at.spec.attention;
  Matrix<I> repeated(1, s.n_heads * s.head_dim);
  for (int head = 0; head < s.n_heads; ++head)
    repeated.block(0, head * s.head_dim, 1, s.head_dim) =
        at.parameters.at("layers.0.attn.v_proj.bias")
            .block(0, head * s.n_kv_heads / s.n_heads * s.head_dim, 1, s.head_dim);
  const Matrix<I> shift = product(repeated, at.parameters.at("layers.0.attn.o_proj.weight").transpose());
  const Matrix<I> difference = f.value(at) - f.value(without);
  for (Eigen::Index t = 0; t < difference.rows(); ++t) RC_ASSERT(equal(difference.row(t), shift));
}

void key_bias_is_invisible(const Subject& f) {
  Instance at = draw_quiet(draw_attention(f, MaskKind::causal), 4);
  const Matrix<I> y = f.value(at);
  const Matrix<I> g = draw_like(at.x);
  RC_ASSERT(vanishes(f.pull_back(at, g).parameters.at("layers.0.attn.k_proj.bias")));
  Matrix<I>& bias = at.parameters.at("layers.0.attn.k_proj.bias");
  bias = draw_like(bias);
  RC_ASSERT(equal(f.value(at), y));
}

void equal_tokens_are_averaged_to_themselves(const Subject& f) {
  BlockSpec spec = draw_attention(f, MaskKind::causal);
  spec.position.rope = RopeSpec{.rotary_dim = 4};
  Instance at = draw_quiet(spec, 4), one = at;
  for (Eigen::Index t = 1; t < at.x.rows(); ++t) at.x.row(t) = at.x.row(0);
  one.x = at.x.row(0);
  const Matrix<I> expected = attention_by_definition(one), y = f.value(at);
  for (Eigen::Index t = 0; t < y.rows(); ++t) RC_ASSERT(equal(y.row(t), expected));
}

// Which rows change, bit for bit in double, when token j does.
std::vector<bool> changed_rows(const Subject& f, const Instance& at, int j) {
  const auto as_double = [](const Matrix<I>& x) {
    return Matrix<double>(x.unaryExpr([](const I& v) { return static_cast<double>(plumbline::lower(v)); }));
  };
  Parameters<double> p;
  for (const auto& [name, value] : at.parameters) p[name] = as_double(value);
  Matrix<double> x = as_double(at.x);
  const Matrix<double> before = f.value_in(at.spec, p, x);
  x.row(j) *= -0.5;
  const Matrix<double> after = f.value_in(at.spec, p, x);
  std::vector<bool> changed;
  for (Eigen::Index t = 0; t < x.rows(); ++t) changed.push_back(before.row(t) != after.row(t));
  return changed;
}

void causality(const Subject& f) {
  const Instance at = draw_quiet(draw_attention(f, MaskKind::causal), 5);
  const int j = draw_number_from(1, 4);
  const std::vector<bool> changed = changed_rows(f, at, j);
  for (int i = 0; i < 5; ++i) RC_ASSERT(changed[i] == (i >= j));
}

void window_has_two_ends(const Subject& f) {
  const Instance at = draw_quiet(draw_attention(f, MaskKind::causal_sliding), 5);
  const int j = draw_number_from(1, 2);
  const std::vector<bool> changed = changed_rows(f, at, j);
  for (int i = 0; i < 5; ++i) RC_ASSERT(changed[i] == (0 <= i - j && i - j < 2));
}

}  // namespace

const std::vector<Law>& attention_laws() {
  static const std::vector<Law> laws{
      {"ATT-DEF-causal",
       "causal attention is its definition, entry by entry",
       attention,
       causal_definition,
       {"mask/missing", "mask/sees-next", "mask/hides-self", "mask/after-softmax", "mask/zero-score",
        "heads/tiled", "scale/missing", "scale/twice", "scale/by-width", "softmax/over-queries",
        "softmax/unnormalised", "bias/q-missing", "bias/v-missing", "bias/o-missing"}},
      {"ATT-DEF-sliding",
       "sliding attention is its definition, entry by entry",
       attention,
       sliding_definition,
       {"mask/window-too-long", "mask/window-too-short", "mask/missing"}},
      {"ATT-DEF-bidirectional",
       "bidirectional attention is its definition, entry by entry",
       attention,
       bidirectional_definition,
       {"scale/missing", "heads/tiled", "softmax/unnormalised"}},
      {"ATT-DEF-alibi",
       "attention with ALiBi is its definition, entry by entry",
       attention,
       alibi_definition,
       {"alibi/missing", "alibi/sign", "alibi/slopes-evenly"}},
      {"ATT-12",
       "attention with rotary embeddings is its definition, entry by entry",
       attention,
       rope_definition,
       {"rope/backwards", "rope/base", "rope/exponent-of-head-dim", "rope/key-offset", "rope/missing",
        "rope/style", "rope/values", "bias/k-missing"}},
      {"ATT-14",
       "attention with a softcap is its definition, entry by entry",
       attention,
       softcap_definition,
       {"softcap/after-mask", "softcap/missing", "scale/by-heads"}},
      {"ATT-DEF-both-sides",
       "attention through windows to both sides is its definition, entry by entry",
       attention,
       both_sides_definition,
       {"mask/one-sided", "mask/window-too-long", "mask/window-too-short"}},
      {"ATT-DEF-buckets",
       "attention with a table of relative positions is its definition, entry by entry",
       attention,
       buckets_definition,
       {"buckets/missing", "buckets/one-sided", "buckets/sign"}},
      {"ATT-DEF-latent",
       "attention over latent vectors is its definition, entry by entry",
       attention,
       latent_definition,
       {"latent/norm-missing", "latent/rope-on-nope"}},
      {"ATT-DEF-sink",
       "attention with sinks is its definition, entry by entry",
       attention,
       sink_definition,
       {"sink/missing", "sink/of-first-head", "sink/scaled"}},
      {"ATT-DEF-gate",
       "attention with a gate is its definition, entry by entry",
       attention,
       gate_definition,
       {"gate/missing", "gate/silu-for-sigmoid"}},
      {"ATT-DEF-value-norm",
       "attention with norms on values is its definition, entry by entry",
       attention,
       value_norm_definition,
       {"v-norm/missing"}},
      {"ATT-DEF-scaled-rope",
       "attention with scaled rotary frequencies is its definition, entry by entry",
       attention,
       scaled_rope_definition,
       {"rope/length-longest", "rope/length-original", "rope/longrope-factor-missing",
        "rope/scaling-by-steps", "rope/scaling-missing", "rope/sign", "rope/yarn-factor-missing"}},
      {"ATT-2a",
       "a value bias passes through attention",
       attention,
       value_bias_passes_through,
       {"mask/after-softmax", "softmax/over-queries", "softmax/unnormalised", "heads/tiled",
        "bias/v-missing"}},
      {"ATT-2b",
       "a key bias is invisible, and its gradient is 0",
       attention,
       key_bias_is_invisible,
       {"mask/zero-score", "softmax/unnormalised", "softmax/over-queries", "tape/softmax-without-sum"}},
      {"ATT-3",
       "equal tokens give what one token gives",
       attention,
       equal_tokens_are_averaged_to_themselves,
       {"mask/after-softmax", "softmax/unnormalised", "softmax/over-queries", "rope/values", "heads/tiled"}},
      {"ATT-9",
       "causality: token j changes row j and rows after it, and no bit of a row before",
       attention,
       causality,
       {"mask/missing", "mask/sees-next", "mask/after-softmax", "softmax/over-queries"}},
      {"ATT-10",
       "a window of W keys: token j changes row i if and only if 0 <= i - j < W",
       attention,
       window_has_two_ends,
       {"mask/window-too-long", "mask/window-too-short", "mask/missing", "mask/sees-next"}},
  };
  return laws;
}

}  // namespace plumbline::properties
