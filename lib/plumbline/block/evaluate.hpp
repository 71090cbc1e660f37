// A block as a function: values, gradients, tangents and Jacobians in any supported number type
// (scalars.hpp). Compiled once, in the library.
//   units: numbers of S, which stand for themselves in every type
//   bound: over enclosures every result is an enclosure of the exact one
//   bad input: Error where a parameter is missing, a shape is not what the spec asks for, the batch does not
//     divide the rows, or a query sees no key; entries that are no number are not looked for
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plumbline/block/block_spec.hpp"
#include "plumbline/number/matrix.hpp"

namespace plumbline {

// By name, as parameter_shapes (block/parameter_shapes.hpp) lists them.
template <class S>
using Parameters = std::map<std::string, Matrix<S>>;

// Every entry as a number of another type, rounded where that has fewer digits.
template <class To, class From>
Parameters<To> cast(const Parameters<From>& parameters) {
  Parameters<To> out;
  for (const auto& [name, value] : parameters) out[name] = cast<To>(value);
  return out;
}

// y, the value of the block or the part that the spec names.
//   shapes: x [B T, d] -> y [B T, d], or as many columns as output_width(spec) says; B = `batch`. Inputs
//     beside x (other_inputs) are parameters.
template <class S>
Matrix<S> evaluate(const BlockSpec& spec, const Parameters<S>& parameters, const Matrix<S>& x, int batch = 1);

// The residual stream after each sublayer, then y. Of add_norm: the sum, its norm, y; of other parts y alone.
//   shapes: x [B T, d] -> each [B T, d], y as of evaluate
template <class S>
std::vector<Matrix<S>> evaluate_stream(const BlockSpec& spec, const Parameters<S>& parameters,
                                       const Matrix<S>& x, int batch = 1);

// y, and the gradients of <cotangent, y>, each in the shape of what it belongs to.
template <class S>
struct Gradients {
  Matrix<S> y;
  Matrix<S> x;               // gradient of <cotangent, y> in x
  Parameters<S> parameters;  // and in every parameter
};

// Values and gradients, by one backward pass.
//   formula: grad = J^T cotangent, J the derivative of y in x and in every parameter and further input
//   shapes: x as in evaluate, cotangent as y
//   bad input: also Error where the cotangent has not the shape of y
template <class S>
Gradients<S> gradients(const BlockSpec& spec, const Parameters<S>& parameters, const Matrix<S>& x,
                       const Matrix<S>& cotangent, int batch = 1);

// The derivative of y along dx, parameters held fixed.
//   formula: J dx
//   shapes: x, dx [B T, d] -> as y of evaluate
//   bad input: also Error where dx has not the shape of x
template <class S>
Matrix<S> tangent(const BlockSpec& spec, const Parameters<S>& parameters, const Matrix<S>& x,
                  const Matrix<S>& dx, int batch = 1);

// The whole derivative of y in x, by one backward pass for each entry of y.
//   shapes: [entries of y, entries of x]: J(i w + j, k d + l) is the derivative of y(i, j) in x(k, l), w the
//     width of y
template <class S>
Matrix<S> jacobian(const BlockSpec& spec, const Parameters<S>& parameters, const Matrix<S>& x, int batch = 1);

}  // namespace plumbline
