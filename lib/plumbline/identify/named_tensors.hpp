// The tensors of a black box by what they are for: which there are, and their shapes.
#pragma once

#include "plumbline/identify/anatomy.hpp"
#include "plumbline/identify/roles.hpp"

namespace plumbline::identify {

// A shape as text; Error that says what was expected of a tensor instead of its shape.
std::string described(const std::vector<std::int64_t>& shape);
[[noreturn]] void fail(const Tensor& tensor, const std::string& expected);

// A tensor and what its name says.
struct Named {
  const Tensor* tensor;
  ParameterName name;
};

// All of them. What is found is the first layer's; in a mixture, the first expert's.
class NamedTensors {
 protected:
  bool has(NamedRole role) const { return find(role, NamedKind::weight) != nullptr; }
  const Tensor* find(NamedRole role, NamedKind kind) const;
  // The weight of that expert.
  const Tensor* find_in(const std::string& expert, NamedRole role) const;
  // Throw Error where there is none, or where it has another number of dimensions.
  const Tensor& matrix(NamedRole role) const;
  int rows(NamedRole role) const { return int(matrix(role).shape[0]); }
  int cols(NamedRole role) const { return int(matrix(role).shape[1]); }
  static int vector(const Tensor& t);
  bool bias(NamedRole role) const { return find(role, NamedKind::bias) != nullptr; }
  static bool& flag(NormParameters& has, NamedKind kind);
  NormSlot norm_of(NamedRole role) const;
  // Of a norm on queries, keys or values, as far as its parameters tell: 0 where it has alpha alone.
  int norm_width_of(NamedRole role) const;

  std::vector<Named> parts_;
};

}  // namespace plumbline::identify
