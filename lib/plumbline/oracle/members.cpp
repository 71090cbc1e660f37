#include "plumbline/oracle/members.hpp"

#include "plumbline/oracle/parallel.hpp"

namespace plumbline {
namespace {

template <class S>
std::vector<std::vector<Matrix<double>>> errors(const Question& question, const Profile& profile,
                                                std::uint64_t first, int count, int threads) {
  const Arithmetic arithmetic = profile.arithmetic();
  Kinks<S> kinks;
  const std::vector<Matrix<S>> exact = member(question, arithmetic, 0, kinks);
  std::vector<std::vector<Matrix<double>>> out(count);
  in_parallel(count, threads, [&](int k) {
    const std::vector<Matrix<S>> outputs = member(question, arithmetic, first + k, kinks);
    for (std::size_t i = 0; i < exact.size(); ++i)
      out[k].push_back(cast<double>(Matrix<S>(outputs[i] - exact[i])));
  });
  return out;
}

}  // namespace

std::vector<std::vector<Matrix<double>>> member_errors(const Question& question, const Profile& profile,
                                                       std::uint64_t first, int count, int threads) {
  return profile.storage == Dtype::f64 ? errors<long double>(question, profile, first, count, threads)
                                       : errors<double>(question, profile, first, count, threads);
}

}  // namespace plumbline
