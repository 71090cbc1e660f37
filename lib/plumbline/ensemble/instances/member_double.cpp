#include "plumbline/ensemble/member_impl.hpp"

namespace plumbline {
static_assert(TapedAlgebra<Ensemble<double>>);
template class Ensemble<double>;
template std::vector<Matrix<double>> exact_member(const Question&, const Arithmetic&, ExactRun<double>&);
template std::vector<Matrix<double>> member(const Question&, const Arithmetic&, std::uint64_t,
                                            ExactRun<double>&, Rounding, Terms);
}  // namespace plumbline
