// What a wrong output holds instead of what is right, where that can be said in a few words.
#pragma once

#include <map>
#include <span>
#include <string>

#include "plumbline/locate/region.hpp"
#include "plumbline/number/matrix.hpp"

namespace plumbline {

// One output tensor as it is and as it should be, entry by entry.
struct Compared {
  std::span<const double> truth, found;
  std::span<const double> limit;  // how far correct code may be from the truth
  View view;                      // of its shape
};

// What the tensor could hold instead, by name: an input, the right values of another output. Of its size.
using Suspects = std::map<std::string, Matrix<double>>;

// What all marked entries hold within their limits: "0", "1.5 times what is right", "the input", "what is
// right of the row 1 before"; empty where nothing fits, or what fits may do so by chance.
std::string fit(const Compared& tensor, const std::vector<bool>& marked, const Suspects& suspects);

// By entry: -log of the probability that an entry is within its limit of the right value by chance, if it
// could be anything in the range of the right values; at most 60 log 2, and 0 where the limit is as wide as
// that range.
std::vector<double> surprises(const Compared& tensor);

// x in three digits: "0.731", "1.2e+07".
std::string three_digits(double x);

}  // namespace plumbline
