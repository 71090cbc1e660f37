#include "plumbline/oracle/member_impl.hpp"

namespace plumbline {
template class Ensemble<long double>;
template std::vector<Matrix<long double>> member(const Question&, const Arithmetic&, std::uint64_t,
                                                 ExactRun<long double>&, Rounding);
}  // namespace plumbline
