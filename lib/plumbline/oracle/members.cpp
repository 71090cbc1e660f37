#include "plumbline/oracle/members.hpp"

#include <algorithm>
#include <map>

namespace plumbline {
namespace {

template <class S>
std::vector<std::vector<Matrix<double>>> errors(const Question& question, const Profile& profile,
                                                std::uint64_t first, int count, int threads) {
  const Arithmetic arithmetic = profile.arithmetic();
  ExactRun<S> run;
  const std::vector<Matrix<S>> exact = member(question, arithmetic, 0, run);
  std::vector<std::vector<Matrix<double>>> out(count);
  in_parallel(count, threads, [&](int k) {
    const std::vector<Matrix<S>> outputs = member(question, arithmetic, first + k, run);
    for (std::size_t i = 0; i < exact.size(); ++i)
      out[k].push_back(cast<double>(Matrix<S>(outputs[i] - exact[i])));
  });
  return out;
}

template <class S>
std::vector<Matrix<double>> outputs(const Question& q, const Profile& profile, std::uint64_t seed) {
  ExactRun<S> run;
  member<S>(q, profile.arithmetic(), 0, run);
  std::vector<Matrix<double>> out;
  for (const Matrix<S>& value : member<S>(q, profile.arithmetic(), seed, run))
    out.push_back(cast<double>(value));
  return out;
}

}  // namespace

std::vector<std::vector<Matrix<double>>> member_errors(const Question& question, const Profile& profile,
                                                       std::uint64_t first, int count, int threads) {
  return profile.storage == Dtype::f64 ? errors<long double>(question, profile, first, count, threads)
                                       : errors<double>(question, profile, first, count, threads);
}

Outputs member_outputs(const Deviations& deviations, const Question& declared, const Profile& profile,
                       std::uint64_t seed) {
  Question q = declared;
  std::map<std::string, std::string> theirs;  // names of the same output
  for (const std::string& name : output_names(declared)) theirs[name] = name;
  for (const Deviation* d : deviations) {
    q = deviating(*d, q);
    for (auto& [name, their] : theirs)
      if (name != "y") their = in_slot(their, d->from_slot, d->to_slot);
  }
  const std::vector<std::string> names = output_names(q);
  const auto values = profile.storage == Dtype::f64 ? outputs<long double>(q, profile, seed)
                                                    : outputs<double>(q, profile, seed);
  Outputs out;
  for (const auto& [name, their] : theirs)
    out[name] = values[std::size_t(std::find(names.begin(), names.end(), their) - names.begin())];
  return out;
}

}  // namespace plumbline
