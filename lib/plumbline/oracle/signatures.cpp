#include "plumbline/oracle/signatures.hpp"

#include <algorithm>
#include <cmath>

#include "plumbline/oracle/deviate.hpp"
#include "plumbline/oracle/parallel.hpp"
#include "plumbline/oracle/statistics.hpp"

namespace plumbline {
namespace {

double dot(const Matrix<double>& a, const Matrix<double>& b) { return a.cwiseProduct(b).sum(); }

// y_m - y under the declared names.
template <class S>
std::vector<Matrix<double>> difference_if_defined(const Question& declared, const Deviation& deviation,
                                                  const std::vector<Matrix<long double>>& truth) {
  const Question q = deviating(deviation, declared);
  const auto x = cast<S>(q.inputs.x);
  const auto parameters = cast<S>(q.inputs.parameters);
  std::vector<Matrix<double>> out;
  const auto push = [&](const Matrix<S>& value) {
    const Matrix<long double> d = cast<long double>(value) - truth[out.size()];
    out.push_back(cast<double>(d));
  };
  if (q.gradients) {
    const auto g = gradients<S>(q.spec, parameters, x, cast<S>(q.inputs.cotangent), q.batch);
    push(g.y);
    push(g.x);
    for (const auto& [name, value] : declared.inputs.parameters)
      push(g.parameters.at(in_slot(name, deviation.from_slot, deviation.to_slot)));
  } else {
    push(evaluate<S>(q.spec, parameters, x, q.batch));
  }
  return out;
}

// Nothing where the deviating block has no finite value, or none at all: its mask hides all keys from a
// query.
template <class S>
std::vector<Matrix<double>> difference(const Question& declared, const Deviation& deviation,
                                       const std::vector<Matrix<long double>>& truth) {
  try {
    auto out = difference_if_defined<S>(declared, deviation, truth);
    const bool finite = std::all_of(out.begin(), out.end(), [](const auto& d) { return d.allFinite(); });
    return finite ? out : std::vector<Matrix<double>>{};
  } catch (const Error&) {
    return {};
  }
}

// A deviation this far below the noise has no direction of its own in the arithmetic that computes it.
constexpr double faint = 1e-3;

}  // namespace

Signatures::Signatures(const Calibration& calibration) : calibration_(calibration) {
  const Question& q = calibration.question();
  std::vector<const Deviation*> applicable;
  for (const Deviation& d : deviations())
    if (d.applies_to(q.spec)) applicable.push_back(&d);
  std::vector<Signature> found(applicable.size());
  const bool wide = calibration.profile().storage == Dtype::f64;
  std::vector<std::vector<Matrix<double>>> members;
  for (const auto& error : calibration.member_errors()) members.push_back(calibration.scaled(error));
  in_parallel(int(applicable.size()), calibration.threads(), [&](int m) {
    Signature& s = found[m];
    s.deviation = applicable[m];
    s.difference = wide ? difference<long double>(q, *s.deviation, calibration.truth())
                        : difference<double>(q, *s.deviation, calibration.truth());
    if (s.difference.empty()) return;
    s.scaled = calibration.scaled(s.difference);
    std::vector<double> size;
    double total = 0;
    for (const auto& v : s.scaled) size.push_back(v.squaredNorm()), total += size.back();
    for (int i = 0; i < int(size.size()); ++i)
      if (size[i] > faint * faint) s.scopes.push_back({i});
    if (s.scopes.size() > 1) s.scopes.push_back({-1});
    std::vector<double> squares(s.scopes.size());
    for (const auto& z : members) {
      double along = 0;
      std::vector<double> alone(size.size());
      for (std::size_t i = 0; i < size.size(); ++i)
        if (size[i] > 0) along += alone[i] = dot(z[i], s.scaled[i]);
      for (std::size_t k = 0; k < s.scopes.size(); ++k) {
        const int i = s.scopes[k].output;
        const double c = i < 0 ? along / total : alone[i] / size[i];
        squares[k] += c * c / double(members.size());
      }
    }
    for (std::size_t k = 0; k < s.scopes.size(); ++k) {
      s.scopes[k].reach = std::sqrt(squares[k]);
      if (s.scopes[k].reach > 0) s.separation = std::max(s.separation, 1 / s.scopes[k].reach);
    }
  });
  for (Signature& s : found) {
    if (s.difference.empty()) continue;
    if (s.scopes.empty()) {
      without_effect_.emplace_back(s.deviation->id);
      continue;
    }
    scopes_ += static_cast<int>(s.scopes.size());
    signatures_.push_back(std::move(s));
  }
}

double Signatures::p(const Match& match, double guard) const {
  return 2.0 * std::max(scopes_, 1) * t_tail(match.statistic / guard, members());
}

double Signatures::threshold(double guard) const {
  constexpr double alpha = 1e-6;
  return guard * t_quantile_of_tail(alpha / (2.0 * std::max(scopes_, 1)), members());
}

bool Signatures::is_at_full_size(const Match& match) const {
  const double reach = std::abs(match.coefficient) / match.statistic;
  return std::abs(match.coefficient - 1) < reach * t_quantile_of_tail(0.005, members());  // 99 in 100 do
}

Match Signatures::match(const Signature& s, const std::vector<Matrix<double>>& z, double most_reach) const {
  Match best{.signature = &s};
  double along = 0, total = 0;
  std::vector<double> alone(z.size()), size(z.size());
  for (std::size_t i = 0; i < z.size(); ++i) {
    along += alone[i] = dot(z[i], s.scaled[i]);
    total += size[i] = s.scaled[i].squaredNorm();
  }
  for (const Scope& scope : s.scopes) {
    if (scope.reach > most_reach) continue;
    const double c = scope.output < 0 ? along / total : alone[scope.output] / size[scope.output];
    const double t = scope.reach > 0 ? std::abs(c) / scope.reach : 0;
    if (t < best.statistic) continue;
    best.scope = scope.output < 0 ? "all outputs" : calibration_.names()[scope.output];
    best.coefficient = c;
    best.statistic = t;
  }
  best.likelihood = along - total / 2;
  return best;
}

Match Signatures::loudest(const std::vector<Matrix<double>>& error, double guard,
                          const Deviation* without) const {
  Match best;
  const double most_reach = 1 / threshold(guard);
  const auto z = calibration_.scaled(error);
  for (const Signature& s : signatures_)
    if (s.deviation == without)
      continue;
    else if (Match m = match(s, z, most_reach); m.statistic >= best.statistic)
      best = m;
  return best;
}

std::vector<Match> Signatures::likeliest(const std::vector<Matrix<double>>& error, double least, int count,
                                         const Deviation* without) const {
  std::vector<Match> matches;
  const auto z = calibration_.scaled(error);
  for (const Signature& s : signatures_)
    if (s.deviation == without)
      continue;
    else if (Match m = match(s, z); m.likelihood > least)
      matches.push_back(m);
  std::stable_sort(matches.begin(), matches.end(),
                   [](const Match& a, const Match& b) { return a.likelihood > b.likelihood; });
  if (int(matches.size()) > count) matches.resize(count);
  return matches;
}

Likelihoods Signatures::likelihoods(const std::vector<Matrix<double>>& error) const {
  Likelihoods out;
  const auto z = calibration_.scaled(error);
  for (const Signature& s : signatures_) out[s.deviation] = match(s, z).likelihood;
  return out;
}

}  // namespace plumbline
