// A block as a function: values, gradients, tangents and Jacobians in any supported number type
// (scalars.hpp). Compiled once, in the library. Over intervals every result is an enclosure of the exact one.
// All of these throw Error where a parameter is missing or a shape is not what the spec asks for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plumbline/algebra/matrix.hpp"
#include "plumbline/spec/block_spec.hpp"

namespace plumbline {

template <class S>
using Parameters = std::map<std::string, Matrix<S>>;

template <class To, class From>
Parameters<To> cast(const Parameters<From>& parameters) {
  Parameters<To> out;
  for (const auto& [name, value] : parameters) out[name] = cast<To>(value);
  return out;
}

// y of x [B T, d]: [B T, d], or as output_width(spec) says. Inputs beside x (other_inputs) are parameters.
template <class S>
Matrix<S> evaluate(const BlockSpec& spec, const Parameters<S>& parameters, const Matrix<S>& x, int batch = 1);

// The stream after each sublayer, then y.
template <class S>
std::vector<Matrix<S>> evaluate_stream(const BlockSpec& spec, const Parameters<S>& parameters,
                                       const Matrix<S>& x, int batch = 1);

template <class S>
struct Gradients {
  Matrix<S> y;
  Matrix<S> x;               // gradient of <cotangent, y> in x
  Parameters<S> parameters;  // and in every parameter
};

template <class S>
Gradients<S> gradients(const BlockSpec& spec, const Parameters<S>& parameters, const Matrix<S>& x,
                       const Matrix<S>& cotangent, int batch = 1);

// J dx: the derivative of y along dx.
template <class S>
Matrix<S> tangent(const BlockSpec& spec, const Parameters<S>& parameters, const Matrix<S>& x,
                  const Matrix<S>& dx, int batch = 1);

// J [size of y, size of x]: J(i d + j, k d + l) is the derivative of y(i, j) in x(k, l).
template <class S>
Matrix<S> jacobian(const BlockSpec& spec, const Parameters<S>& parameters, const Matrix<S>& x, int batch = 1);

}  // namespace plumbline
