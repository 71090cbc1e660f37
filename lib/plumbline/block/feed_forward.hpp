// The feed-forward branch.
//   mlp: F(x) = down(f(up(x)))              glu: F(x) = down(f(gate(x)) * up(x))        arXiv 2002.05202
// x [n,d] -> [n,d], through d_ff; the norm in slot mid stands before down.
#pragma once

#include "plumbline/block/linear.hpp"
#include "plumbline/block/norm.hpp"

namespace plumbline {

template <Algebra A>
Tensor<A> feed_forward(A& a, const BlockSpec& spec, const ParameterView<A>& p, const Tensor<A>& x) {
  const FeedForwardSpec& f = spec.ffn;
  return a.component("FFN", x, [&] {
    Tensor<A> up = linear(a, p.under("up_proj"), f.bias_in, x);
    Tensor<A> hidden;
    if (f.kind == FeedForwardKind::glu) {
      Tensor<A> gate = linear(a, p.under("gate_proj"), f.bias_in, x);
      if (f.gate_and_up_swapped) std::swap(gate, up);
      hidden = a.store(a.mul(a.store(a.activation(f.activation, 0, gate), p.place("activation")), up),
                       p.place("gated"));
    } else {
      hidden = a.store(a.activation(f.activation, 0, up), p.place("activation"));
    }
    hidden = norm(a, spec.ffn_norms.mid, p.under("norm_mid"), hidden);
    return linear(a, p.under("down_proj"), f.bias_out, hidden);
  });
}

}  // namespace plumbline
