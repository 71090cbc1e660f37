// What is proved about a case: enclosures of y and of all gradients, at two precisions.
#pragma once

#include <string>
#include <vector>

#include "plumbline/cases/case.hpp"
#include "plumbline/number/interval.hpp"

namespace plumbline {

// What is proved about one tensor.
struct Certificate {
  std::string name;
  Matrix<Interval120> value;
  End width60 = 0, width120 = 0;  // upper bounds of the relative width, over entries that are not 0
  int zeros = 0;                  // entries whose enclosure holds 0
  End largest_zero = 0;           // and the largest magnitude that such an entry can have
  std::string why_not = {};       // nothing is proved; empty otherwise
};

// y, grad.x (grad.q of sdpa) and grad.<parameter> by name. Throws Error where a value has no finite
// enclosure, and as evaluate does.
std::vector<Certificate> certificates(const CaseSettings& settings);
std::vector<Certificate> certificates(const BlockSpec& spec, const CaseInputs& inputs, int batch);
// The same, save that gradients without a finite enclosure say why: y may have a value where they have none.
// The cotangent may be empty: then it is y alone.
std::vector<Certificate> what_is_proved(const BlockSpec& spec, const CaseInputs& inputs, int batch);

}  // namespace plumbline
