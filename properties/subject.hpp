// What the laws are tried on: the reference block, or a mutant of it that computes a deviation of the
// declared spec.
#pragma once

#include <vector>

#include "plumbline/algebra/interval.hpp"
#include "plumbline/block/evaluate.hpp"
#include "plumbline/oracle/deviate.hpp"

namespace plumbline::properties {

// An identity holds where the enclosure of its residual contains 0; no tolerance is needed. At 60 digits an
// enclosure is so narrow that a deviation cannot hide in it; the mutants prove that.
using I = Interval60;

// A declared spec with parameters and an input, all exact.
struct Instance {
  BlockSpec spec;
  Parameters<I> parameters;
  Matrix<I> x;
};

class Subject {
 public:
  explicit Subject(const Deviation* mutant = nullptr) : mutant_(mutant) {}

  template <class S>
  Matrix<S> value(const BlockSpec& spec, const Parameters<S>& parameters, const Matrix<S>& x) const {
    return evaluate(observed(spec), renamed(parameters), x);
  }
  Matrix<I> value(const Instance& at) const { return value(at.spec, at.parameters, at.x); }
  Matrix<I> value(const Instance& at, const Matrix<I>& x) const { return value(at.spec, at.parameters, x); }
  Gradients<I> pull_back(const Instance& at, const Matrix<I>& cotangent) const {
    return gradients(observed(at.spec), renamed(at.parameters), at.x, cotangent);
  }
  Matrix<I> push_forward(const Instance& at, const Matrix<I>& dx) const {
    return tangent(observed(at.spec), renamed(at.parameters), at.x, dx);
  }
  Matrix<I> jacobian_at(const Instance& at) const {
    return jacobian(observed(at.spec), renamed(at.parameters), at.x);
  }

  // Whether the subject is a mutant that leaves this spec as it is.
  bool is_unchanged(const BlockSpec& spec) const { return !mutant_ || !mutant_->applies_to(spec); }

 private:
  BlockSpec observed(BlockSpec spec) const {
    if (mutant_) mutant_->apply(spec);
    return spec;
  }
  template <class S>
  Parameters<S> renamed(const Parameters<S>& parameters) const {
    return mutant_ ? as_read_by(*mutant_, parameters) : parameters;
  }

  const Deviation* mutant_;
};

}  // namespace plumbline::properties
