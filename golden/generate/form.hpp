// In which forms the truth of an output is stored: its rounding to each format, and what float64 leaves.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plumbline/cases/truth.hpp"
#include "plumbline/number/rounding.hpp"

namespace plumbline::golden {

using Rounding = std::function<std::optional<double>(const Interval120&)>;

struct Form {
  std::string suffix;  // of the tensor's name; "" for float64
  Dtype dtype;
  Rounding round;
};

const std::vector<Form>& forms();

// Whether entry i is 0 by theorem (ATT-2); `name` is that of an output, or of its residual.
// What is added to every key alike shifts all scores of a query alike, and softmax does not see it: the last
// bias on keys has no gradient, in the channels of a head that are not rotated behind it, unless scores are
// capped. What is added to every value alike reaches every output of attention whole: its gradient, where
// attention stands alone, is a sum of products of inputs, which float64 holds, so its residual is 0.
bool is_zero_by_theorem(const BlockSpec& spec, const std::string& name, std::int64_t i);

// The one value that the form has for entry i; none where the enclosure does not decide. What is 0 by theorem
// is 0 where the enclosure holds it.
std::optional<double> value_of(const BlockSpec& spec, const Certificate& c, Eigen::Index i, const Form& form);

}  // namespace plumbline::golden
