#include "plumbline/identify/fit.hpp"

#include <cmath>

#include "plumbline/ensemble/members.hpp"
#include "plumbline/number/grid.hpp"

namespace plumbline::identify {
namespace {

constexpr double tiny = 1e-300;  // of a row of zeros
constexpr double infinity = std::numeric_limits<double>::infinity();

// Mean squares of the rows of an error.
Eigen::VectorXd mean_squares(const Matrix<double>& error) { return error.array().square().rowwise().mean(); }

std::optional<Matrix<double>> value_of(const Candidate& c, Asked& a) {
  try {
    return a.computed(c);
  } catch (const Error&) {  // a mask that hides all keys, say
    return std::nullopt;
  }
}

constexpr int members = 8;
// How much noisier than the noisiest of so few members correct code may be: chosen, since this is no verdict.
constexpr double patience = 9;

}  // namespace

Asked::Asked(std::string id_, Probe probe_, Matrix<double> y_, const Profile& profile)
    : id(std::move(id_)), probe(std::move(probe_)), y(std::move(y_)), noise(y.rows()) {
  const Grid<double> grid(profile.storage);
  for (Eigen::Index i = 0; i < y.rows(); ++i) {
    const double largest = y.row(i).array().isFinite().select(y.row(i).array().abs(), 0).maxCoeff();
    noise(i) = std::max(std::pow(grid.unit(largest), 2), tiny);
  }
}

Matrix<double> Asked::computed(const Candidate& c) {
  if (places_ != c.places) read_ = as_read_by(c, probe.parameters), places_ = c.places;
  return evaluate<double>(c.spec, read_, probe.x, probe.batch);
}

void Asked::set_noise(const Candidate& c, const Profile& profile) try {
  const Question q{c.spec, {probe.x, as_read_by(c, probe.parameters), {}}, probe.batch, false};
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(y.rows());
  std::vector<Eigen::VectorXd> each;
  for (const auto& errors : member_errors(q, profile, 1, members, 1)) each.push_back(mean_squares(errors[0]));
  for (const auto& e : each) sum += e / double(members);
  const Grid<double> grid(profile.storage);
  for (Eigen::Index i = 0; i < y.rows(); ++i) {
    const double q2 = std::pow(grid.unit(y.row(i).cwiseAbs().mean()), 2) / 12;
    if (!std::isfinite(sum(i))) return;
    sum(i) = std::max({sum(i), q2, tiny});
  }
  noise = sum;
  worst = 1;
  for (const auto& e : each) worst = std::max(worst, (e.array() / noise.array()).maxCoeff());
} catch (const Error&) {
}

double misfit(const Candidate& c, Asked& a) {
  const auto y = value_of(c, a);
  if (!y || y->cols() != a.y.cols()) return infinity;
  const double n = double(a.y.cols());
  double sum = 0;
  for (Eigen::Index i = 0; i < a.y.rows(); ++i) {
    const bool found = a.y.row(i).allFinite(), expected = y->row(i).allFinite();
    if (!found && !expected) continue;  // neither has a value
    const double square = found && expected ? (a.y.row(i) - y->row(i)).squaredNorm() / n : 1e60 * a.noise(i);
    sum += n / 2 * std::log1p(square / a.noise(i));
  }
  return sum;
}

double misfit(const Candidate& c, const Evidence& evidence, double limit) {
  double sum = 0;
  for (const auto& a : evidence)
    if ((sum += misfit(c, *a)) > limit) return infinity;
  return sum;
}

bool explains(const Candidate& c, const Evidence& evidence) {
  for (const auto& a : evidence) {
    const auto y = value_of(c, *a);
    if (!y || y->cols() != a->y.cols()) return false;
    for (Eigen::Index i = 0; i < y->rows(); ++i) {
      if (!a->y.row(i).allFinite() && !y->row(i).allFinite()) continue;
      const double square = (a->y.row(i) - y->row(i)).squaredNorm() / double(y->cols());
      if (!(square <= patience * a->worst * a->noise(i))) return false;
    }
  }
  return true;
}

}  // namespace plumbline::identify
