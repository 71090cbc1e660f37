// Forward mode, with one wrong rule or none.
#include "plumbline/algebra/dual.hpp"
#include "plumbline/algebra/plain.hpp"
#include "plumbline/block/run.hpp"
#include "plumbline/number/scalars.hpp"
#include "properties/subjects/broken_derivative.hpp"

namespace plumbline::properties {

using I = Interval60;

Matrix<I> tangent_by(Rule rule, const BlockSpec& spec, const Parameters<I>& parameters,
                     const Parameters<I>& dparameters, const Matrix<I>& x, const Matrix<I>& dx) {
  using Forward = BrokenDerivative<Dual<Plain<I>>>;
  Forward dual;
  dual.rule = rule;
  ParameterMap<Forward> moving;
  for (const auto& [name, value] : parameters) {
    const auto change = dparameters.find(name);
    moving[name] = change == dparameters.end() ? dual.constant(value) : dual.variable(value, change->second);
  }
  return run(dual, spec, moving, dual.variable(x, dx)).tangent;
}

}  // namespace plumbline::properties
