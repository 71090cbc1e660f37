// A projection, with or without a bias.
#pragma once

#include "plumbline/block/knob.hpp"
#include "plumbline/block/part.hpp"

namespace plumbline {

// What goes wrong with a projection by itself: x W where x W^T is right, 2 b.
enum class LinearFault { none, transposed, bias_twice };
PLUMBLINE_NAMES(LinearFault, {none, "none"}, {transposed, "transposed"}, {bias_twice, "bias_twice"})

// A projection by itself, as data.
struct LinearSpec {
  std::optional<int> d_out = {};
  bool bias = true;
  LinearFault fault = LinearFault::none;
  bool operator==(const LinearSpec&) const = default;
};

template <>
inline constexpr auto knobs<LinearSpec> =
    std::tuple{knob("d_out", &LinearSpec::d_out, "channels of y; null: d").within(width_range),
               knob("bias", &LinearSpec::bias, "W x + b, or W x"),
               knob("fault", &LinearSpec::fault, "x W of a square W, or 2 b").where_wrong()};

template <>
inline constexpr WrongChoice<LinearSpec> wrong_choices<LinearSpec>[] = {
    {"linear/bias-missing", "W x", "", [](LinearSpec& s) { s.bias = false; }},
    {"linear/bias-twice", "W x + 2 b", "",
     [](LinearSpec& s) {
       if (s.bias) s.fault = LinearFault::bias_twice;
     }},
};

// The projection whose weight, and bias where `bias` says so, stand under p.
//   formula: y = x W^T + b
//   shapes: x [n,in], W [out,in], b [1,out] -> [n,out]
//   error: that of the algebra
//   bad input: throws Error where p holds no "weight" or "bias"; shapes are not checked
template <Algebra A>
Tensor<A> linear(A& a, const ParameterView<A>& p, bool bias, const Tensor<A>& x) {
  const Tensor<A> input = a.store(x, p.place(Site::input));
  const Tensor<A> y = a.store(a.matmul_by_transpose(input, p.at("weight")), p.place(Site::product));
  return bias ? a.store(a.add_row(y, p.at("bias")), p.place(Site::output)) : y;
}

// Its parameters, under that name.
inline void add_linear_shapes(ParameterShapes& out, const std::string& name, Module module, int to, int from,
                              bool bias) {
  out.push_back({name + ".weight", to, from, Role::weight, module});
  if (bias) out.push_back({name + ".bias", 1, to, Role::bias, module});
}

namespace detail {

// A right projection, or one that goes wrong as its fault says.
template <Algebra A>
Tensor<A> linear_alone(A& a, const LinearSpec& s, const ParameterView<A>& p, const Tensor<A>& x) {
  if (s.fault == LinearFault::none) return linear(a, p, s.bias, x);
  const Tensor<A>& w = p.at("weight");
  const bool turned = s.fault == LinearFault::transposed && a.rows(w) == a.cols(w);
  Tensor<A> y = a.store(turned ? a.matmul(x, w) : a.matmul_by_transpose(x, w), p.place(Site::product));
  const int times = !s.bias ? 0 : s.fault == LinearFault::bias_twice ? 2 : 1;
  for (int i = 0; i < times; ++i) y = a.add_row(y, p.at("bias"));
  return a.store(y, p.place(Site::output));
}

}  // namespace detail

// The projection alone: "weight" [d_out, d], and "bias".
template <>
struct PartOf<Part::linear> {
  static constexpr PartRecord record{.maps = true, .y = {"y", Width::projected}};
  static void begin(auto& spec) { spec.linear = LinearSpec{}; }
  static void add_parameters(ParameterShapes& out, const auto& spec) {
    if (!spec.linear) return;
    const int to = spec.linear->d_out.value_or(spec.d);
    out.push_back({"weight", to, spec.d, Role::weight, Module::linear});
    if (spec.linear->bias) out.push_back({"bias", 1, to, Role::bias, Module::linear});
  }
  template <Algebra A>
  static Tensor<A> run(A& a, const auto& spec, const ParameterView<A>& p, const Tensor<A>& x, int,
                       Stream<A>*) {
    const ParameterView<A> own{p.all, ""};  // no part of a stream
    return a.component(Component::feed_forward, "Linear", x,
                       [&] { return detail::linear_alone(a, *spec.linear, own, x); });
  }
};

}  // namespace plumbline
