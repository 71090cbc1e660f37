#include "plumbline/judge/trace.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "plumbline/algebra/dual.hpp"
#include "plumbline/algebra/each.hpp"
#include "plumbline/algebra/plain.hpp"
#include "plumbline/algebra/tape.hpp"
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/block/run.hpp"

namespace plumbline {
namespace {

using Numbers = Plain<double>;
using Many = Each<Numbers>;

// A tape that remembers what was stored where.
template <class A>
struct Traced : Tape<A> {
  using Tensor = typename Tape<A>::Tensor;
  struct Stored {
    std::string place;
    Tensor tensor;
  };
  std::vector<Stored> stored;

  Tensor store(const Tensor& x, const Place& place) {
    Tensor y = Tape<A>::store(x, place);
    stored.push_back({place.path, y});
    return y;
  }
};

// Changes what is stored at the k-th place by its own value, to first order, in the k-th tangent.
struct Changed : Dual<Many> {
  const std::vector<std::string>* places = nullptr;

  Tensor store(const Tensor& x, const Place& at) const {
    const auto found = std::find(places->begin(), places->end(), at.path);
    if (found == places->end()) return x;
    Tensor y = x;
    auto& tangents = y.tangent.list;
    if (tangents.size() < places->size()) tangents.resize(places->size(), Matrix<double>(tangents.front()));
    tangents[std::size_t(found - places->begin())] += x.value.of(0);
    return y;
  }
  // The weights of projections, most of what there is, do not move: they have no tangents, not even zeros.
  Tensor matmul(const Tensor& x, const Tensor& y) const {
    if (!y.tangent.list.empty()) return Dual<Many>::matmul(x, y);
    return {inner.matmul(x.value, y.value), inner.matmul(x.tangent, y.value)};
  }
  Tensor matmul_by_transpose(const Tensor& x, const Tensor& y) const {
    if (!y.tangent.list.empty()) return Dual<Many>::matmul_by_transpose(x, y);
    return {inner.matmul_by_transpose(x.value, y.value), inner.matmul_by_transpose(x.tangent, y.value)};
  }
};

// Inputs beside x are variables of the tape, as x is. Parameters are constants: what depends on them alone is
// no tap.
bool is_input(const BlockSpec& spec, const std::string& name) {
  if (is_given_mask(name)) return false;
  const auto others = other_inputs(spec, 1, 1);
  return std::any_of(others.begin(), others.end(), [&](const ParameterShape& s) { return s.name == name; });
}

Matrix<double> fixed_weights(Eigen::Index rows, Eigen::Index cols) {
  Matrix<double> w(rows, cols);
  for (Eigen::Index i = 0; i < w.size(); ++i) w.data()[i] = 1 + std::sin(double(i) * double(i));
  return w;
}

}  // namespace

struct Trace::Forward {
  std::map<std::string, Shared<Many::Tensor>> parameters;
  Traced<Many> tape;
  Traced<Many>::Tensor y;
};

Trace::Trace(const Question& q, const Trace* like) : question_(&q), forward_(std::make_unique<Forward>()) {
  auto& tape = forward_->tape;
  auto& parameters = forward_->parameters;
  if (like) parameters = like->forward_->parameters;
  ParameterMap<Traced<Many>> given;
  for (const auto& [name, value] : q.inputs.parameters) {
    const auto& one = parameters.try_emplace(name, Many::Tensor{{cast<double>(value)}}).first->second;
    given[name] = is_input(q.spec, name) ? tape.shared_variable(one) : tape.constant(one);
  }
  forward_->y = run(tape, q.spec, given, tape.variable({{q.inputs.x}}), q.batch);

  const auto& y = forward_->y;
  const auto gradients =  // of the probe and of the cotangent
      tape.backward(y, {{fixed_weights(tape.rows(y), tape.cols(y)), q.inputs.cotangent}});
  for (int i = 0; i < int(tape.stored.size()); ++i) {
    const auto& [place, u] = tape.stored[i];
    if (u.node < 0 || !gradients[u.node]) continue;
    const auto value = [](const auto& tensor) -> const Matrix<double>& { return tensor.value->of(0); };
    const auto is_same = [&, &u = u](int k) {
      const auto& other = tape.stored[k].tensor;
      return value(other).rows() == value(u).rows() && value(other).cols() == value(u).cols() &&
             value(other) == value(u) && gradients[other.node]->of(0) == gradients[u.node]->of(0);
    };
    if (std::any_of(kept_.begin(), kept_.end(), is_same)) continue;
    kept_.push_back(i);
    taps_.push_back({place, value(u), q.gradients ? gradients[u.node]->of(1) : Matrix<double>()});
  }
}

Trace::~Trace() = default;

std::vector<Scores> Trace::adjoints(const std::vector<Matrix<double>>& w) {
  auto all = forward_->tape.backward(forward_->y, {w});
  std::vector<Scores> out(w.size());
  for (int i : kept_) {
    const Many::Tensor& adjoint = *all[forward_->tape.stored[i].tensor.node];
    for (std::size_t k = 0; k < w.size(); ++k) out[k].push_back(adjoint.of(k));
  }
  return out;
}

std::vector<Trace::Both> Trace::adjoints_of_all(const std::vector<Scores>& w) const {
  using Twin = Traced<Dual<Many>>;
  const CaseInputs& in = question_->inputs;
  const auto moving = [&](const Matrix<double>& value, std::size_t output) {
    Dual<Many>::Tensor x{{{value}}, {}};
    for (const Scores& weights : w) x.tangent.list.push_back(weights.at(output));
    return x;
  };
  Twin tape;
  ParameterMap<Twin> given;
  std::size_t next = 2;
  for (const auto& [name, value] : in.parameters) {
    const auto x = is_given_mask(name)
                       ? Dual<Many>::Tensor{{{value}}, {{Matrix<double>::Zero(value.rows(), value.cols())}}}
                       : moving(value, next++);
    given[name] = is_input(question_->spec, name) ? tape.variable(x) : tape.constant(x);
  }
  const auto y = run(tape, question_->spec, given, tape.variable(moving(in.x, 1)), question_->batch);
  const auto all = tape.backward(y, moving(in.cotangent, 0));
  std::vector<Both> out(w.size());
  for (int i : kept_) {
    const auto& u = tape.stored[i].tensor;
    for (std::size_t k = 0; k < w.size(); ++k) {
      out[k].value.push_back(all[u.node]->tangent.of(k));
      out[k].cotangent.push_back(u.value->tangent.of(k));
    }
  }
  return out;
}

std::vector<Matrix<double>> responses(const Question& q, const std::vector<std::string>& places,
                                      int threads) {
  const Changed all;
  std::set<std::string> weights;
  for (const ParameterShape& p : parameter_shapes(q.spec))
    if (p.role == Role::weight && p.module != Module::relative_bias) weights.insert(p.name);
  ParameterMap<Changed> constants;
  for (const auto& [name, value] : q.inputs.parameters)
    constants[name] =
        weights.contains(name) ? Changed::Tensor{{{cast<double>(value)}}, {}} : all.constant({{value}});
  std::vector<Matrix<double>> out(places.size());
  in_parallel(threads, threads, [&](int t) {
    const std::size_t begin = places.size() * t / threads, end = places.size() * (t + 1) / threads;
    if (begin == end) return;
    const std::vector<std::string> some(places.begin() + std::ptrdiff_t(begin),
                                        places.begin() + std::ptrdiff_t(end));
    Changed a;
    a.places = &some;
    const Changed::Tensor y = run(a, q.spec, constants, a.constant({{q.inputs.x}}), q.batch);
    for (std::size_t k = 0; k < some.size(); ++k) out[begin + k] = y.tangent.of(k);
  });
  return out;
}

}  // namespace plumbline
