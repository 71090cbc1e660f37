// Blocks with a slip, exact ones and members of the ensemble.
#include "plumbline/naming/slipping.hpp"
#include "plumbline/algebra/plain_impl.hpp"
#include "plumbline/base/parallel.hpp"
#include "plumbline/block/evaluate_impl.hpp"
#include "plumbline/ensemble/ensemble_impl.hpp"
#include "plumbline/naming/truncated_sums.hpp"

namespace plumbline {
namespace {

const Matrix<double>& given(const Plain<double>&, const Matrix<double>& x) { return x; }
Ensemble<double>::Tensor given(Ensemble<double>& a, const Matrix<double>& x) { return *a.given(x); }

const Matrix<double>& gradient(const Plain<double>&, const Matrix<double>& g) { return g; }
Matrix<double> gradient(Ensemble<double>& a, const Ensemble<double>::Tensor& g) {
  return a.store(g, Site::gradient).value;
}

int heads_of(const BlockSpec& s) { return std::max(s.attention.n_heads, 1); }

int bits_of_sums(const Slip& slip) { return slip.what == Slip::What::sums_truncated ? slip.from : 0; }

template <class Inner>
struct Computed {
  std::vector<Matrix<double>> outputs;  // in the order of output_names
  std::vector<Stored> places;
};

// Inputs beside x are places too.
template <class A, class T>
T stored_input(A& a, const Question& q, const std::string& name, const T& x) {
  const TokenTensor* t = part_of(q.spec).find_beside_x(name);
  return t ? a.store(x, Place(Site::other, name, t->width == Width::stream)) : x;
}

template <class Inner>
Computed<Inner> forward(const Question& q, const Slip& slip, Inner inner) {
  using A = TruncatedSums<Inner>;
  Slipping<A> a(A(std::move(inner), bits_of_sums(slip)), slip, heads_of(q.spec), q.batch);
  ParameterMap<Slipping<A>> parameters;
  for (const auto& [name, value] : q.inputs.parameters)
    parameters[name] = stored_input(a, q, name, given(a, value));
  a.given(parameters);
  const auto x = a.store(given(a, q.inputs.x), Site::x);
  const auto y = a.store(run(a, q.spec, parameters, x, q.batch), Site::y);
  return {{detail::numbers(y)}, a.places()};
}

template <class Inner>
Computed<Inner> forward_and_backward(const Question& q, const Slip& slip, Inner inner) {
  using A = TruncatedSums<Inner>;
  Slipping<Tape<A>> tape(A(std::move(inner), bits_of_sums(slip)), slip, heads_of(q.spec), q.batch);
  ParameterMap<Slipping<Tape<A>>> variables, read;
  for (const auto& [name, value] : q.inputs.parameters) {
    variables[name] = tape.variable(given(tape.inner, value));
    read[name] = stored_input(tape, q, name, variables[name]);
  }
  tape.given(read);
  const auto x = tape.variable(given(tape.inner, q.inputs.x));
  const auto y = tape.store(run(tape, q.spec, read, tape.store(x, Site::x), q.batch), Site::y);
  const auto all = tape.backward_once(y, given(tape.inner, q.inputs.cotangent));
  Computed<Inner> out{{detail::numbers(y)}, tape.places()};
  const auto push = [&](const auto& variable) {
    const auto& g = all[variable.node];
    out.outputs.push_back(g ? Matrix<double>(gradient(tape.inner, *g))
                            : Matrix<double>::Zero(tape.rows(variable), tape.cols(variable)));
  };
  push(x);
  for (const auto& [name, variable] : variables)
    if (!is_given_mask(name)) push(variable);
  return out;
}

template <class Inner>
Computed<Inner> computed(const Question& q, const Slip& slip, Inner inner) {
  detail::check_shapes(q.spec, q.inputs.parameters, q.inputs.x, q.batch);
  return q.gradients ? forward_and_backward(q, slip, std::move(inner)) : forward(q, slip, std::move(inner));
}

Outputs named(const Question& q, const std::vector<Matrix<double>>& values) {
  const std::vector<std::string> names = output_names(q);
  Outputs out;
  for (std::size_t i = 0; i < names.size(); ++i) out[names[i]] = values[i];
  return out;
}

}  // namespace

bool Slip::is_at(std::string_view place) const {
  for (const std::string& p : places)
    if (place == p || (p.starts_with('.') && place.ends_with(p))) return true;
  return false;
}

std::vector<Stored> places_of(const Question& question) {
  return computed(question, Slip{}, Plain<double>()).places;
}

Outputs with_slip(const Question& question, const Slip& slip) {
  return named(question, computed(question, slip, Plain<double>()).outputs);
}

std::vector<Outputs> member_errors(const Question& q, const Slip& slip, const Profile& profile, int count) {
  ExactRun<double> run;
  const Arithmetic arithmetic = profile.arithmetic();
  const auto exact = computed(q, slip, Ensemble<double>(arithmetic, run)).outputs;
  std::vector<Outputs> out(count);
  in_parallel(count, processor_threads(), [&](int k) {
    auto values = computed(q, slip, Ensemble<double>(arithmetic, 7001 + k, run)).outputs;
    for (std::size_t i = 0; i < values.size(); ++i) values[i] -= exact[i];
    out[k] = named(q, values);
  });
  return out;
}

}  // namespace plumbline
