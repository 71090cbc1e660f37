#include "plumbline/identify/fit.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "plumbline/ensemble/members.hpp"
#include "plumbline/number/grid.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline::identify {
namespace {

constexpr double tiny = 1e-300;  // of a row of zeros
constexpr double infinity = std::numeric_limits<double>::infinity();

// Mean squares of the rows of an error.
Eigen::VectorXd mean_squares(const Matrix<double>& error) { return error.array().square().rowwise().mean(); }

std::size_t hash_of(const Candidate& c) {
  std::string text = to_json(c.spec).dump();
  for (NormPlace place : c.places) text += name_of(place);
  return std::hash<std::string>()(text);
}

// Of so many candidates at most an answer remembers what they compute.
constexpr std::size_t most_known = 2048;

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

Eigen::VectorXd Asked::compared(const Candidate& c) try {
  const Matrix<double> theirs = computed(c);
  if (theirs.cols() != y.cols()) return {};
  Eigen::VectorXd out = mean_squares(y - theirs);
  for (Eigen::Index i = 0; i < y.rows(); ++i) {
    const bool found = y.row(i).allFinite(), expected = theirs.row(i).allFinite();
    if (!found || !expected) out(i) = found == expected ? 0 : infinity;
  }
  return out;
} catch (const Error&) {  // a mask that hides all keys, say
  return {};
}

const Eigen::VectorXd& Asked::squares(const Candidate& c, std::size_t hash) {
  const auto at = known_.find(hash);
  if (at != known_.end() && at->second.candidate == c) return at->second.squares;
  if (known_.size() == most_known) known_.clear();
  return known_.insert_or_assign(hash, Known{c, compared(c)}).first->second.squares;
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

namespace {

double misfit(const Candidate& c, std::size_t hash, Asked& a) {
  const Eigen::VectorXd& squares = a.squares(c, hash);
  if (squares.size() == 0) return infinity;
  double sum = 0;
  for (Eigen::Index i = 0; i < squares.size(); ++i)
    sum += double(a.y.cols()) / 2 * std::log1p(std::min(squares(i) / a.noise(i), 1e60));
  return sum;
}

}  // namespace

double misfit(const Candidate& c, const Evidence& evidence, double limit) {
  const std::size_t hash = hash_of(c);
  double sum = 0;
  for (const auto& a : evidence)
    if ((sum += misfit(c, hash, *a)) > limit) return infinity;
  return sum;
}

bool explains(const Candidate& c, const Evidence& evidence) {
  const std::size_t hash = hash_of(c);
  return std::ranges::all_of(evidence, [&](const auto& a) {
    const Eigen::VectorXd& squares = a->squares(c, hash);
    return squares.size() > 0 && (squares.array() <= patience * a->worst * a->noise.array()).all();
  });
}

}  // namespace plumbline::identify
