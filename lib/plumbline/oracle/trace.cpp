#include "plumbline/oracle/trace.hpp"

#include <algorithm>
#include <cmath>

#include "plumbline/algebra/dual.hpp"
#include "plumbline/algebra/plain.hpp"
#include "plumbline/algebra/tape.hpp"
#include "plumbline/block/layout.hpp"
#include "plumbline/spec/parameters.hpp"

namespace plumbline {
namespace {

using Numbers = Plain<double>;

// A tape that remembers what was stored where.
template <class A>
struct Traced : Tape<A> {
  using Tensor = typename Tape<A>::Tensor;
  struct Stored {
    std::string place;
    Tensor tensor;
  };
  std::vector<Stored> stored;

  Tensor store(const Tensor& x, std::string_view place) {
    Tensor y = Tape<A>::store(x, place);
    stored.push_back({std::string(place), y});
    return y;
  }
};

// Changes what is stored at one place by its own value, to first order.
struct Changed : Dual<Numbers> {
  std::string place;
  Tensor store(const Tensor& x, std::string_view at) const {
    return at == place ? Tensor{x.value, x.tangent + x.value} : x;
  }
};

// Inputs move what depends on them alone, so their stores are taps; parameters do not.
bool is_input(const BlockSpec& spec, const std::string& name) {
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
  Traced<Numbers> tape;
  Traced<Numbers>::Tensor y;
};

Trace::Trace(const Question& q) : question_(&q), forward_(std::make_unique<Forward>()) {
  auto& tape = forward_->tape;
  ParameterMap<Traced<Numbers>> given;
  for (const auto& [name, value] : q.inputs.parameters)
    given[name] = is_input(q.spec, name) ? tape.variable(value) : tape.constant(value);
  forward_->y = run(tape, q.spec, given, tape.variable(q.inputs.x), q.batch);

  const auto& y = forward_->y;
  const auto probe = tape.backward(y, fixed_weights(y.value->rows(), y.value->cols()));
  const auto cotangents = tape.backward(y, q.inputs.cotangent);
  for (int i = 0; i < int(tape.stored.size()); ++i) {
    const auto& [place, u] = tape.stored[i];
    if (u.node < 0 || !probe[u.node]) continue;
    const auto is_same = [&](int k) {
      const auto& other = tape.stored[k].tensor;
      return other.value->rows() == u.value->rows() && other.value->cols() == u.value->cols() &&
             *other.value == *u.value && *probe[other.node] == *probe[u.node];
    };
    if (std::any_of(kept_.begin(), kept_.end(), is_same)) continue;
    kept_.push_back(i);
    taps_.push_back({place, u.value, q.gradients ? *cotangents[u.node] : Matrix<double>()});
  }
}

Trace::~Trace() = default;
Trace::Trace(Trace&&) noexcept = default;

std::vector<Matrix<double>> Trace::adjoints(const Matrix<double>& w) {
  auto all = forward_->tape.backward(forward_->y, w);
  std::vector<Matrix<double>> out;
  for (int i : kept_) out.push_back(std::move(*all[forward_->tape.stored[i].tensor.node]));
  return out;
}

Trace::Both Trace::adjoints_of_all(const std::vector<Matrix<double>>& w) const {
  using Twin = Traced<Dual<Numbers>>;
  const CaseInputs& in = question_->inputs;
  Twin tape;
  ParameterMap<Twin> given;
  std::size_t next = 2;
  for (const auto& [name, value] : in.parameters) {
    const Dual<Numbers>::Tensor moving{value, w.at(next++)};
    given[name] = is_input(question_->spec, name) ? tape.variable(moving) : tape.constant(moving);
  }
  const auto y = run(tape, question_->spec, given, tape.variable({in.x, w.at(1)}), question_->batch);
  const auto all = tape.backward(y, {in.cotangent, w.at(0)});
  Both out;
  for (int i : kept_) {
    const auto& u = tape.stored[i].tensor;
    out.value.push_back(all[u.node]->tangent);
    out.cotangent.push_back(u.value->tangent);
  }
  return out;
}

Matrix<double> response(const Question& q, const std::string& place) {
  Changed a;
  a.place = place;
  ParameterMap<Changed> constants;
  for (const auto& [name, value] : q.inputs.parameters) constants[name] = a.constant(value);
  return run(a, q.spec, constants, a.constant(q.inputs.x), q.batch).tangent;
}

}  // namespace plumbline
