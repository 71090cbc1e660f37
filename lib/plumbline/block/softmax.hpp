// A softmax by itself, as kernels have it that are given scores: what attention does between its products.
// Sources: arXiv 1706.03762, 2408.00118 (softcap), 2508.10925 (sink).
#pragma once

#include "plumbline/block/attention_heads.hpp"

namespace plumbline {

// The weights of one head whose scores are x.
//   formula: y = softmax(softcap(scale x), mask), row by row; a sink stands beside the scores of each row,
//   and
//     takes its share of 1
//   shapes: x [B T, keys] -> [B T, keys]; B = `batch` divides the rows, and row t of a sequence is a query
//   error: that of the algebra
//   bad input: throws Error where p lacks a sink, or a row sees no key
//   source: as the head of this file says
template <Algebra A>
Tensor<A> softmax(A& a, const AttentionSpec& s, const ParameterView<A>& p, const Tensor<A>& x, int batch) {
  return a.component(Component::attention, "Softmax", x, [&] {
    const int queries = a.rows(x) / batch, keys = a.cols(x), first = first_position(s.mask, queries, keys);
    const Mask mask = mask_of(s.mask, queries, keys, first);
    const detail::Sight<A> sight{mask, mask, first};
    std::vector<Tensor<A>> out;
    for (int b = 0; b < batch; ++b) {
      const Tensor<A> scores = batch == 1 ? x : a.take_rows(x, b * queries, queries);
      out.push_back(detail::weights_of(a, s, 0, p, sight, std::nullopt, scores));
    }
    return a.store(batch == 1 ? out.front() : a.concat_rows(out), p.place(Site::weights));
  });
}

template <>
struct PartOf<Part::softmax> {
  static constexpr PartRecord record{.weighs = true};
  // All keys are seen, and scores are as they are, unless a spec says otherwise.
  static void begin(auto& spec) {
    spec.attention.n_heads = spec.attention.n_kv_heads = 1;
    spec.attention.mask = {}, spec.attention.mask.kind = MaskKind::bidirectional;
    spec.attention.scale = {}, spec.attention.scale.rule = ScaleRule::one;
    spec.attention.given.reset(), spec.attention.gate.reset(), spec.attention.latent.reset();
    spec.position = {};
  }
  static void add_parameters(ParameterShapes& out, const auto& spec) {
    add_sink_shapes(out, "", spec.attention.sink, 1);
  }
  template <Algebra A>
  static Tensor<A> run(A& a, const auto& spec, const ParameterView<A>& p, const Tensor<A>& x, int batch,
                       Stream<A>*) {
    return softmax(a, spec.attention, p, x, batch);
  }
};

}  // namespace plumbline
