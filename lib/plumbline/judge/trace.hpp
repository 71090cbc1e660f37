// Every stored tensor of the exact block (a tap), and how the outputs change when one of them is changed.
// One backward pass with weights w on the outputs gives the adjoint of every tap: <w, change of the outputs>
// is <adjoint, change of the tap>, to first order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plumbline/base/parallel.hpp"
#include "plumbline/cases/question.hpp"

namespace plumbline {

// One matrix per tensor of a list of tensors: outputs, taps.
using Scores = std::vector<Matrix<double>>;

// A stored tensor.
struct Tap {
  std::string place;         // "layers.0.attn.scores"; heads and sequences share one place
  Matrix<double> value;      // u
  Matrix<double> cotangent;  // the gradient of <grad.y, y> in u; empty where no gradients are asked for
};

// The taps of one question, and a tape to play back. One call at a time.
class Trace {
 public:
  // Runs the block forward, and backward from fixed weights: a tensor is a tap if y depends on it. Throws
  // Error where a parameter is missing or a query sees no key; shapes are not checked. The question must
  // outlive the trace. Parameters are shared with `like`, another trace of the question, if there is one.
  explicit Trace(const Question& question, const Trace* like = nullptr);
  Trace(const Trace&) = delete;  // its tape points to itself
  ~Trace();

  // Two stores of one value with one adjoint are one tap.
  const std::vector<Tap>& taps() const { return taps_; }

  // For each w the adjoints of <w, y>, one per tap. The cost of many is far less than many times that of one.
  std::vector<Scores> adjoints(const std::vector<Matrix<double>>& w);

  // For each w, weights on all outputs (in the order of output_names). `value` are the adjoints of <w,
  // outputs>, for changes of the taps' values; `cotangent` those for changes of the taps' cotangents. The
  // gradients are linear in the tangents: with J' the derivative of the gradients, <w, J' du> is the tangent,
  // along w, of the gradient in u.
  struct Both {
    Scores value, cotangent;
  };
  std::vector<Both> adjoints_of_all(const std::vector<Scores>& w) const;

 private:
  struct Forward;
  const Question* question_;
  std::unique_ptr<Forward> forward_;
  std::vector<int> kept_;  // which stores are taps
  std::vector<Tap> taps_;
};

// For each place J u: the change of y, to first order, when all tensors u stored there change by their own
// values.
//   shapes: [B T, width of y]; 0 where nothing is stored there
//   bad input: throws Error where a parameter is missing or a query sees no key; shapes are not checked
std::vector<Matrix<double>> responses(const Question& question, const std::vector<std::string>& places,
                                      int threads = processor_threads());

}  // namespace plumbline
