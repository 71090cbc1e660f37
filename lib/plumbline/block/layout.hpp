// The block: a residual stream and two sublayers. What makes a layout is which norm slots are filled:
//   pre-norm  y = x + F(N(x))        post-norm  y = N(x + F(x))        sandwich  y = x + N'(F(N(x)))
// Sublayer: b = N_out(F(N_in(x))), y = N_post(alpha r + beta b), r = x or, where the model says so, N_in(x);
// or b joins r by another rule (residual.hpp).
#pragma once

#include "plumbline/block/block_spec.hpp"

namespace plumbline {

namespace detail {

template <Algebra A>
Tensor<A> scaled(A& a, double factor, const Tensor<A>& x, const Place& place) {
  return factor == 1 ? x : a.store(a.scale(x, {factor}), place);
}

// alpha r + beta b, or one of the ways in which the residual goes wrong; `one`: of which sublayer, of both,
// or of none, which has neither gains nor another rule.
template <Algebra A>
Tensor<A> join(A& a, const BlockSpec& s, Sublayers one, const ParameterView<A>& p, ResidualFault fault,
               const Tensor<A>& block_input, const Tensor<A>& r, const Tensor<A>& b) {
  if (is_lerp(s.residual) && one != Sublayers::none) return lerp(a, s.residual, p, r, b);
  const double alpha = s.scales_swapped ? s.branch_scale : s.residual_scale;
  const double beta = s.scales_swapped ? s.residual_scale : s.branch_scale;
  Tensor<A> branch = scaled(a, beta, b, p.place(Site::scaled_branch));
  const auto plus = [&](double factor, const Tensor<A>& residual) {
    Tensor<A> from_stream = scaled(a, factor, residual, p.place(Site::scaled_residual));
    apply_gains(a, s.residual, one, p, from_stream, branch);
    return a.store(a.add(from_stream, branch), p.place(Site::residual));
  };
  switch (fault) {
    case ResidualFault::none: break;
    case ResidualFault::dropped: {
      Tensor<A> nothing = r;
      apply_gains(a, s.residual, one, p, nothing, branch);
      return branch;
    }
    case ResidualFault::doubled: return plus(2 * alpha, r);
    case ResidualFault::block_input: return plus(alpha, block_input);
    case ResidualFault::detached: return plus(alpha, a.detach(r));
  }
  return plus(alpha, r);
}

// The norm before a sublayer of that layer, whose parameters stand under p.
template <Algebra A>
Tensor<A> norm_before(A& a, const BlockSpec& s, int layer, const NormSlot& slot, const ParameterView<A>& p,
                      const Tensor<A>& x) {
  const Tensor<A> u = norm(a, slot, p, x);
  return slot ? scaled_by_depth(a, s.residual, layer, p, u) : u;
}

template <Algebra A>
Tensor<A> attention_sublayer(A& a, const BlockSpec& s, const ParameterView<A>& p, int layer,
                             const Tensor<A>& x, int batch) {
  const auto& n = s.norm_slots.attn;
  const ParameterView<A> q = p.under("attn");
  const Tensor<A> u = norm_before(a, s, layer, n.in, q.under_stream_norm("norm_in"), x);
  const Tensor<A> b =
      norm(a, n.out, q.under("norm_out"), attention(a, s.attention, n, s.position, q, u, batch));
  const Tensor<A>& r = s.residual_source == ResidualSource::normed ? u : x;
  const Tensor<A> y = norm(a, n.post, q.under_stream_norm("norm_post"),
                           join(a, s, Sublayers::attn, q, s.attn_residual, x, r, b));
  return gpas(a, s.residual, Sublayers::attn, q, y);
}

template <Algebra A>
Tensor<A> ffn_sublayer(A& a, const BlockSpec& s, const ParameterView<A>& p, int layer,
                       const Tensor<A>& block_input, const Tensor<A>& x) {
  const auto& n = s.norm_slots.ffn;
  const ParameterView<A> q = p.under("ffn");
  const ParameterView<A> norms = s.ffn_norm_is_attn_norm ? p.under("attn") : q;
  const Tensor<A> u = norm_before(a, s, layer, n.in, norms.under_stream_norm("norm_in"),
                                  s.ffn_reads_block_input ? block_input : x);
  const Tensor<A> b = norm(a, n.out, norms.under("norm_out"), feed_forward(a, s.ffn, n.mid, q, u));
  const Tensor<A>& r = s.residual_source == ResidualSource::normed ? u : x;
  const Tensor<A> y = norm(a, n.post, norms.under_stream_norm("norm_post"),
                           join(a, s, Sublayers::ffn, q, s.ffn_residual, block_input, r, b));
  return gpas(a, s.residual, Sublayers::ffn, q, y);
}

// y = alpha r + beta (Attn(N(x)) + FFN(N'(x))); N' is N where the norm is shared.
template <Algebra A>
Tensor<A> parallel_block(A& a, const BlockSpec& s, const ParameterView<A>& p, int layer, const Tensor<A>& x,
                         int batch) {
  const ParameterView<A> attn = p.under("attn"), ffn = p.under("ffn");
  const ParameterView<A> first =
      s.parallel_shared_norm ? p.under_stream_norm("norm_in") : attn.under_stream_norm("norm_in");
  const Tensor<A> u = norm_before(a, s, layer, s.norm_slots.attn.in, first, x);
  const Tensor<A> w = s.parallel_shared_norm ? u
                                             : norm_before(a, s, layer, s.norm_slots.ffn.in,
                                                           ffn.under_stream_norm("norm_in"), x);
  const Tensor<A> from_attn = norm(a, s.norm_slots.attn.out, attn.under("norm_out"),
                                   attention(a, s.attention, s.norm_slots.attn, s.position, attn, u, batch));
  const Tensor<A> from_ffn = norm(a, s.norm_slots.ffn.out, ffn.under("norm_out"),
                                  feed_forward(a, s.ffn, s.norm_slots.ffn.mid, ffn, w));
  const Tensor<A>& r = s.residual_source == ResidualSource::normed ? u : x;
  const Tensor<A> branches = a.store(a.add(from_attn, from_ffn), p.place(Site::branches));
  const Tensor<A> y = join(a, s, Sublayers::both, p, s.attn_residual, x, r, branches);
  return gpas(a, s.residual, Sublayers::both, p, y);
}

// The streams of x, side by side.
template <Algebra A>
std::vector<Tensor<A>> split_streams(A& a, const BlockSpec& s, const Tensor<A>& x) {
  std::vector<Tensor<A>> out;
  for (int k = 0; k < s.streams->count; ++k)
    out.push_back(a.component(Component::mixer, "Stream", x, [&] { return a.take_cols(x, k * s.d, s.d); }));
  return out;
}

// A sublayer of several streams; q has its parameters, `norms` those of its norms.
template <Algebra A, class Norms, class Branch>
std::vector<Tensor<A>> over_streams(A& a, const BlockSpec& s, const Norms& n, const ParameterView<A>& q,
                                    const ParameterView<A>& norms, const std::vector<Tensor<A>>& x,
                                    Branch branch) {
  const ParameterView<A> mixer = q.under("mixer");
  const StreamReading<A> r = read_streams(a, *s.streams, mixer, x);
  const Tensor<A> u = norm(a, n.in, norms.under_stream_norm("norm_in"), r.read);
  const Tensor<A> b = norm(a, n.out, norms.under("norm_out"), branch(u));
  return write_streams(a, *s.streams, mixer, r, b, s.branch_scale, [&](const Tensor<A>& sum) {
    return norm(a, n.post, norms.under_stream_norm("norm_post"), sum);
  });
}

// One layer of several streams, whose parameters stand under p; `stream` gets all after each sublayer.
template <Algebra A>
std::vector<Tensor<A>> streams_layer(A& a, const BlockSpec& s, const ParameterView<A>& p,
                                     std::vector<Tensor<A>> x, int batch, Stream<A>* stream) {
  const ParameterView<A> attn = p.under("attn"), ffn = p.under("ffn");
  const auto note = [&] {
    if (stream) stream->insert(stream->end(), x.begin(), x.end());
  };
  const auto attend = [&] {
    x = over_streams(a, s, s.norm_slots.attn, attn, attn, x, [&](const Tensor<A>& u) {
      return attention(a, s.attention, s.norm_slots.attn, s.position, attn, u, batch);
    });
    note();
  };
  const auto feed = [&] {
    x = over_streams(
        a, s, s.norm_slots.ffn, ffn, s.ffn_norm_is_attn_norm ? attn : ffn, x,
        [&](const Tensor<A>& u) { return feed_forward(a, s.ffn, s.norm_slots.ffn.mid, ffn, u); });
    note();
  };
  if (s.ffn_first) feed();
  attend();
  if (!s.ffn_first) feed();
  return x;
}

// The final norm, as often as the spec says.
template <Algebra A>
Tensor<A> final_norm(A& a, const BlockSpec& s, const ParameterView<A>& p, Tensor<A> y) {
  for (int i = 0; i < s.final_norm_times; ++i)
    y = norm(a, s.final_norm, p.under_stream_norm("final_norm"), y);
  return y;
}

template <Algebra A>
Tensor<A> collapsed(A& a, const BlockSpec& s, const ParameterView<A>& p, const std::vector<Tensor<A>>& x) {
  return collapse_streams(a, *s.streams, p.under("streams"), x,
                          [&](const Tensor<A>& y) { return final_norm(a, s, p, y); });
}

}  // namespace detail

// One layer, number 1, 2, ... of its stack, whose parameters stand under p; appends what stands on the stream
// after each sublayer to `stream`.
//   formula: b = N_out(F(N_in(r))), y = N_post(alpha r + beta b) for attention and then for the feed-forward;
//     parallel: y = alpha r + beta (Attn(N(r)) + FFN(N'(r)))
//   shapes: x [B T, d] -> [B T, d]; B = `batch` divides the rows
//   error: that of the algebra
//   bad input: throws Error where a parameter is missing or a query sees no key; shapes are not checked
//   source: arXiv 1706.03762 (post-norm), 2002.04745 (pre-norm)
template <Algebra A>
Tensor<A> layer(A& a, const BlockSpec& s, const ParameterView<A>& p, int number, const Tensor<A>& x,
                int batch, Stream<A>* stream = nullptr) {
  const auto note = [&](const Tensor<A>& u) {
    if (stream) stream->push_back(u);
    return u;
  };
  const auto last = [&](const Tensor<A>& u) { return note(times_layer_scalar(a, s.residual, p, u)); };
  if (s.topology == Topology::parallel) return last(detail::parallel_block(a, s, p, number, x, batch));
  if (s.ffn_first) {
    const Tensor<A> u = note(detail::ffn_sublayer(a, s, p, number, x, x));
    return last(detail::attention_sublayer(a, s, p, number, u, batch));
  }
  const Tensor<A> u = note(detail::attention_sublayer(a, s, p, number, x, batch));
  return last(detail::ffn_sublayer(a, s, p, number, x, u));
}

template <Algebra A>
Tensor<A> Layers::run(A& a, const BlockSpec& s, const ParameterView<A>& p, const Tensor<A>& x, int batch,
                      Stream<A>* stream) {
  const auto parameters_of = [&](int i) {
    const int source = s.layer_parameters == LayerParameters::own     ? i
                       : s.layer_parameters == LayerParameters::first ? 0
                                                                      : s.n_layers - 1 - i;
    return p.under("layers." + std::to_string(source));
  };
  if (s.streams) {
    std::vector<Tensor<A>> streams(std::size_t(s.streams->count), x);
    if (!is_stack(s)) streams = detail::split_streams(a, s, x);
    for (int i = 0; i < s.n_layers; ++i)
      streams = detail::streams_layer(a, s, parameters_of(i), std::move(streams), batch, stream);
    return is_stack(s) ? detail::collapsed(a, s, p, streams) : a.concat_cols(streams);
  }
  Tensor<A> y = x;
  for (int i = 0; i < s.n_layers; ++i)
    y = layer(a, layer_of(s, i), parameters_of(i), i + 1, y, batch, stream);
  return detail::final_norm(a, s, p, y);
}

// The mixer before the first sublayer of that many streams side by side.
template <Algebra A>
Tensor<A> PartOf<Part::mixer>::run(A& a, const BlockSpec& s, const ParameterView<A>& p, const Tensor<A>& x,
                                   int, Stream<A>*) {
  const ParameterView<A> own{p.all, std::string(record.prefix)};
  return read_streams(a, *s.streams, own, detail::split_streams(a, s, x)).gates;
}

// What a stack of several streams ends with, of the streams side by side.
template <Algebra A>
Tensor<A> PartOf<Part::collapse>::run(A& a, const BlockSpec& s, const ParameterView<A>& p, const Tensor<A>& x,
                                      int, Stream<A>*) {
  if (!s.streams) return detail::final_norm(a, s, p, x);
  return detail::collapsed(a, s, p, detail::split_streams(a, s, x));
}

// x, residual -> [N(sum) | sum] with sum = alpha residual + beta x.
template <Algebra A>
Tensor<A> PartOf<Part::add_norm>::run(A& a, const BlockSpec& s, const ParameterView<A>& p, const Tensor<A>& x,
                                      int batch, Stream<A>* stream) {
  const Tensor<A> sum = detail::join(a, s, Sublayers::none, p, s.attn_residual, x, p.at("residual"), x);
  const Tensor<A> y = PartOf<Part::norm>::run(a, s, p, sum, batch, stream);
  if (stream) *stream = {sum, y};
  return a.concat_cols({y, sum});
}

}  // namespace plumbline
