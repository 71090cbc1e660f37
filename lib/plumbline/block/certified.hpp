// A block in balls (algebra/balls.hpp): its values and gradients in doubles, each with a proved bound of its
// error, at little more than the price of the values.
#pragma once

#include "plumbline/algebra/balls.hpp"
#include "plumbline/block/evaluate.hpp"

namespace plumbline {

// By name, as Parameters. `exactly` takes numbers for points; what is moved in is not copied.
using BallParameters = std::map<std::string, BallMatrix>;
BallParameters exactly(Parameters<double> parameters);

// How much is spent: threads, and exact parts of factors (ball_product.hpp). Two make a float32 of y certain,
// three its gradients too.
struct BallCost {
  int threads = 1, exact_parts = 2;
};

// y, and the gradients of <cotangent, y>, as `evaluate` and `gradients` have them.
//   bound: every ball holds the exact value; one of infinite radius says nothing, not even that there is one
//   bad input: as evaluate.hpp
BallMatrix certified(const BlockSpec& spec, const BallParameters& parameters, const BallMatrix& x,
                     int batch = 1, BallCost cost = {});
struct BallGradients {
  BallMatrix y, x;
  BallParameters parameters;
};
BallGradients certified_gradients(const BlockSpec& spec, const BallParameters& parameters,
                                  const BallMatrix& x, const BallMatrix& cotangent, int batch = 1,
                                  BallCost cost = {});

}  // namespace plumbline
