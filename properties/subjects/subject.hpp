// What the laws are tried on: the reference in one cell of the table, a mutant that computes a deviation of
// the declared spec or takes a question for another one, or the right spec over an algebra with a fault.
#pragma once

#include <set>
#include <vector>

#include "plumbline/block/evaluate.hpp"
#include "plumbline/number/interval.hpp"
#include "plumbline/relations/relation.hpp"
#include "plumbline/spec/deviation.hpp"
#include "properties/ledger.hpp"
#include "properties/subjects/cell.hpp"
#include "properties/subjects/fault.hpp"

namespace plumbline::properties {

// An identity holds where the enclosure of its residual contains 0; no tolerance is needed. At 60 digits an
// enclosure is so narrow that a deviation cannot hide in it; the mutants prove that.
using I = Interval60;

// A declared spec with parameters and an input, all exact.
struct Instance {
  BlockSpec spec;
  Parameters<I> parameters;
  Matrix<I> x;
  int batch = 1;
};

// What a law asked its subject about.
struct Asked {
  std::vector<BlockSpec> specs = {};
  std::set<FaultyAlgebra> algebras = {};
  bool questions = false;  // whole ones, which a misreading changes
};

class Subject {
 public:
  Subject() = default;
  // The reference, which notes what it is asked about.
  explicit Subject(Asked& asked) : asked_(&asked) {}
  explicit Subject(const Deviation& deviation) : deviation_(&deviation) {}
  explicit Subject(const Fault& fault) : fault_(&fault) {}
  explicit Subject(const Misreading& misreading) : misreading_(&misreading) {}

  Subject in(const Cell& cell) const {
    Subject there = *this;
    there.cell_ = cell;
    return there;
  }
  const Cell& cell() const { return cell_; }
  // Whether any of these answers could be other than the reference's.
  bool differs_on(const Asked& asked) const;
  // The question that it answers when that one is asked.
  Question read(Question asked) const;

  // y, in enclosures of 60 digits.
  Matrix<I> value(const Instance& at) const { return value(at, at.x); }
  Matrix<I> value(const Instance& at, const Matrix<I>& x) const;
  // y in any other number type.
  template <class S>
  Matrix<S> value_in(const BlockSpec& spec, const Parameters<S>& parameters, const Matrix<S>& x) const;

  // Gradients of <cotangent, y>.
  Gradients<I> pull_back(const Instance& at, const Matrix<I>& cotangent) const;
  // The derivative of y along dx, and along a change of parameters where one is given.
  Matrix<I> push_forward(const Instance& at, const Matrix<I>& dx,
                         const Parameters<I>& dparameters = {}) const;
  Matrix<I> jacobian_at(const Instance& at) const;

 private:
  BlockSpec observed(BlockSpec spec) const;
  Rule rule(FaultyAlgebra algebra) const;
  // A mutant that moves a norm to another slot still reads the declared norm's parameters.
  template <class S>
  Parameters<S> renamed(const BlockSpec& spec, const Parameters<S>& parameters) const;

  Cell cell_;
  const Deviation* deviation_ = nullptr;
  const Fault* fault_ = nullptr;
  const Misreading* misreading_ = nullptr;
  Asked* asked_ = nullptr;
};

extern template Matrix<float> Subject::value_in(const BlockSpec&, const Parameters<float>&,
                                                const Matrix<float>&) const;
extern template Matrix<double> Subject::value_in(const BlockSpec&, const Parameters<double>&,
                                                 const Matrix<double>&) const;
extern template Matrix<Mp100> Subject::value_in(const BlockSpec&, const Parameters<Mp100>&,
                                                const Matrix<Mp100>&) const;
extern template Matrix<Interval120> Subject::value_in(const BlockSpec&, const Parameters<Interval120>&,
                                                      const Matrix<Interval120>&) const;

}  // namespace plumbline::properties
