// The functions of a feed-forward, of gates and of routers: f(x) entry by entry.
//   relu max(x, 0); gelu_erf x Phi(x); gelu_tanh its approximation by tanh (arXiv 1606.08415);
//   silu x sigma(x); quick_gelu x sigma(1.702 x); sigmoid sigma(x) = 1 / (1 + exp(-x)) (arXiv 1612.08083);
//   gelu_bloom gelu_tanh with 0.79788456 for sqrt(2 / pi) (transformers, modeling_bloom); erf the error
//   function; softplus log(1 + exp x).
#pragma once

#include "plumbline/base/names.hpp"

namespace plumbline {

// The functions by name.
enum class Activation { relu, gelu_erf, gelu_tanh, silu, quick_gelu, sigmoid, gelu_bloom, erf, softplus };
PLUMBLINE_NAMES(Activation, {relu, "relu"}, {gelu_erf, "gelu_erf"}, {gelu_tanh, "gelu_tanh"}, {silu, "silu"},
                {quick_gelu, "quick_gelu"}, {sigmoid, "sigmoid"}, {gelu_bloom, "gelu_bloom"}, {erf, "erf"},
                {softplus, "softplus"})

}  // namespace plumbline
