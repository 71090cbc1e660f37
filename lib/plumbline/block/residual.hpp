// How a branch joins the stream, beyond two numbers alpha and beta (layout.hpp): r is what is added to, b the
// branch.
//   add    alpha r + beta b; alpha, beta, or both, a parameter with a number for each channel (NormFormer's
//          w_resid; LayerScale), of both sublayers or of one
//   lerp   n(n(r) + |c a| (n(b) - n(r))), n = x / |x| without eps, a a parameter with a number for each
//   channel,
//          c = lerp_scale (nGPT)
//   gpas   after a sublayer x becomes x - silu(a) sg(x), a one learned number. sg stops the gradient: that of
//   x
//          passes as it is, that of a is -silu'(a) <x, g>. So the backward pass is not the adjoint of what
//          happens forward: it is that of x - silu(a) x_0 at x_0 = x.
//   layer_scalar       a layer's result times one learned number (Gemma 4)
//   norm_depth_scale   the norm before a sublayer times 1 / sqrt(l), l = 1, 2, ... the number of the layer
// Keel, N(alpha x + F(N'(x))), needs none of these: norms in slots "in" and "post", and residual_scale.
// Sources: arXiv 2110.09456 (NormFormer), 2103.17239 (LayerScale), 2410.01131 and NVIDIA/ngpt (lerp),
// 2506.22049 and dandingsky/GPAS, 2502.05795 (norm_depth_scale), modeling_gemma4 (layer_scalar).
#pragma once

#include "plumbline/block/norm.hpp"

namespace plumbline {

// Which sublayers have something; of the feed-forward alone where a layer is to have it once, at its end.
enum class Sublayers { none, attn, ffn, both };
PLUMBLINE_NAMES(Sublayers, {none, "none"}, {attn, "attn"}, {ffn, "ffn"}, {both, "both"})
// A sum, or a part of the way from one direction to another.
enum class ResidualRule { add, lerp };
PLUMBLINE_NAMES(ResidualRule, {add, "add"}, {lerp, "lerp"})
// What goes wrong with lerp: a where |a| is right; b as it is; no norm at the end.
enum class LerpFault { none, rate_signed, branch_as_is, result_as_is };
PLUMBLINE_NAMES(LerpFault, {none, "none"}, {rate_signed, "rate_signed"}, {branch_as_is, "branch_as_is"},
                {result_as_is, "result_as_is"})

// How branches join the stream, as data.
struct ResidualSpec {
  ResidualRule rule = ResidualRule::add;
  double lerp_scale = 1;
  Sublayers residual_gain = Sublayers::none, branch_gain = Sublayers::none, gpas = Sublayers::none;
  bool layer_scalar = false;
  bool norm_depth_scale = false;

  LerpFault lerp_fault = LerpFault::none;
  bool gains_swapped = false;
  bool gpas_flows = false;
  bool depth_not_rooted = false;
  bool operator==(const ResidualSpec&) const = default;
};

// Whether a sublayer is one of those, or both are: of a parallel block. What is no sublayer (none) is not.
inline bool holds(Sublayers those, Sublayers one) {
  return one != Sublayers::none && (those == one || those == Sublayers::both);
}

// Whether branches join by lerp; whether a sum has learned gains; whether gradients are stopped.
inline bool is_lerp(const ResidualSpec& s) { return s.rule == ResidualRule::lerp; }
inline bool has_gains(const ResidualSpec& s) {
  return s.residual_gain != Sublayers::none || s.branch_gain != Sublayers::none;
}
inline bool stops_gradients(const ResidualSpec& s) { return s.gpas != Sublayers::none; }

template <>
inline constexpr auto knobs<ResidualSpec> = std::tuple{
    knob("residual_rule", &ResidualSpec::rule, "how a branch joins the stream").where_changed(),
    knob("lerp_scale", &ResidualSpec::lerp_scale, "of lerp: c of |c a|")
        .within(positive)
        .where_changed()
        .only_of(is_lerp),
    knob("residual_gain", &ResidualSpec::residual_gain,
         "which sublayers have a learned alpha for each channel of alpha x + F")
        .where_changed(),
    knob("branch_gain", &ResidualSpec::branch_gain,
         "which sublayers have a learned beta for each channel of x + beta F")
        .where_changed(),
    knob("gpas", &ResidualSpec::gpas, "behind which sublayers x becomes x - silu(a) x, whose gradient is 1")
        .where_changed(),
    knob("layer_scalar", &ResidualSpec::layer_scalar, "a layer's result is multiplied by a learned number")
        .where_changed(),
    knob("norm_depth_scale", &ResidualSpec::norm_depth_scale,
         "norms before sublayers are multiplied by 1 / sqrt(l) in layer l = 1, 2, ...")
        .where_changed(),
    knob("lerp_fault", &ResidualSpec::lerp_fault, "a, or what is not normalized")
        .where_wrong()
        .only_of(is_lerp),
    knob("gains_swapped", &ResidualSpec::gains_swapped, "alpha multiplies the branch, beta the residual")
        .where_wrong()
        .only_of(has_gains),
    knob("gpas_flows", &ResidualSpec::gpas_flows, "the gradient is not stopped")
        .where_wrong()
        .only_of(stops_gradients),
    knob("depth_not_rooted", &ResidualSpec::depth_not_rooted, "1 / l")
        .where_wrong()
        .only_of([](const ResidualSpec& s) { return s.norm_depth_scale; })};

template <>
inline constexpr WrongChoice<ResidualSpec> wrong_choices<ResidualSpec>[] = {
    {"gpas/missing", "x where x - silu(a) x is right", "", [](ResidualSpec& s) { s.gpas = Sublayers::none; }},
    {"gpas/not-stopped", "the gradient of x is multiplied by 1 - silu(a)", "",
     [](ResidualSpec& s) { s.gpas_flows = true; }},
    {"layer-scalar/missing", "the layer's result as it is", "",
     [](ResidualSpec& s) { s.layer_scalar = false; }},
    {"lerp/added", "x + F(x) where a part of the way from n(x) to n(F(x)) is right", "",
     [](ResidualSpec& s) { s.rule = ResidualRule::add; }},
    {"lerp/branch-not-normalized", "n(n(x) + |a| (F(x) - n(x)))", "",
     [](ResidualSpec& s) { s.lerp_fault = LerpFault::branch_as_is; }},
    {"lerp/rate-signed", "a where |a| is right", "",
     [](ResidualSpec& s) { s.lerp_fault = LerpFault::rate_signed; }},
    {"lerp/result-not-normalized", "n(x) + |a| (n(F(x)) - n(x)), and no norm at the end", "",
     [](ResidualSpec& s) { s.lerp_fault = LerpFault::result_as_is; }},
    {"lerp/scale-missing", "|a| where |c a| is right", "", [](ResidualSpec& s) { s.lerp_scale = 1; }},
    {"norm-depth-scale/missing", "N(x) where N(x) / sqrt(l) is right", "",
     [](ResidualSpec& s) { s.norm_depth_scale = false; }},
    {"norm-depth-scale/not-rooted", "N(x) / l where N(x) / sqrt(l) is right", "",
     [](ResidualSpec& s) { s.depth_not_rooted = true; }},
    {"residual/branch-gain-missing", "x + F(x) where x + beta F(x) is right, beta of each channel", "",
     [](ResidualSpec& s) { s.branch_gain = Sublayers::none; }},
    {"residual/gain-missing", "x + F(x) where alpha x + F(x) is right, alpha of each channel", "",
     [](ResidualSpec& s) { s.residual_gain = Sublayers::none; }},
    {"residual/gains-swapped", "x + alpha F(x) where alpha x + F(x) is right, alpha of each channel", "",
     [](ResidualSpec& s) { s.gains_swapped = true; }},
};

namespace detail {

// x times the parameter of that name under p, a number for each channel.
template <Algebra A>
Tensor<A> times_gain(A& a, const char* symbol, const char* name, const ParameterView<A>& p,
                     const Tensor<A>& x, Site site) {
  return a.component(Component::scaling, symbol, x,
                     [&] { return a.store(a.mul_row(x, p.at(name)), p.place(site)); });
}

// |x|: whose derivative is 0 at 0.
template <Algebra A>
Tensor<A> absolute(A& a, const Tensor<A>& x) {
  const Tensor<A> above = a.maximum(x, {0}), below = a.maximum(a.scale(x, {-1}), {0});
  return a.add(above, below);
}

}  // namespace detail

// Residual and branch with the gains of sublayer `one` (both: of a parallel block), in place.
template <Algebra A>
void apply_gains(A& a, const ResidualSpec& s, Sublayers one, const ParameterView<A>& p, Tensor<A>& residual,
                 Tensor<A>& branch) {
  const auto gained = [&](Tensor<A>& x, bool is_residual, bool has_alpha, Site site) {
    const bool present = holds(has_alpha ? s.residual_gain : s.branch_gain, one);
    const char *symbol = is_residual ? "alpha" : "beta", *name = has_alpha ? "residual_gain" : "branch_gain";
    if (present) x = detail::times_gain(a, symbol, name, p, x, site);
  };
  gained(residual, true, !s.gains_swapped, Site::scaled_residual);
  gained(branch, false, s.gains_swapped, Site::scaled_branch);
}

// A part of the way from the direction of x to that of b, whose parameter "lerp_rate" stands under p.
//   formula: n(n(x) + |c a| (n(b) - n(x))), n(x) = x / |x|, c = lerp_scale
//   shapes: x and b [n,d] -> [n,d]; a [1,d]
//   domain: rows of x, of b and of what lies between that are not 0
//   error: that of the algebra
//   bad input: throws Error where p holds no "lerp_rate"; a row of 0 gives what the norm makes of it
//   source: arXiv 2410.01131
template <Algebra A>
Tensor<A> lerp(A& a, const ResidualSpec& s, const ParameterView<A>& p, const Tensor<A>& x,
               const Tensor<A>& b) {
  const NormSpec unit{.kind = NormKind::l2_norm, .eps = 0, .gain = false, .bias = false};
  const Tensor<A> from = norm(a, unit, p.under_stream_norm("lerp_from"), x);
  const Tensor<A> to = s.lerp_fault == LerpFault::branch_as_is ? b : norm(a, unit, p.under("lerp_to"), b);
  const Tensor<A> y = a.component(Component::join, "lerp", from, [&] {
    Tensor<A> rate = p.at("lerp_rate");
    if (s.lerp_scale != 1) rate = a.store(a.scale(rate, {s.lerp_scale}), p.place(Site::gates));
    if (s.lerp_fault != LerpFault::rate_signed) rate = detail::absolute(a, rate);
    const Tensor<A> way = a.store(a.sub(to, from), p.place(Site::difference));
    const Tensor<A> step = a.store(a.mul_row(way, rate), p.place(Site::scaled_branch));
    return a.store(a.add(from, step), p.place(Site::residual));
  });
  if (s.lerp_fault == LerpFault::result_as_is) return y;
  return norm(a, unit, p.under_stream_norm("lerp_result"), y);
}

// x - silu(a) sg(x), whose parameter "gpas" stands under p; x itself where that sublayer has none.
//   formula: (1 - silu(a)) x; the gradient of x is that of the result, that of a -silu'(a) <x, g>
//   shapes: x [n,d] -> [n,d]; a [1,1]
//   error: that of the algebra
//   bad input: throws Error where p holds no "gpas"
//   source: arXiv 2506.22049
template <Algebra A>
Tensor<A> gpas(A& a, const ResidualSpec& s, Sublayers one, const ParameterView<A>& p, const Tensor<A>& x) {
  if (!holds(s.gpas, one)) return x;
  return a.component(Component::stopped, "GPAS", x, [&] {
    const Tensor<A> share = a.store(a.activation(Activation::silu, 0, p.at("gpas")), p.place(Site::gates));
    const Tensor<A> taken =
        a.mul_row(s.gpas_flows ? x : a.detach(x), detail::in_every_channel(a, share, a.cols(x)));
    return a.store(a.sub(x, a.store(taken, p.place(Site::scaled_branch))), p.place(Site::residual));
  });
}

// A layer's result times its parameter "layer_scalar" under p, where there is one.
//   shapes: [n,d] -> [n,d]; the parameter [1,1]
//   bad input: throws Error where p holds no "layer_scalar"
template <Algebra A>
Tensor<A> times_layer_scalar(A& a, const ResidualSpec& s, const ParameterView<A>& p, const Tensor<A>& x) {
  if (!s.layer_scalar) return x;
  return a.component(Component::scaling, "lambda", x, [&] {
    const Tensor<A> factor = detail::in_every_channel(a, p.at("layer_scalar"), a.cols(x));
    return a.store(a.mul_row(x, factor), p.place(Site::scaled_residual));
  });
}

// x / sqrt(l) in layer l = 1, 2, ..., where the spec says so.
template <Algebra A>
Tensor<A> scaled_by_depth(A& a, const ResidualSpec& s, int layer, const ParameterView<A>& p,
                          const Tensor<A>& x) {
  if (!s.norm_depth_scale) return x;
  return a.component(Component::scaling, "delta", x, [&] {
    const Tensor<A> y =
        s.depth_not_rooted ? a.divide(x, layer) : a.scale(x, {.factor = 1, .radicand = double(layer)});
    return a.store(y, p.place(Site::scaled));
  });
}

// The parameters of a sublayer's join: "layers.0.attn.", say, or "layers.0." of a parallel block.
inline void add_join_shapes(ParameterShapes& out, const std::string& prefix, const ResidualSpec& s,
                            Sublayers one, int d) {
  if (is_lerp(s)) out.push_back({prefix + "lerp_rate", 1, d, Role::rate, Module::residual});
  if (holds(s.residual_gain, one))
    out.push_back({prefix + "residual_gain", 1, d, Role::gain, Module::residual});
  if (holds(s.branch_gain, one)) out.push_back({prefix + "branch_gain", 1, d, Role::gain, Module::residual});
  if (holds(s.gpas, one)) out.push_back({prefix + "gpas", 1, 1, Role::rate, Module::residual});
}

}  // namespace plumbline
