// The feed-forward branch.
#pragma once

#include "plumbline/block/derivative_of.hpp"
#include "plumbline/block/linear.hpp"
#include "plumbline/block/norm.hpp"

namespace plumbline {
namespace detail {

template <Algebra A>
Tensor<A> activated(A& a, const FeedForwardSpec& f, const ParameterView<A>& p, const Tensor<A>& x) {
  const Tensor<A> y = a.store(a.activation(f.activation, 0, x), p.place("activation"));
  return f.derivative_of ? with_derivative_of(a, y, a.activation(*f.derivative_of, 0, x)) : y;
}

}  // namespace detail

// With f the activation of spec.ffn; the norm in slot mid stands before down.
//   formula: mlp: down(f(up(x))); glu: down(f(gate(x)) * up(x))
//   shapes: x [n,d] -> [n,d], through d_ff channels
//   error: that of the algebra
//   bad input: throws Error where a parameter is missing; shapes are not checked
//   source: arXiv 1706.03762 (mlp), 2002.05202 (glu)
template <Algebra A>
Tensor<A> feed_forward(A& a, const BlockSpec& spec, const ParameterView<A>& p, const Tensor<A>& x) {
  const FeedForwardSpec& f = spec.ffn;
  return a.component("FFN", x, [&] {
    Tensor<A> up = linear(a, p.under("up_proj"), f.bias_in, x);
    Tensor<A> hidden;
    if (f.kind == FeedForwardKind::glu) {
      Tensor<A> gate = linear(a, p.under("gate_proj"), f.bias_in, x);
      if (f.gate_and_up_swapped) std::swap(gate, up);
      const Tensor<A> open = detail::activated(a, f, p, gate);
      hidden = a.store(a.mul(f.gate_detached ? a.detach(open) : open, up), p.place("gated"));
    } else {
      hidden = detail::activated(a, f, p, up);
    }
    hidden = norm(a, spec.ffn_norms.mid, p.under("norm_mid"), hidden);
    return linear(a, p.under("down_proj"), f.bias_out, hidden);
  });
}

}  // namespace plumbline
