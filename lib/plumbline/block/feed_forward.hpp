// The feed-forward branch.
#pragma once

#include "plumbline/block/derivative_of.hpp"
#include "plumbline/block/linear.hpp"
#include "plumbline/block/moe.hpp"
#include "plumbline/block/norm.hpp"

namespace plumbline {

// Without a gate, or with one.
enum class FeedForwardKind { mlp, glu };
PLUMBLINE_NAMES(FeedForwardKind, {mlp, "mlp"}, {glu, "glu"})

// How gate and up lie in one tensor: one behind the other, or in turns, gate first.
enum class GatePacking { gate_first, up_first, interleaved };
PLUMBLINE_NAMES(GatePacking, {gate_first, "gate_first"}, {up_first, "up_first"}, {interleaved, "interleaved"})

// Which projections of the feed-forward have a bias; gate and up alike.
struct FeedForwardBias {
  bool in = true, out = true;
  bool operator==(const FeedForwardBias&) const = default;
};

template <>
inline constexpr auto knobs<FeedForwardBias> = std::tuple{
    knob("in", &FeedForwardBias::in, "of up, and of gate"), knob("out", &FeedForwardBias::out, "of down")};

template <>
inline constexpr WrongChoice<FeedForwardBias> wrong_choices<FeedForwardBias>[] = {
    {"bias/ffn-in-missing", "W x", "", [](FeedForwardBias& b) { b.in = false; }},
    {"bias/ffn-out-missing", "W x", "", [](FeedForwardBias& b) { b.out = false; }},
};

// The feed-forward branch as data, its norms apart.
struct FeedForwardSpec {
  FeedForwardKind kind = FeedForwardKind::mlp;
  Activation activation = Activation::gelu_erf;
  FeedForwardBias bias;
  int d_ff = 0;
  bool squared = false;
  std::optional<double> limit = {};
  int up_offset = 0;
  GatePacking packing = GatePacking::gate_first;
  bool gate_and_up_swapped = false;
  std::optional<MoeSpec> moe;
  std::optional<Activation> derivative_of;
  bool gate_detached = false;
  bool operator==(const FeedForwardSpec&) const = default;
};

// Whether f(gate) is multiplied by up.
inline bool is_gated(const FeedForwardSpec& f) { return f.kind == FeedForwardKind::glu; }

template <>
inline constexpr auto knobs<FeedForwardSpec> = std::tuple{
    knob("kind", &FeedForwardSpec::kind, "with a gate, or without"),
    knob("activation", &FeedForwardSpec::activation, "f"),
    knob("bias", &FeedForwardSpec::bias, "which projections have one"),
    knob("d_ff", &FeedForwardSpec::d_ff, "the width within").within(width_range),
    knob("squared", &FeedForwardSpec::squared, "f(x)^2 where others have f(x)").where_changed(),
    knob("limit", &FeedForwardSpec::limit, "of glu: the gate is at most this, |up| too")
        .within(positive)
        .where_changed()
        .only_of(is_gated),
    knob("up_offset", &FeedForwardSpec::up_offset, "of glu, 1: f(gate) (up + 1)")
        .within({0, 1})
        .where_changed()
        .only_of(is_gated),
    knob("packing", &FeedForwardSpec::packing, "of gated_activation: how gate and up lie in x")
        .where_changed()
        .only_of(is_gated),
    knob("moe", &FeedForwardSpec::moe, "a mixture of experts, each of them such a feed-forward")
        .where_changed(),
    knob("gate_and_up_swapped", &FeedForwardSpec::gate_and_up_swapped, "f(up) gate").where_wrong(),
    knob("derivative_of", &FeedForwardSpec::derivative_of, "the backward pass has this one's derivative")
        .where_wrong(),
    knob("gate_detached", &FeedForwardSpec::gate_detached, "the backward pass takes the gate for a constant")
        .where_wrong()};

template <>
inline constexpr WrongChoice<FeedForwardSpec> wrong_choices<FeedForwardSpec>[] = {
    {"activation/derivative-of-erf", "the backward pass has gelu_erf's derivative for gelu_tanh's", "",
     [](FeedForwardSpec& s) {
       if (s.activation == Activation::gelu_tanh) s.derivative_of = Activation::gelu_erf;
     }},
    {"activation/derivative-of-relu", "the backward pass lets through where x > 0", "",
     [](FeedForwardSpec& s) {
       if (s.activation != Activation::relu) s.derivative_of = Activation::relu;
     }},
    {"activation/derivative-of-tanh", "the backward pass has gelu_tanh's derivative for gelu_erf's", "",
     [](FeedForwardSpec& s) {
       if (s.activation == Activation::gelu_erf) s.derivative_of = Activation::gelu_tanh;
     }},
    {"activation/erf-for-tanh", "gelu_erf where gelu_tanh is right", "huggingface/transformers#29402",
     [](FeedForwardSpec& s) {
       if (s.activation == Activation::gelu_tanh) s.activation = Activation::gelu_erf;
     }},
    {"activation/quick-for-silu", "x sigma(1.702 x) where x sigma(x) is right", "",
     [](FeedForwardSpec& s) {
       if (s.activation == Activation::silu) s.activation = Activation::quick_gelu;
     }},
    {"activation/relu", "max(x, 0) for any activation", "",
     [](FeedForwardSpec& s) { s.activation = Activation::relu; }},
    {"activation/silu-for-quick", "x sigma(x) where x sigma(1.702 x) is right", "",
     [](FeedForwardSpec& s) {
       if (s.activation == Activation::quick_gelu) s.activation = Activation::silu;
     }},
    {"activation/tanh-for-bloom", "sqrt(2 / pi) where BLOOM has 0.79788456", "",
     [](FeedForwardSpec& s) {
       if (s.activation == Activation::gelu_bloom) s.activation = Activation::gelu_tanh;
     }},
    {"activation/tanh-for-erf", "gelu_tanh where gelu_erf is right", "huggingface/candle#900",
     [](FeedForwardSpec& s) {
       if (s.activation == Activation::gelu_erf) s.activation = Activation::gelu_tanh;
     }},
    {"ffn/gate-and-up-swapped", "f(up) gate", "ml-explore/mlx-lm#767",
     [](FeedForwardSpec& s) { s.gate_and_up_swapped = s.kind == FeedForwardKind::glu; }},
    {"ffn/gate-detached", "the backward pass takes f(gate) for a constant", "",
     [](FeedForwardSpec& s) { s.gate_detached = s.kind == FeedForwardKind::glu; }},
    {"ffn/limit-missing", "gate and up without their limit", "", [](FeedForwardSpec& s) { s.limit.reset(); }},
    {"ffn/not-squared", "f(x) where f(x)^2 is right", "", [](FeedForwardSpec& s) { s.squared = false; }},
    {"ffn/up-offset-missing", "f(gate) up where f(gate) (up + 1) is right", "",
     [](FeedForwardSpec& s) { s.up_offset = 0; }},
};

// Where a norm can stand: before the sublayer, before down, on the branch output, after the add.
struct FeedForwardNorms {
  NormSlot in, mid, out, post;
  bool operator==(const FeedForwardNorms&) const = default;
};

template <>
inline constexpr auto knobs<FeedForwardNorms> =
    std::tuple{knob("in", &FeedForwardNorms::in, "before the feed-forward"),
               knob("mid", &FeedForwardNorms::mid, "before down"),
               knob("out", &FeedForwardNorms::out, "on the branch output"),
               knob("post", &FeedForwardNorms::post, "after the add")};

namespace detail {

template <Algebra A>
Tensor<A> activated(A& a, const FeedForwardSpec& f, const ParameterView<A>& p, const Tensor<A>& x) {
  const Tensor<A> y = a.store(a.activation(f.activation, 0, x), p.place(Site::activation));
  const Tensor<A> z = f.derivative_of ? with_derivative_of(a, y, a.activation(*f.derivative_of, 0, x)) : y;
  return f.squared ? a.store(a.mul(z, z), p.place(Site::squared)) : z;
}

template <Algebra A>
Tensor<A> at_least(A& a, double least, const Tensor<A>& x) {
  return a.maximum(x, {least});
}
template <Algebra A>
Tensor<A> at_most(A& a, double most, const Tensor<A>& x) {
  return a.scale(a.maximum(a.scale(x, {-1}), {-most}), {-1});
}

// f(gate) up, with what limits and moves them.
template <Algebra A>
Tensor<A> gated(A& a, const FeedForwardSpec& f, const ParameterView<A>& p, Tensor<A> gate, Tensor<A> up) {
  if (f.gate_and_up_swapped) std::swap(gate, up);
  if (f.limit) {
    gate = detail::at_most(a, *f.limit, gate);
    up = detail::at_most(a, *f.limit, detail::at_least(a, -*f.limit, up));
  }
  const Tensor<A> open = detail::activated(a, f, p, gate);
  if (f.up_offset) up = a.store(a.add_scalar(up, {double(f.up_offset)}), p.place(Site::raised));
  return a.store(a.mul(f.gate_detached ? a.detach(open) : open, up), p.place(Site::gated));
}

// Every second column, from that one on.
template <Algebra A>
Tensor<A> every_second(A& a, const Tensor<A>& x, int first) {
  std::vector<Tensor<A>> columns;
  for (int j = first; j < a.cols(x); j += 2) columns.push_back(a.take_cols(x, j, 1));
  return a.concat_cols(columns);
}

// The same of gate and up side by side.
template <Algebra A>
Tensor<A> gated_from(A& a, const FeedForwardSpec& f, const ParameterView<A>& p, const Tensor<A>& x) {
  const int width = a.cols(x) / 2;
  if (f.packing == GatePacking::interleaved)
    return gated(a, f, p, every_second(a, x, 0), every_second(a, x, 1));
  const Tensor<A> first = a.take_cols(x, 0, width), second = a.take_cols(x, width, width);
  return f.packing == GatePacking::gate_first ? gated(a, f, p, first, second) : gated(a, f, p, second, first);
}

// One of the experts, or the only one.
template <Algebra A>
Tensor<A> one_feed_forward(A& a, const FeedForwardSpec& f, const NormSlot& mid, const ParameterView<A>& p,
                           const Tensor<A>& x) {
  const Tensor<A> up = linear(a, p.under("up_proj"), f.bias.in, x);
  Tensor<A> hidden;
  if (f.kind == FeedForwardKind::glu) {
    hidden = gated(a, f, p, linear(a, p.under("gate_proj"), f.bias.in, x), up);
  } else {
    hidden = detail::activated(a, f, p, up);
  }
  hidden = norm(a, mid, p.under("norm_mid"), hidden);
  return linear(a, p.under("down_proj"), f.bias.out, hidden);
}

}  // namespace detail

// With f the activation of spec.ffn, or its square; the norm in slot mid stands before down.
//   formula: mlp: down(f(up(x))); glu: down(f(gate(x)) * (up(x) + up_offset)); with a limit c, of
//     min(gate, c) and min(max(up, -c), c)
//   shapes: x [n,d] -> [n,d], through d_ff channels
//   error: that of the algebra
//   bad input: throws Error where a parameter is missing; shapes are not checked
//   source: arXiv 1706.03762 (mlp), 2002.05202 (glu), 2109.08668 (squared), 2508.10925 (limit, up_offset)
template <Algebra A>
Tensor<A> feed_forward(A& a, const FeedForwardSpec& f, const NormSlot& mid, const ParameterView<A>& p,
                       const Tensor<A>& x) {
  return a.component(Component::feed_forward, f.moe ? "MoE" : "FFN", x, [&] {
    const auto expert = [&](const ParameterView<A>& own) {
      return detail::one_feed_forward(a, f, mid, own, x);
    };
    return f.moe ? mixture(a, *f.moe, p, x, expert) : expert(p);
  });
}

// Its parameters.
inline void add_feed_forward_shapes(ParameterShapes& out, const std::string& prefix, const FeedForwardSpec& f,
                                    const NormSlot& mid, int d) {
  const auto add_one = [&](const std::string& of, int width) {
    if (f.kind == FeedForwardKind::glu)
      add_linear_shapes(out, of + "gate_proj", Module::gate_proj, width, d, f.bias.in);
    add_linear_shapes(out, of + "up_proj", Module::up_proj, width, d, f.bias.in);
    add_norm_shapes(out, of + "norm_mid", mid, width, Module::norm_mid);
    add_linear_shapes(out, of + "down_proj", Module::down_proj, d, width, f.bias.out);
  };
  if (f.moe) return add_moe_shapes(out, prefix, *f.moe, d, f.d_ff, add_one);
  add_one(prefix, f.d_ff);
}

template <>
struct PartOf<Part::ffn> {
  static constexpr PartRecord record{.feeds = true, .prefix = "layers.0.ffn."};
  static void add_parameters(ParameterShapes& out, const auto& spec) {
    add_feed_forward_shapes(out, std::string(record.prefix), spec.ffn, spec.norm_slots.ffn.mid, spec.d);
  }
  template <Algebra A>
  static Tensor<A> run(A& a, const auto& spec, const ParameterView<A>& p, const Tensor<A>& x, int,
                       Stream<A>*) {
    return feed_forward(a, spec.ffn, spec.norm_slots.ffn.mid,
                        ParameterView<A>{p.all, std::string(record.prefix)}, x);
  }
};

// f(x) alone.
template <>
struct PartOf<Part::activation> {
  static constexpr PartRecord record{.activates = true};
  static void begin(auto& spec) {
    spec.ffn.kind = FeedForwardKind::mlp;
    spec.ffn.limit.reset(), spec.ffn.up_offset = 0, spec.ffn.moe.reset();
  }
  static void add_parameters(ParameterShapes&, const auto&) {}
  template <Algebra A>
  static Tensor<A> run(A& a, const auto& spec, const ParameterView<A>& p, const Tensor<A>& x, int,
                       Stream<A>*) {
    return a.component(Component::feed_forward, "Act", x,
                       [&] { return detail::activated(a, spec.ffn, p, x); });
  }
};

// f(gate) up, from gate and up side by side: x [n, 2 d] -> [n, d].
template <>
struct PartOf<Part::gated_activation> {
  static constexpr PartRecord record{.activates = true, .x = {"x", Width::gate_and_up}};
  static void begin(auto& spec) {
    spec.ffn.kind = FeedForwardKind::glu;
    spec.ffn.moe.reset();
  }
  static void add_parameters(ParameterShapes&, const auto&) {}
  template <Algebra A>
  static Tensor<A> run(A& a, const auto& spec, const ParameterView<A>& p, const Tensor<A>& x, int,
                       Stream<A>*) {
    return a.component(Component::feed_forward, "GatedAct", x,
                       [&] { return detail::gated_from(a, spec.ffn, p, x); });
  }
};

}  // namespace plumbline
