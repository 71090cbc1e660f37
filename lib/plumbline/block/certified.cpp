#include "plumbline/block/certified.hpp"

#include "plumbline/block/check_shapes.hpp"
#include "plumbline/block/gradients_by_tape.hpp"
#include "plumbline/block/layout.hpp"
#include "plumbline/block/run.hpp"

namespace plumbline {
namespace {

void check(const BlockSpec& spec, const BallParameters& parameters, const BallMatrix& x, int batch) {
  std::map<std::string, Shape> shapes;
  for (const auto& [name, value] : parameters) shapes[name] = {value.mid.rows(), value.mid.cols()};
  check_shapes(spec, shapes, {x.mid.rows(), x.mid.cols()}, batch);
}

}  // namespace

BallParameters exactly(Parameters<double> parameters) {
  BallParameters out;
  for (auto& [name, value] : parameters) out[name].mid = std::move(value);
  return out;
}

BallMatrix certified(const BlockSpec& spec, const BallParameters& parameters, const BallMatrix& x, int batch,
                     BallCost cost) {
  check(spec, parameters, x, batch);
  Balls a(cost.threads, cost.exact_parts);
  return run(a, spec, parameters, x, batch);
}

BallGradients certified_gradients(const BlockSpec& spec, const BallParameters& parameters,
                                  const BallMatrix& x, const BallMatrix& cotangent, int batch,
                                  BallCost cost) {
  check(spec, parameters, x, batch);
  if (cotangent.mid.rows() != x.mid.rows() || cotangent.mid.cols() != output_width(spec))
    throw Error("grad.y: expected " + text_of({x.mid.rows(), output_width(spec)}) + ", found " +
                text_of({cotangent.mid.rows(), cotangent.mid.cols()}));
  return gradients_by_tape<BallGradients>(Balls(cost.threads, cost.exact_parts), spec, parameters, x,
                                          cotangent, batch);
}

}  // namespace plumbline
