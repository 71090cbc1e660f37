#include "plumbline/ensemble/members.hpp"

#include <algorithm>
#include <map>

#include "plumbline/number/grid.hpp"

namespace plumbline {
namespace {

// Plain code that rounds to nearest, by the seeds that say where it stores.
constexpr int plain_members = 7;

// The block as the processor computes it, sums as Eigen orders them.
template <class S>
std::vector<Matrix<double>> native_error(const Question& q, const std::vector<Matrix<long double>>& truth) {
  std::vector<Matrix<double>> out;
  const auto push = [&](const Matrix<S>& value) {
    out.push_back(cast<double>(Matrix<long double>(cast<long double>(value) - truth[out.size()])));
  };
  const auto x = cast<S>(q.inputs.x);
  const auto parameters = cast<S>(q.inputs.parameters);
  if (!q.gradients) {
    push(evaluate<S>(q.spec, parameters, x, q.batch));
    return out;
  }
  const Gradients<S> g = gradients<S>(q.spec, parameters, x, cast<S>(q.inputs.cotangent), q.batch);
  push(g.y);
  push(g.x);
  for (const auto& [name, value] : g.parameters) push(value);
  return out;
}

std::vector<Matrix<double>> rounded_once(const std::vector<Matrix<long double>>& truth, Dtype storage) {
  std::vector<Matrix<double>> out;
  const Grid<long double> grid(storage);
  for (const auto& value : truth)
    out.push_back(value.unaryExpr([&](long double v) { return double(grid.nearest(v) - v); }));
  return out;
}

template <class S>
std::vector<Matrix<double>> outputs(const Question& q, const Profile& profile, std::uint64_t seed,
                                    Rounding rounding = Rounding::shifted) {
  ExactRun<S> run;
  exact_member<S>(q, profile.arithmetic(), run);
  std::vector<Matrix<double>> out;
  for (const Matrix<S>& value : member<S>(q, profile.arithmetic(), seed, run, rounding))
    out.push_back(cast<double>(value));
  return out;
}

}  // namespace

Members::Members(const Question& question, const Profile& profile) : question_(question), profile_(profile) {
  const auto run = [&](auto& exact) {
    exact.outputs = exact_member(question, profile.arithmetic(), exact.run);
  };
  if (profile.storage == Dtype::f64)
    run(exact_.emplace<Exact<long double>>());
  else
    run(exact_.emplace<Exact<double>>());
}

AnswerErrors Members::errors(std::uint64_t first, int count, int threads, Terms left_out) {
  const Arithmetic arithmetic = profile_.arithmetic();
  AnswerErrors out(count);
  const auto run = [&]<class S>(Exact<S>& exact) {
    in_parallel(count, threads, [&](int k) {
      const std::vector<Matrix<S>> outputs =
          member(question_, arithmetic, first + k, exact.run, Rounding::shifted, left_out);
      for (std::size_t i = 0; i < outputs.size(); ++i)
        out[k].push_back(cast<double>(Matrix<S>(outputs[i] - exact.outputs[i])));
    });
  };
  std::visit(run, exact_);
  return out;
}

AnswerErrors Members::right_answer_errors(const std::vector<Matrix<long double>>& truth, int threads) {
  const Arithmetic arithmetic = profile_.arithmetic();
  AnswerErrors out(plain_members);
  const auto run = [&]<class S>(Exact<S>& exact) {
    in_parallel(plain_members, threads, [&](int k) {
      const auto outputs =
          member(question_, arithmetic, std::uint64_t(k + 1), exact.run, Rounding::to_nearest);
      for (std::size_t i = 0; i < truth.size(); ++i)
        out[k].push_back(cast<double>(Matrix<long double>(cast<long double>(outputs[i]) - truth[i])));
    });
  };
  std::visit(run, exact_);
  out.push_back(rounded_once(truth, profile_.storage));
  if (profile_ == find_profile("float64")) out.push_back(native_error<double>(question_, truth));
  if (profile_ == find_profile("float32")) out.push_back(native_error<float>(question_, truth));
  return out;
}

AnswerErrors member_errors(const Question& question, const Profile& profile, std::uint64_t first, int count,
                           int threads, Terms left_out) {
  return Members(question, profile).errors(first, count, threads, left_out);
}

Outputs plain_answer(const Question& q, const Profile& profile, std::uint64_t seed) {
  const auto values = profile.storage == Dtype::f64
                          ? outputs<long double>(q, profile, seed, Rounding::to_nearest)
                          : outputs<double>(q, profile, seed, Rounding::to_nearest);
  const std::vector<std::string> names = output_names(q);
  Outputs out;
  for (std::size_t i = 0; i < names.size(); ++i) out[names[i]] = values[i];
  return out;
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
