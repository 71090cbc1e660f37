// Everything that is compiled once for the number type PLUMBLINE_SCALAR.
#include "plumbline/block/evaluate_impl.hpp"

namespace plumbline {

// The number type of this translation unit.
using Chosen = PLUMBLINE_SCALAR;
template struct Function<Chosen>;
template struct Plain<Chosen>;
template Matrix<Chosen> evaluate(const BlockSpec&, const Parameters<Chosen>&, const Matrix<Chosen>&, int);
template std::vector<Matrix<Chosen>> evaluate_stream(const BlockSpec&, const Parameters<Chosen>&,
                                                     const Matrix<Chosen>&, int);
template Gradients<Chosen> gradients(const BlockSpec&, const Parameters<Chosen>&, const Matrix<Chosen>&,
                                     const Matrix<Chosen>&, int);
template Matrix<Chosen> tangent(const BlockSpec&, const Parameters<Chosen>&, const Matrix<Chosen>&,
                                const Matrix<Chosen>&, int);
template Matrix<Chosen> jacobian(const BlockSpec&, const Parameters<Chosen>&, const Matrix<Chosen>&, int);
}  // namespace plumbline
