// Laws between algebras: what one interpreter computes of a block binds what another one may.
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

Scope everywhere() { return {{cells().begin(), cells().end()}, {}}; }

Instance draw_rich(const Subject& f) { return draw_quiet(draw_rich_spec(f.cell()), 3); }

template <class S>
Parameters<S> exactly(const Parameters<I>& parameters) {
  Parameters<S> out;
  for (const auto& [name, value] : parameters)
    out[name] = value.unaryExpr([](const I& v) { return static_cast<S>(plumbline::lower(v)); });
  return out;
}
template <class S>
Matrix<S> exactly(const Matrix<I>& x) {
  return x.unaryExpr([](const I& v) { return static_cast<S>(plumbline::lower(v)); });
}

// Rounding to nearest is monotone: what is rounded to 100 digits stays between ends of 60 digits.
void enclosures_hold_the_plain_value(const Subject& f) {
  const Instance at = draw_rich(f);
  const Matrix<Mp100> y = reference.value_in(at.spec, exactly<Mp100>(at.parameters), exactly<Mp100>(at.x));
  const Matrix<I> enclosure = f.value(at);
  for (Eigen::Index i = 0; i < y.size(); ++i) {
    const End value(y.data()[i]);
    RC_ASSERT(plumbline::lower(enclosure.data()[i]) <= value &&
              value <= plumbline::upper(enclosure.data()[i]));
  }
}

void narrow_enclosures_lie_in_wide_ones(const Subject& f) {
  const Instance at = draw_rich(f);
  Parameters<Interval120> parameters;
  for (const auto& [name, value] : exactly<Mp100>(at.parameters)) parameters[name] = cast<Interval120>(value);
  const Matrix<Interval120> narrow =
      reference.value_in(at.spec, parameters, cast<Interval120>(exactly<Mp100>(at.x)));
  const Matrix<I> wide = f.value(at);
  for (Eigen::Index i = 0; i < wide.size(); ++i) {
    RC_ASSERT(plumbline::lower(wide.data()[i]) <= plumbline::lower(narrow.data()[i]));
    RC_ASSERT(plumbline::upper(narrow.data()[i]) <= plumbline::upper(wide.data()[i]));
  }
}

Matrix<I> blurred(const Matrix<I>& x, const Matrix<I>& towards) {
  Matrix<I> y(x.rows(), x.cols());
  for (Eigen::Index i = 0; i < x.size(); ++i) y.data()[i] = hull(x.data()[i], towards.data()[i]);
  return y;
}

void enclosures_of_a_box_hold_its_points(const Subject& f) {
  const Instance at = draw_rich(f);
  const Matrix<I> corner = at.x + draw_like(at.x) * I(0x1p-40);
  const Matrix<I> box = f.value(at, blurred(at.x, corner)), inside = reference.value(at, corner);
  for (Eigen::Index i = 0; i < box.size(); ++i) RC_ASSERT(contains(box.data()[i], inside.data()[i]));
}

// A random direction: of x, and of every parameter.
struct Direction {
  Matrix<I> x;
  Parameters<I> parameters;
};
Direction draw_direction(const Instance& at) {
  Direction d{draw_like(at.x), {}};
  for (const auto& [name, value] : at.parameters) d.parameters[name] = draw_like(value);
  return d;
}

void tape_and_dual_are_adjoint(const Subject& f) {
  const Instance at = draw_rich(f);
  const Direction d = draw_direction(at);
  const Matrix<I> g = draw_like(at.x);
  const Gradients<I> back = f.pull_back(at, g);
  I along = dot(back.x, d.x);
  for (const auto& [name, dp] : d.parameters) along += dot(back.parameters.at(name), dp);
  RC_ASSERT(equal(dot(g, f.push_forward(at, d.x, d.parameters)), along));
}

Instance moved(const Instance& at, const Direction& d, const I& step) {
  Instance to = at;
  to.x += d.x * step;
  for (auto& [name, value] : to.parameters) value += d.parameters.at(name) * step;
  return to;
}

// F(x + h) - F(x) = F'(z) h for some z between, entry by entry: so it lies in F'(box) h. No step is small.
void differences_lie_in_the_derivative_of_the_box(const Subject& f) {
  const Instance at = draw_rich(f);
  Direction d = draw_direction(at);
  const I step(0x1p-40);
  const Instance to = moved(at, d, step);
  Instance box = at;
  box.x = blurred(at.x, to.x);
  for (auto& [name, value] : box.parameters) value = blurred(value, to.parameters.at(name));
  RC_ASSERT(equal(reference.value(to) - reference.value(at), f.push_forward(box, d.x, d.parameters) * step));
}

// The same for gradients: <g, F(x + h) - F(x)> lies in <F'(box)' g, h>.
void differences_lie_in_the_gradient_of_the_box(const Subject& f) {
  const Instance at = draw_rich(f);
  const Direction d = draw_direction(at);
  const Matrix<I> g = draw_like(at.x);
  const I step(0x1p-40);
  const Instance to = moved(at, d, step);
  Instance box = at;
  box.x = blurred(at.x, to.x);
  for (auto& [name, value] : box.parameters) value = blurred(value, to.parameters.at(name));
  const Gradients<I> back = f.pull_back(box, g);
  I along = dot(back.x, d.x);
  for (const auto& [name, dp] : d.parameters) along += dot(back.parameters.at(name), dp);
  const Matrix<I> difference = reference.value(to) - reference.value(at);
  RC_ASSERT(
      vanishes(dot(g, difference) - along * step, plumbline::upper(I(frobenius(g) * frobenius(difference)))));
}

// The error of a central difference falls like h^2 where the derivative is right and stays where it is not:
// halving h divides it by 4 or by 1. The threshold 2 is their geometric mean.
void central_differences_converge_to_the_derivative(const Subject& f) {
  const Instance at = draw_rich(f);
  const Direction d = draw_direction(at);
  const Matrix<I> derivative = f.push_forward(at, d.x, d.parameters);
  const auto error = [&](double h) {
    const Matrix<I> difference = reference.value(moved(at, d, I(h))) - reference.value(moved(at, d, I(-h)));
    return frobenius(difference / I(2 * h) - derivative);
  };
  RC_ASSERT(at_most(I(2) * error(0x1p-31), error(0x1p-30)));
}

}  // namespace

const std::vector<Law>& algebra_laws() {
  static const std::vector<Law> laws{
      {"ALG-1",
       "enclosures of 60 digits hold the value in multiprecision of 100 digits",
       everywhere(),
       enclosures_hold_the_plain_value,
       {"enclosure/division-inward", "enclosure/matmul-inward", "enclosure/rsqrt-inward"}},
      {"ALG-2",
       "enclosures of 60 digits hold those of 120 digits",
       everywhere(),
       narrow_enclosures_lie_in_wide_ones,
       {"enclosure/division-inward", "enclosure/matmul-inward", "enclosure/rsqrt-inward",
        "enclosure/softmax-inward"}},
      {"ALG-3",
       "the enclosure of a box holds those of its points",
       everywhere(),
       enclosures_of_a_box_hold_its_points,
       {"enclosure/activation-inward", "enclosure/division-inward", "enclosure/matmul-inward",
        "enclosure/rsqrt-inward", "enclosure/softmax-inward", "enclosure/sum-inward"}},
      {"ALG-4",
       "tape and dual are adjoint in x and in every parameter: <g, J d> = <J'g, d>",
       everywhere(),
       tape_and_dual_are_adjoint,
       {"dual/activation-slope",      "dual/bias-constant",          "dual/column-constant",
        "dual/gain-constant",         "dual/left-factor-only",       "dual/mean-constant",
        "dual/residual-constant",     "dual/right-operand-constant", "dual/rotation-not-reversed",
        "dual/rsqrt-not-halved",      "dual/rsqrt-squared",          "dual/scale-missing",
        "dual/softmax-without-sum",   "tape/activation-slope",       "tape/bias-constant",
        "tape/column-constant",       "tape/gain-constant",          "tape/left-factor-only",
        "tape/mean-constant",         "tape/residual-constant",      "tape/right-operand-constant",
        "tape/rotation-not-reversed", "tape/rsqrt-not-halved",       "tape/rsqrt-squared",
        "tape/scale-missing",         "tape/softmax-without-sum"}},
      {"ALG-5",
       "mean value: F(x + h) - F(x) lies in the dual's enclosure of F'(box) h, x and parameters moving",
       everywhere(),
       differences_lie_in_the_derivative_of_the_box,
       {"dual/activation-slope",
        "dual/bias-constant",
        "dual/column-constant",
        "dual/gain-constant",
        "dual/left-factor-only",
        "dual/mean-constant",
        "dual/residual-constant",
        "dual/right-operand-constant",
        "dual/rotation-not-reversed",
        "dual/rsqrt-not-halved",
        "dual/rsqrt-squared",
        "dual/scale-missing",
        "dual/softmax-without-sum",
        "norm/mean-detached",
        "norm/variance-detached",
        "activation/derivative-of-erf",
        "activation/derivative-of-relu",
        "activation/derivative-of-tanh",
        "ffn/gate-detached",
        "heads/gradient-of-first",
        "norm/gain-averaged",
        "norm/gain-gradient-of-input",
        "residual/attn-detached",
        "residual/ffn-detached",
        "rope/gradient-not-turned-back",
        "scale/gradient-missing",
        "softcap/gradient-missing",
        "softmax/gradient-elementwise"}},
      {"ALG-6",
       "mean value: <g, F(x + h) - F(x)> lies in the tape's enclosure of <F'(box)'g, h>",
       everywhere(),
       differences_lie_in_the_gradient_of_the_box,
       {"tape/activation-slope",
        "tape/bias-constant",
        "tape/column-constant",
        "tape/gain-constant",
        "tape/left-factor-only",
        "tape/mean-constant",
        "tape/residual-constant",
        "tape/right-operand-constant",
        "tape/rotation-not-reversed",
        "tape/rsqrt-not-halved",
        "tape/rsqrt-squared",
        "tape/scale-missing",
        "tape/softmax-without-sum",
        "norm/mean-detached",
        "norm/variance-detached",
        "activation/derivative-of-erf",
        "activation/derivative-of-relu",
        "activation/derivative-of-tanh",
        "ffn/gate-detached",
        "heads/gradient-of-first",
        "norm/gain-averaged",
        "norm/gain-gradient-of-input",
        "residual/attn-detached",
        "residual/ffn-detached",
        "rope/gradient-not-turned-back",
        "scale/gradient-missing",
        "softcap/gradient-missing",
        "softmax/gradient-elementwise"}},
      {"ALG-7",
       "halving h divides the error of a central difference by 4",
       everywhere(),
       central_differences_converge_to_the_derivative,
       {"dual/activation-slope",
        "dual/bias-constant",
        "dual/column-constant",
        "dual/gain-constant",
        "dual/left-factor-only",
        "dual/mean-constant",
        "dual/residual-constant",
        "dual/right-operand-constant",
        "dual/rotation-not-reversed",
        "dual/rsqrt-not-halved",
        "dual/rsqrt-squared",
        "dual/scale-missing",
        "dual/softmax-without-sum",
        "norm/mean-detached",
        "norm/variance-detached",
        "activation/derivative-of-erf",
        "activation/derivative-of-relu",
        "activation/derivative-of-tanh",
        "ffn/gate-detached",
        "heads/gradient-of-first",
        "norm/gain-averaged",
        "norm/gain-gradient-of-input",
        "residual/attn-detached",
        "residual/ffn-detached",
        "rope/gradient-not-turned-back",
        "scale/gradient-missing",
        "softcap/gradient-missing",
        "softmax/gradient-elementwise"}},
  };
  return laws;
}

}  // namespace plumbline::properties
