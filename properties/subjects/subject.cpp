#include "properties/subjects/subject.hpp"

#include <algorithm>
#include <type_traits>

#include "plumbline/cases/deviate.hpp"

namespace plumbline::properties {
namespace {

template <class S>
const char* name_of_numbers() {
  if (std::is_same_v<S, float>) return "float";
  if (std::is_same_v<S, double>) return "double";
  if (std::is_same_v<S, Mp100>) return "multiprecision, 100 digits";
  return "enclosures, 120 digits";
}

void note(const char* algebra) { open_ledger()->algebras.insert(algebra); }

}  // namespace

BlockSpec Subject::observed(BlockSpec spec) const {
  if (asked_) asked_->specs.push_back(spec);
  if (deviation_) deviation_->apply(spec);
  return spec;
}

bool Subject::differs_on(const Asked& asked) const {
  if (deviation_)
    return std::ranges::any_of(asked.specs, [this](const BlockSpec& s) { return deviation_->applies_to(s); });
  if (fault_) return asked.algebras.contains(fault_->algebra);
  return misreading_ && asked.questions;
}

Question Subject::read(Question asked) const {
  if (asked_) asked_->questions = true;
  if (misreading_) misreading_->apply(asked);
  return asked;
}

Rule Subject::rule(FaultyAlgebra algebra) const {
  if (asked_) asked_->algebras.insert(algebra);
  return fault_ && fault_->algebra == algebra ? fault_->rule : Rule::right;
}

template <class S>
Parameters<S> Subject::renamed(const BlockSpec& spec, const Parameters<S>& parameters) const {
  return deviation_ && deviation_->applies_to(spec) ? as_read_by(*deviation_, parameters) : parameters;
}

Matrix<I> Subject::value(const Instance& at, const Matrix<I>& x) const {
  note("enclosures, 60 digits");
  if (const Rule broken = rule(FaultyAlgebra::enclosure); broken != Rule::right)
    return evaluate_by(broken, at.spec, at.parameters, x, at.batch);
  return evaluate(observed(at.spec), renamed(at.spec, at.parameters), x, at.batch);
}

template <class S>
Matrix<S> Subject::value_in(const BlockSpec& spec, const Parameters<S>& parameters,
                            const Matrix<S>& x) const {
  note(name_of_numbers<S>());
  return evaluate(observed(spec), renamed(spec, parameters), x);
}

Gradients<I> Subject::pull_back(const Instance& at, const Matrix<I>& cotangent) const {
  note("tape over enclosures");
  if (const Rule broken = rule(FaultyAlgebra::tape); broken != Rule::right)
    return gradients_by(broken, at.spec, at.parameters, at.x, cotangent);
  return gradients(observed(at.spec), renamed(at.spec, at.parameters), at.x, cotangent, at.batch);
}

Matrix<I> Subject::push_forward(const Instance& at, const Matrix<I>& dx,
                                const Parameters<I>& dparameters) const {
  note("dual over enclosures");
  if (const Rule broken = rule(FaultyAlgebra::dual); broken != Rule::right || !dparameters.empty())
    return tangent_by(broken, observed(at.spec), renamed(at.spec, at.parameters),
                      renamed(at.spec, dparameters), at.x, dx);
  return tangent(observed(at.spec), renamed(at.spec, at.parameters), at.x, dx);
}

Matrix<I> Subject::jacobian_at(const Instance& at) const {
  if (rule(FaultyAlgebra::tape) == Rule::right) {
    note("tape over enclosures");
    return jacobian(observed(at.spec), renamed(at.spec, at.parameters), at.x);
  }
  Matrix<I> j(at.x.size(), at.x.size());
  for (Eigen::Index row = 0; row < at.x.size(); ++row) {
    Matrix<I> one_hot = Matrix<I>::Constant(at.x.rows(), at.x.cols(), I(0));
    one_hot.data()[row] = I(1);
    const Matrix<I> gradient = pull_back(at, one_hot).x;
    for (Eigen::Index col = 0; col < at.x.size(); ++col) j(row, col) = gradient.data()[col];
  }
  return j;
}

template Matrix<float> Subject::value_in(const BlockSpec&, const Parameters<float>&,
                                         const Matrix<float>&) const;
template Matrix<double> Subject::value_in(const BlockSpec&, const Parameters<double>&,
                                          const Matrix<double>&) const;
template Matrix<Mp100> Subject::value_in(const BlockSpec&, const Parameters<Mp100>&,
                                         const Matrix<Mp100>&) const;
template Matrix<Interval120> Subject::value_in(const BlockSpec&, const Parameters<Interval120>&,
                                               const Matrix<Interval120>&) const;

}  // namespace plumbline::properties
