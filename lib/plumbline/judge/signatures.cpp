#include "plumbline/judge/signatures.hpp"

#include <algorithm>
#include <cmath>

#include "plumbline/algebra/plain.hpp"
#include "plumbline/base/parallel.hpp"
#include "plumbline/block/run.hpp"
#include "plumbline/cases/deviate.hpp"
#include "plumbline/judge/known_products.hpp"
#include "plumbline/judge/statistics.hpp"

namespace plumbline {
namespace {

double dot(const Matrix<double>& a, const Matrix<double>& b) { return a.cwiseProduct(b).sum(); }

// x in the scalar S, by reference where it is in S already.
template <class S, class T>
decltype(auto) as(const T& x) {
  if constexpr (std::is_same_v<S, double>)
    return (x);
  else
    return cast<S>(x);
}

// y of the deviating block, in the arithmetic of A.
template <class A>
Matrix<typename A::Scalar> deviating_y(A a, const Question& declared, const Deviation& deviation) {
  const auto& x = as<typename A::Scalar>(declared.inputs.x);
  const auto& parameters = as<typename A::Scalar>(declared.inputs.parameters);
  ParameterMap<AnyAlgebra> read;
  for (const auto& [name, value] : parameters)
    read[in_slot(name, deviation.from_slot, deviation.to_slot)] = Erased<A>::lent(value);
  return run_on_handles(a, deviating(deviation, declared.spec), read, Erased<A>::lent(x), declared.batch);
}

// y_m - y under the declared names; `truth` in the arithmetic that computes y_m.
template <class S>
std::vector<Matrix<double>> difference_if_defined(const Question& declared, const Deviation& deviation,
                                                  const std::vector<Matrix<S>>& truth,
                                                  const KnownProducts& known) {
  const CaseInputs& in = declared.inputs;
  std::vector<Matrix<double>> out;
  const auto push = [&](const Matrix<S>& value) {
    out.push_back(cast<double>(Matrix<S>(value - truth[out.size()])));
  };
  if (declared.gradients) {
    const bool renames = !deviation.from_slot.empty();  // else nothing need be copied
    const Parameters<double> renamed = renames ? as_read_by(deviation, in.parameters) : Parameters<double>();
    const auto& parameters = as<S>(renames ? renamed : in.parameters);
    const auto g = gradients<S>(deviating(deviation, declared.spec), parameters, as<S>(in.x),
                                as<S>(in.cotangent), declared.batch);
    push(g.y);
    push(g.x);
    for (const auto& [name, value] : in.parameters)
      if (!is_given_mask(name)) push(g.parameters.at(in_slot(name, deviation.from_slot, deviation.to_slot)));
  } else if constexpr (std::is_same_v<S, double>) {
    Knowing a;
    a.known = &known;
    push(deviating_y(a, declared, deviation));
  } else {
    push(deviating_y(Plain<S>(), declared, deviation));
  }
  return out;
}

// Nothing where the deviating block has no finite value, or none at all: its mask hides all keys from
// a query.
template <class S>
std::vector<Matrix<double>> difference(const Question& declared, const Deviation& deviation,
                                       const std::vector<Matrix<S>>& truth, const KnownProducts& known) {
  try {
    auto out = difference_if_defined(declared, deviation, truth, known);
    if (!std::all_of(out.begin(), out.end(), [](const auto& d) { return d.allFinite(); })) out.clear();
    return out;
  } catch (const Error&) {
    return {};
  }
}

// In standard errors: a smaller deviation is lost in the rounding of the arithmetic that computes it.
constexpr double faint = 1e-3;

// The errors of all members, and of the right answers after them, along all deviations: one product of
// matrices for each output tensor.
struct Projections {
  std::vector<Matrix<double>> along;  // by output: [answer, deviation]
  Matrix<double> size;                // |scaled difference|^2: [output, deviation]
  Eigen::Index members;
  double noisiest;  // how many standard errors the noisiest right answer may show along any deviation

  Projections(const Calibration& calibration, const std::vector<Signature>& found)
      : size(Matrix<double>::Zero(calibration.names().size(), found.size())),
        members(Eigen::Index(calibration.member_errors().size())) {
    std::vector<const std::vector<Matrix<double>>*> errors;
    for (const auto& e : calibration.member_errors()) errors.push_back(&e);
    for (const auto& e : calibration.right_answers()) errors.push_back(&e);
    const double tried = double(calibration.right_answers().size() * found.size()) * double(size.rows() + 1);
    noisiest = t_quantile_of_tail(1 / (2 * std::max(tried, 1.0)), double(members));
    along.resize(size.rows(), Matrix<double>::Zero(errors.size(), found.size()));
    std::vector<std::vector<int>> moving(size.rows());  // by output: the deviations that move it
    std::vector<Eigen::MatrixXd> v(size.rows());
    in_parallel(int(size.rows()), calibration.threads(), [&](int i) {
      for (int m = 0; m < int(found.size()); ++m)
        if (!found[m].scaled.empty() && (size(i, m) = found[m].scaled[i].squaredNorm()) > 0)
          moving[i].push_back(m);
      v[i].resize((*errors[0])[i].size(), moving[i].size());
      for (std::size_t m = 0; m < moving[i].size(); ++m) v[i].col(m) = flat(found[moving[i][m]].scaled[i]);
    });
    constexpr int at_once = 8;
    const int answers = int(errors.size());
    in_parallel((answers + at_once - 1) / at_once, calibration.threads(), [&](int few) {
      const int first = few * at_once, count = std::min(at_once, answers - first);
      std::vector<Matrix<double>> z;
      for (const auto& of_output : v) z.emplace_back(count, of_output.rows());
      for (int k = 0; k < count; ++k) {
        const std::vector<Matrix<double>> scaled = calibration.scaled(*errors[first + k]);
        for (std::size_t i = 0; i < z.size(); ++i) z[i].row(k) = flat(scaled[i]).transpose();
      }
      for (std::size_t i = 0; i < z.size(); ++i) along[i](Eigen::seqN(first, count), moving[i]) = z[i] * v[i];
    });
  }

  // The root mean square of the members' coefficients; more where a right answer has a larger one than
  // chance explains.
  double standard_error(const Eigen::VectorXd& coefficients) const {
    const double of_members = std::sqrt(coefficients.head(members).squaredNorm() / double(members));
    const auto of_right_answers = coefficients.tail(coefficients.size() - members);
    return std::max(of_members, of_right_answers.lpNorm<Eigen::Infinity>() / noisiest);
  }

  void set_detectors(std::size_t deviation, Signature& s) const {
    Eigen::VectorXd together = Eigen::VectorXd::Zero(along.front().rows());
    const auto add = [&](int output, const Eigen::VectorXd& c, double norm2) {
      s.detectors.push_back({output, standard_error(c / norm2)});
      if (s.detectors.back().standard_error > 0)
        s.separation = std::max(s.separation, 1 / s.detectors.back().standard_error);
    };
    for (std::size_t i = 0; i < along.size(); ++i) {
      const Eigen::VectorXd alone = along[i].col(deviation);
      together += alone;
      if (size(i, deviation) > faint * faint) add(int(i), alone, size(i, deviation));
    }
    if (s.detectors.size() > 1) add(-1, together, size.col(deviation).sum());
  }

  static Eigen::Map<const Eigen::VectorXd> flat(const Matrix<double>& x) { return {x.data(), x.size()}; }
};

}  // namespace

Signatures::Signatures(const Calibration& calibration) : calibration_(calibration) {
  const Question& q = calibration.question();
  std::vector<const Deviation*> applicable;
  for (const Deviation& d : deviations())
    if (d.applies_to(q.spec)) applicable.push_back(&d);
  std::vector<Signature> found(applicable.size());
  const bool wide = calibration.profile().storage == Dtype::f64;
  std::vector<Matrix<double>> truth;
  for (const auto& value : calibration.truth()) truth.push_back(cast<double>(value));
  const KnownProducts known = wide || q.gradients ? KnownProducts() : KnownProducts(q);
  in_parallel(int(applicable.size()), calibration.threads(), [&](int m) {
    Signature& s = found[m];
    s.deviation = applicable[m];
    s.difference = wide ? difference(q, *s.deviation, calibration.truth(), known)
                        : difference(q, *s.deviation, truth, known);
    if (!s.difference.empty()) s.scaled = calibration.scaled(s.difference);
  });
  const Projections projections(calibration, found);
  for (std::size_t m = 0; m < found.size(); ++m) {
    Signature& s = found[m];
    if (s.difference.empty()) continue;
    projections.set_detectors(m, s);
    if (s.detectors.empty()) {
      without_effect_.emplace_back(s.deviation->id);
      continue;
    }
    detectors_ += static_cast<int>(s.detectors.size());
    signatures_.push_back(std::move(s));
  }
}

double Signatures::p(const Match& match, double guard) const {
  return 2.0 * std::max(detectors_, 1) * t_tail(match.statistic / guard, members());
}

double Signatures::threshold(double guard) const {
  return guard * t_quantile_of_tail(false_alarms / (2.0 * std::max(detectors_, 1)), members());
}

bool Signatures::is_at_full_size(const Match& match) const {
  const double standard_error = std::abs(match.coefficient) / match.statistic;
  return std::abs(match.coefficient - 1) <
         standard_error * t_quantile_of_tail(0.005, members());  // 99 in 100 do
}

Match Signatures::match(const Signature& s, const std::vector<Matrix<double>>& z,
                        double largest_standard_error) const {
  Match best{.signature = &s};
  double along = 0, total = 0;
  std::vector<double> alone(z.size()), size(z.size());
  for (std::size_t i = 0; i < z.size(); ++i) {
    along += alone[i] = dot(z[i], s.scaled[i]);
    total += size[i] = s.scaled[i].squaredNorm();
  }
  for (const Detector& detector : s.detectors) {
    if (detector.standard_error > largest_standard_error) continue;
    const double c = detector.output < 0 ? along / total : alone[detector.output] / size[detector.output];
    const double t = detector.standard_error > 0 ? std::abs(c) / detector.standard_error : 0;
    if (t < best.statistic) continue;
    best.detector = detector.output < 0 ? "all outputs" : calibration_.names()[detector.output];
    best.coefficient = c;
    best.statistic = t;
  }
  best.log_ratio = along - total / 2;
  return best;
}

Match Signatures::loudest(const std::vector<Matrix<double>>& error, double guard,
                          const Deviation* without) const {
  Match best;
  const double largest_standard_error = 1 / threshold(guard);
  const auto z = calibration_.scaled(error);
  for (const Signature& s : signatures_)
    if (s.deviation == without)
      continue;
    else if (Match m = match(s, z, largest_standard_error); m.statistic >= best.statistic)
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
    else if (Match m = match(s, z); m.log_ratio > least)
      matches.push_back(m);
  std::stable_sort(matches.begin(), matches.end(),
                   [](const Match& a, const Match& b) { return a.log_ratio > b.log_ratio; });
  if (int(matches.size()) > count) matches.resize(count);
  return matches;
}

LogRatios Signatures::log_ratios(const std::vector<Matrix<double>>& error) const {
  LogRatios out;
  const auto z = calibration_.scaled(error);
  for (const Signature& s : signatures_) out[s.deviation] = match(s, z).log_ratio;
  return out;
}

}  // namespace plumbline
