// In which forms the truth of an output is stored: its rounding to each format, and what float64 leaves.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plumbline/io/dtype.hpp"
#include "plumbline/oracle/truth.hpp"

namespace plumbline::golden {

using Rounding = std::function<std::optional<double>(const Interval120&)>;

struct Form {
  std::string suffix;  // of the tensor's name; "" for float64
  Dtype dtype;
  Rounding round;
};

const std::vector<Form>& forms();

// Whether entry i of that output is 0 by theorem: a bias on keys shifts all scores of a query alike, in those
// channels of a head that are neither normalized nor rotated, where scores are not capped (ATT-2).
bool is_zero_by_theorem(const BlockSpec& spec, const std::string& output, std::int64_t i);

// The one value that the form has for entry i; none where the enclosure does not decide. 0 where the
// enclosure cannot be told from 0 and the truth is 0 by theorem.
std::optional<double> value_of(const BlockSpec& spec, const Certificate& c, Eigen::Index i, const Form& form);

}  // namespace plumbline::golden
