// Interval test files in the language of ITF1788 (Nehmeier, Heimlich: github.com/oheim/ITF1788): lines
// `operation operand ... = result;`, where an interval is [1.0, 2.0], [empty], [entire] or [nai], and may
// carry a decoration: [0.0, 5.0]_trv.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plumbline/number/enclosure.hpp"

namespace plumbline::itl {

struct Interval {
  double low = 0, high = 0;      // nearest doubles; [NaN, NaN] is the empty set
  std::optional<Domain> domain;  // where the file says: com, dac and def are def

  bool is_empty() const { return low != low; }
};

struct Row {
  int line = 0;
  std::string operation;
  std::vector<Interval> operands;
  std::string text;  // of the result
};

// Rows whose operands are all intervals; the others speak of operations that enclosures do not have.
std::vector<Row> parsed(std::string_view text);

// What a result's text says; none where it is no interval.
std::optional<Interval> interval(const std::string& text);
// "true", "false" or a number.
double number(const std::string& text);

}  // namespace plumbline::itl
