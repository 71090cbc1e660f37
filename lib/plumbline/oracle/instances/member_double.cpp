#include "plumbline/oracle/member_impl.hpp"

namespace plumbline {
template class Ensemble<double>;
template std::vector<Matrix<double>> member(const Question&, const Arithmetic&, std::uint64_t,
                                            ExactRun<double>&, Rounding);
}  // namespace plumbline
