// Several residual streams beside each other: how a sublayer reads them, how they are mixed and what is
// written to them. X_1 ... X_n are the streams of a token, b the branch of the sublayer.
//   mhc         manifold-constrained hyper-connections, as DeepSeek V4 has them:
//               m = W N(X_1, ..., X_n), N the root mean square over all channels of all streams;
//               r = sigma(s_1 m + b) + eps, w = 2 sigma(s_2 m + b), each of n entries;
//               C = S(softmax_rows(s_3 m + b) + eps), n x n: S divides columns by their sums + eps, and then
//               rows and columns in turn (Sinkhorn);
//               reads sum_i r_i X_i; X_k becomes w_k b + sum_j C_jk X_j. At the end sum_i r_i X_i
//   mhc_lite    the same without eps, and C = sum over all permutations P of softmax(s_3 m + b)_P P
//   resi_dual   reads X_1; X_2 becomes X_2 + b, X_1 becomes N_post(X_1 + b). At the end X_1 + N_final(X_2)
//   siamese     reads P X_1 + R X_2; X_1 becomes P X_1 + beta b, X_2 becomes X_2 + b, P and R norms. At the
//   end
//               N_final(P X_1 + R X_2)
// All streams begin as the input. Sources: arXiv 2512.24880 and huggingface/transformers
// modeling_deepseek_v4, 2601.05732, 2304.14802 and microsoft/ResiDual, 2602.08064.
#pragma once

#include <algorithm>
#include <numeric>

#include "plumbline/block/norm.hpp"
#include "plumbline/block/shares.hpp"

namespace plumbline {

// How streams are read, mixed and written.
enum class StreamRule { mhc, mhc_lite, resi_dual, siamese };
PLUMBLINE_NAMES(StreamRule, {mhc, "mhc"}, {mhc_lite, "mhc_lite"}, {resi_dual, "resi_dual"},
                {siamese, "siamese"})
// What becomes of the streams at the end: a sum with weights of their own, their mean, their sum.
enum class StreamHead { weighted, mean, sum };
PLUMBLINE_NAMES(StreamHead, {weighted, "weighted"}, {mean, "mean"}, {sum, "sum"})
// What a stream gets of the branch: 2 sigma, or sigma.
enum class WriteGate { doubled, single };
PLUMBLINE_NAMES(WriteGate, {doubled, "doubled"}, {single, "single"})
// What the mixing is made of: of mhc a softmax of each row, or sigma of each entry; or none at all.
enum class MixingFrom { softmax, sigmoid, nothing };
PLUMBLINE_NAMES(MixingFrom, {softmax, "softmax"}, {sigmoid, "sigmoid"}, {nothing, "nothing"})

// Several streams as data.
struct StreamsSpec {
  StreamRule rule = StreamRule::mhc;
  int count = 4;
  double norm_eps = 1e-6;
  double eps = 1e-6;
  int sinkhorn_steps = 20;
  StreamHead head = StreamHead::weighted;
  NormSlot norm = {};

  bool transposed = false;
  WriteGate write_gate = WriteGate::doubled;
  MixingFrom mixing_from = MixingFrom::softmax;
  bool operator==(const StreamsSpec&) const = default;
};

// Whether streams are mixed by matrices; whether these come from Sinkhorn's steps; whether the streams have
// norms of their own.
inline bool mixes(const StreamsSpec& s) {
  return s.rule == StreamRule::mhc || s.rule == StreamRule::mhc_lite;
}
inline bool balances(const StreamsSpec& s) { return s.rule == StreamRule::mhc; }
inline bool norms_streams(const StreamsSpec& s) { return s.rule == StreamRule::siamese; }

template <>
inline constexpr auto knobs<StreamsSpec> = std::tuple{
    knob("rule", &StreamsSpec::rule, "how the streams are read, mixed and written")
        .implying([](StreamsSpec& s) {
          if (!mixes(s)) s.count = 2;
          if (s.rule == StreamRule::mhc_lite) s.head = StreamHead::sum;
          if (norms_streams(s)) s.norm = NormSpec{};
        }),
    knob("count", &StreamsSpec::count, "how many").within({1, 64}),
    knob("norm_eps", &StreamsSpec::norm_eps, "of the norm over all streams")
        .within(not_negative)
        .only_of(mixes),
    knob("eps", &StreamsSpec::eps, "added to what is read, to the mixing and to its sums")
        .within(not_negative)
        .only_of(balances),
    knob("sinkhorn_steps", &StreamsSpec::sinkhorn_steps, "how often columns are divided by their sums")
        .within(layers_range)
        .only_of(balances),
    knob("head", &StreamsSpec::head, "what becomes of the streams at the end").only_of(mixes),
    knob("norm", &StreamsSpec::norm, "of siamese: of each stream before it is read").only_of(norms_streams),
    knob("transposed", &StreamsSpec::transposed, "X_k becomes sum_j C_kj X_j").where_wrong().only_of(mixes),
    knob("write_gate", &StreamsSpec::write_gate, "2 sigma, or sigma").where_wrong().only_of(mixes),
    knob("mixing_from", &StreamsSpec::mixing_from, "what the mixing is made of")
        .where_wrong()
        .only_of(mixes)};

template <>
inline constexpr WrongChoice<StreamsSpec> wrong_choices<StreamsSpec>[] = {
    {"streams/eps-missing", "Sinkhorn's sums without eps", "",
     [](StreamsSpec& s) {
       if (balances(s)) s.eps = 0;
     }},
    {"streams/head-is-mean", "the mean of the streams where a weighted sum is right",
     "huggingface/transformers#45616",
     [](StreamsSpec& s) {
       if (s.head == StreamHead::weighted) s.head = StreamHead::mean;
     }},
    {"streams/mixing-from-sigmoid", "sigma of each entry where the softmax of each row is right",
     "huggingface/transformers#45643",
     [](StreamsSpec& s) {
       if (balances(s)) s.mixing_from = MixingFrom::sigmoid;
     }},
    {"streams/mixing-missing", "X_k + w_k b", "",
     [](StreamsSpec& s) {
       if (mixes(s)) s.mixing_from = MixingFrom::nothing;
     }},
    {"streams/sinkhorn-once", "columns are divided by their sums, and nothing more",
     "AI-Hypercomputer/maxtext#4337",
     [](StreamsSpec& s) {
       if (balances(s)) s.sinkhorn_steps = 1;
     }},
    {"streams/transposed", "X_k + sum_j C_kj X_j where C_jk is right", "NVIDIA-NeMo/Automodel#2154",
     [](StreamsSpec& s) { s.transposed = mixes(s); }},
    {"streams/write-not-doubled", "sigma b where 2 sigma b is right", "huggingface/transformers#45616",
     [](StreamsSpec& s) {
       if (mixes(s)) s.write_gate = WriteGate::single;
     }},
};

namespace detail {

// The columns of one weight for all three: n to read, n to write, and the logits of the mixing.
inline int mixing_logits(const StreamsSpec& s) {
  if (balances(s)) return s.count * s.count;
  int permutations = 1;
  for (int k = 2; k <= s.count; ++k) permutations *= k;
  return permutations;
}

// s m + b of the columns [first, first + count) of m, s one number.
template <Algebra A>
Tensor<A> stream_logits(A& a, const ParameterView<A>& p, const Tensor<A>& m, int first, int count,
                        int scale) {
  const Tensor<A> s = a.concat_cols(std::vector<Tensor<A>>(count, a.take_cols(p.at("scale"), scale, 1)));
  return a.add_row(a.mul_row(a.take_cols(m, first, count), s), a.take_cols(p.at("bias"), first, count));
}

// W N(X_1, ..., X_n).
template <Algebra A>
Tensor<A> mixed_channels(A& a, const StreamsSpec& s, const ParameterView<A>& p,
                         const std::vector<Tensor<A>>& streams) {
  const NormSpec over_all{.kind = NormKind::rms_norm, .eps = s.norm_eps, .gain = false, .bias = false};
  const Tensor<A> all = norm(a, over_all, p.under_stream_norm("norm"), a.concat_cols(streams));
  return a.matmul_by_transpose(all, p.at("weight"));
}

// Rows of C, [B T, n] each, from those of a positive matrix K: columns are divided by their sums + eps, and
// then rows and columns in turn. Taken as C_jk = K_jk / (s_j t_k), where a step replaces s_j by sum_k K_jk /
// t_k + eps s_j, and t likewise: so an enclosure grows by the width of K at each step, where dividing a
// matrix by sums of itself doubles it.
template <Algebra A>
std::vector<Tensor<A>> balanced(A& a, const StreamsSpec& spec, const std::vector<Tensor<A>>& k) {
  const auto ones = [&](int cols) {
    return a.whole_numbers(a.rows(k.front()), cols, [](int, int) { return 1; });
  };
  std::vector<Tensor<A>> s(k.size(), ones(1)), over_s = s;
  Tensor<A> t = ones(a.cols(k.front())), over_t = t;
  for (int step = 0; step < spec.sinkhorn_steps; ++step) {
    for (std::size_t j = 0; step > 0 && j < k.size(); ++j) {
      s[j] = a.add(a.row_sum(a.mul(k[j], over_t)), a.scale(s[j], {spec.eps}));
      over_s[j] = a.reciprocal(s[j]);
    }
    Tensor<A> sum = a.mul_col(k[0], over_s[0]);
    for (std::size_t j = 1; j < k.size(); ++j) sum = a.add(sum, a.mul_col(k[j], over_s[j]));
    t = a.add(sum, a.scale(t, {spec.eps}));
    over_t = a.reciprocal(t);
  }
  std::vector<Tensor<A>> rows;
  for (std::size_t j = 0; j < k.size(); ++j) rows.push_back(a.mul_col(a.mul(k[j], over_t), over_s[j]));
  return rows;
}

// C of each token, a row behind the other: [B T, n n], from its logits.
template <Algebra A>
Tensor<A> mixing(A& a, const StreamsSpec& s, const Tensor<A>& logits) {
  const int n = s.count;
  if (s.mixing_from == MixingFrom::nothing)
    return a.whole_numbers(a.rows(logits), n * n, [n](int, int c) { return c / n == c % n ? 1 : 0; });
  if (balances(s)) {
    std::vector<Tensor<A>> rows;
    for (int j = 0; j < n; ++j) {
      const Tensor<A> row = a.take_cols(logits, j * n, n);
      rows.push_back(
          a.add_scalar(s.mixing_from == MixingFrom::sigmoid ? logistic(a, row) : shares(a, row), {s.eps}));
    }
    return a.concat_cols(balanced(a, s, rows));
  }
  std::vector<int> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::vector<std::vector<int>> permutations;
  do permutations.push_back(order);
  while (std::next_permutation(order.begin(), order.end()));
  const Tensor<A> each = a.whole_numbers(a.cols(logits), n * n, [&](int p, int c) {
    return permutations[std::size_t(p)][std::size_t(c / n)] == c % n ? 1 : 0;
  });
  return a.matmul(shares(a, logits), each);
}

// sum_i w_i X_i, w [B T, n].
template <Algebra A>
Tensor<A> weighted_sum(A& a, const Tensor<A>& w, const std::vector<Tensor<A>>& streams) {
  Tensor<A> sum = a.mul_col(streams.front(), a.take_cols(w, 0, 1));
  for (int i = 1; i < int(streams.size()); ++i)
    sum = a.add(sum, a.mul_col(streams[std::size_t(i)], a.take_cols(w, i, 1)));
  return sum;
}

template <Algebra A>
Tensor<A> reading_gate(A& a, const StreamsSpec& s, const ParameterView<A>& p, const Tensor<A>& m) {
  const Tensor<A> r = logistic(a, stream_logits(a, p, m, 0, s.count, 0));
  return balances(s) ? a.add_scalar(r, {s.eps}) : r;
}

}  // namespace detail

// What a sublayer reads, and what it needs to write: [r | w | C] of each token where streams are mixed, and
// the streams, of siamese the first one normalized.
template <Algebra A>
struct StreamReading {
  Tensor<A> read, gates;
  std::vector<Tensor<A>> streams;
};

// What the sublayer reads whose mixer has its parameters under p.
//   formula: as the head of this file says of each rule
//   shapes: streams [B T, d] each -> read [B T, d]
//   error: that of the algebra
//   bad input: throws Error where a parameter is missing; shapes are not checked
//   source: as the head of this file says
template <Algebra A>
StreamReading<A> read_streams(A& a, const StreamsSpec& s, const ParameterView<A>& p,
                              const std::vector<Tensor<A>>& x) {
  StreamReading<A> out{x.front(), x.front(), x};
  if (mixes(s)) {
    const int n = s.count;
    out.gates = a.component(Component::mixer, "Mix", x.front(), [&] {
      const Tensor<A> m = detail::mixed_channels(a, s, p, x);
      const Tensor<A> w = logistic(a, detail::stream_logits(a, p, m, n, n, 1));
      const Tensor<A> c =
          detail::mixing(a, s, detail::stream_logits(a, p, m, 2 * n, detail::mixing_logits(s), 2));
      return a.store(a.concat_cols({detail::reading_gate(a, s, p, m),
                                    s.write_gate == WriteGate::doubled ? a.scale(w, {2}) : w, c}),
                     p.place(Site::gates));
    });
    out.read = a.component(Component::mixer, "Read", x.front(), [&] {
      return a.store(detail::weighted_sum(a, a.take_cols(out.gates, 0, n), x), p.place(Site::read));
    });
  } else if (norms_streams(s)) {
    out.streams[0] = norm(a, s.norm, p.under_stream_norm("norm_1"), x[0]);
    const Tensor<A> second = norm(a, s.norm, p.under_stream_norm("norm_2"), x[1]);
    out.read = a.store(a.add(out.streams[0], second), p.place(Site::read));
  }
  return out;
}

// The streams after a sublayer with that branch; post(x) is the norm after the add, beta the scale of the
// branch in the first stream of siamese.
//   formula: as the head of this file says of each rule
//   shapes: branch [B T, d] -> n times [B T, d]
//   error: that of the algebra
//   source: as the head of this file says
template <Algebra A, class Post>
std::vector<Tensor<A>> write_streams(A& a, const StreamsSpec& s, const ParameterView<A>& p,
                                     const StreamReading<A>& r, const Tensor<A>& branch, double beta,
                                     Post post) {
  const auto add = [&](const Tensor<A>& x, const Tensor<A>& b) {
    return a.store(a.add(x, b), p.place(Site::residual));
  };
  if (!mixes(s)) {
    const Tensor<A> first =
        beta == 1 ? branch : a.store(a.scale(branch, {beta}), p.place(Site::scaled_branch));
    return {post(add(r.streams[0], first)), add(r.streams[1], branch)};
  }
  const int n = s.count;
  std::vector<Tensor<A>> out;
  for (int k = 0; k < n; ++k) {
    out.push_back(a.component(Component::mixer, "Write", branch, [&] {
      std::vector<Tensor<A>> shares;
      for (int j = 0; j < n; ++j)
        shares.push_back(a.take_cols(r.gates, 2 * n + (s.transposed ? k * n + j : j * n + k), 1));
      const Tensor<A> written =
          a.store(a.mul_col(branch, a.take_cols(r.gates, n + k, 1)), p.place(Site::scaled_branch));
      const Tensor<A> mixed =
          a.store(detail::weighted_sum(a, a.concat_cols(shares), r.streams), p.place(Site::scaled_residual));
      return add(mixed, written);
    }));
  }
  return out;
}

// What becomes of the streams behind the last layer; the head's parameters stand under p, last(x) is the
// final norm.
//   formula: as the head of this file says of each rule; y = last(...)
//   shapes: streams [B T, d] each -> [B T, d]
//   error: that of the algebra
//   bad input: throws Error where a parameter is missing
//   source: as the head of this file says
template <Algebra A, class Last>
Tensor<A> collapse_streams(A& a, const StreamsSpec& s, const ParameterView<A>& p,
                           const std::vector<Tensor<A>>& x, Last last) {
  const auto stored = [&](const Tensor<A>& y) { return a.store(y, p.place(Site::residual)); };
  if (s.rule == StreamRule::resi_dual) return stored(a.add(x[0], last(x[1])));
  if (norms_streams(s))
    return last(stored(a.add(norm(a, s.norm, p.under_stream_norm("norm_1"), x[0]),
                             norm(a, s.norm, p.under_stream_norm("norm_2"), x[1]))));
  return last(a.component(Component::mixer, "Collapse", x.front(), [&] {
    if (s.head == StreamHead::weighted) {
      const Tensor<A> gates =
          a.store(detail::reading_gate(a, s, p, detail::mixed_channels(a, s, p, x)), p.place(Site::gates));
      return stored(detail::weighted_sum(a, gates, x));
    }
    Tensor<A> sum = x.front();
    for (std::size_t i = 1; i < x.size(); ++i) sum = a.add(sum, x[i]);
    return stored(s.head == StreamHead::mean ? a.divide(sum, int(x.size())) : sum);
  }));
}

// The parameters of the mixer before a sublayer, and of what stands at the end.
inline void add_mixer_shapes(ParameterShapes& out, const std::string& prefix, const StreamsSpec& s, int d,
                             bool is_head = false) {
  if (norms_streams(s)) {
    add_norm_shapes(out, prefix + "norm_1", s.norm, d);
    add_norm_shapes(out, prefix + "norm_2", s.norm, d);
  }
  if (!mixes(s) || (is_head && s.head != StreamHead::weighted)) return;
  const int gates = is_head ? s.count : 2 * s.count + detail::mixing_logits(s);
  out.push_back({prefix + "weight", gates, s.count * d, Role::weight, Module::mixer});
  out.push_back({prefix + "bias", 1, gates, Role::bias, Module::mixer});
  out.push_back({prefix + "scale", 1, is_head ? 1 : 3, Role::gain, Module::mixer});
}

}  // namespace plumbline
