// Definitions of evaluate.hpp; included only where a scalar is instantiated (instances/).
#pragma once

#include "plumbline/algebra/dual.hpp"
#include "plumbline/algebra/plain_impl.hpp"
#include "plumbline/algebra/tape.hpp"
#include "plumbline/block/check_shapes.hpp"
#include "plumbline/block/evaluate.hpp"
#include "plumbline/block/gradients_by_tape.hpp"
#include "plumbline/block/run.hpp"

namespace plumbline {
namespace detail {

template <class S>
std::string shape_text(const Matrix<S>& x) {
  return text_of(Shape{x.rows(), x.cols()});
}

template <class S>
void check_shapes(const BlockSpec& spec, const Parameters<S>& parameters, const Matrix<S>& x, int batch) {
  std::map<std::string, Shape> shapes;
  for (const auto& [name, value] : parameters)
    shapes.emplace_hint(shapes.end(), name, Shape{value.rows(), value.cols()});
  plumbline::check_shapes(spec, shapes, {x.rows(), x.cols()}, batch);
}

}  // namespace detail

template <class S>
Matrix<S> evaluate(const BlockSpec& spec, const Parameters<S>& parameters, const Matrix<S>& x, int batch) {
  detail::check_shapes(spec, parameters, x, batch);
  Plain<S> a;
  return run(a, spec, parameters, x, batch);
}

template <class S>
std::vector<Matrix<S>> evaluate_stream(const BlockSpec& spec, const Parameters<S>& parameters,
                                       const Matrix<S>& x, int batch) {
  detail::check_shapes(spec, parameters, x, batch);
  Plain<S> a;
  std::vector<Matrix<S>> stream;
  const Matrix<S> y = run(a, spec, parameters, x, batch, &stream);
  stream.push_back(y);
  return stream;
}

template <class S>
Gradients<S> gradients(const BlockSpec& spec, const Parameters<S>& parameters, const Matrix<S>& x,
                       const Matrix<S>& cotangent, int batch) {
  detail::check_shapes(spec, parameters, x, batch);
  if (cotangent.rows() != x.rows() || cotangent.cols() != output_width(spec))
    throw Error("grad.y: expected [" + std::to_string(x.rows()) + ", " + std::to_string(output_width(spec)) +
                "], found " + detail::shape_text(cotangent));
  return gradients_by_tape<Gradients<S>>(Plain<S>(), spec, parameters, x, cotangent, batch);
}

template <class S>
Matrix<S> tangent(const BlockSpec& spec, const Parameters<S>& parameters, const Matrix<S>& x,
                  const Matrix<S>& dx, int batch) {
  detail::check_shapes(spec, parameters, x, batch);
  if (dx.rows() != x.rows() || dx.cols() != x.cols())
    throw Error("dx: expected " + detail::shape_text(x) + ", as x, found " + detail::shape_text(dx));
  Dual<Plain<S>> dual;
  ParameterMap<Dual<Plain<S>>> constants;
  for (const auto& [name, value] : parameters) constants[name] = dual.constant(value);
  return run(dual, spec, constants, dual.variable(x, dx), batch).tangent;
}

template <class S>
Matrix<S> jacobian(const BlockSpec& spec, const Parameters<S>& parameters, const Matrix<S>& x, int batch) {
  detail::check_shapes(spec, parameters, x, batch);
  Tape<Plain<S>> tape;
  ParameterMap<Tape<Plain<S>>> constants;
  for (const auto& [name, value] : parameters) constants[name] = tape.constant(value);
  const auto input = tape.variable(x);
  const auto y = run(tape, spec, constants, input, batch);
  Matrix<S> j = tape.inner.zeros(tape.rows(y) * tape.cols(y), static_cast<int>(x.size()));
  for (Eigen::Index row = 0; row < j.rows(); ++row) {
    Matrix<S> one_hot = tape.inner.zeros(tape.rows(y), tape.cols(y));
    one_hot.data()[row] = S(1);
    const auto all = tape.backward(y, one_hot);
    if (const auto& g = all[input.node])
      for (Eigen::Index col = 0; col < x.size(); ++col) j(row, col) = g->data()[col];
  }
  return j;
}

}  // namespace plumbline
