#include "plumbline/ensemble/member_impl.hpp"

namespace plumbline {
template class Ensemble<long double>;
template std::vector<Matrix<long double>> exact_member(const Question&, const Arithmetic&,
                                                       ExactRun<long double>&);
template std::vector<Matrix<long double>> member(const Question&, const Arithmetic&, std::uint64_t,
                                                 ExactRun<long double>&, Rounding, Terms);
}  // namespace plumbline
