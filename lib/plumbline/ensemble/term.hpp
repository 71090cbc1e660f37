// The terms of a member's error: each stands for a choice that real code makes. A test leaves one out to show
// what it is for: which right answer would be called wrong without it. lib/test/ensemble/ablations_test.cpp
// says for which of them that has been shown.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "plumbline/base/names.hpp"

namespace plumbline {

enum class Term {
  sums,                        // sums round on the way, in an order of their own
  common_factors,              // library functions and constants err alike wherever they are used
  roots,                       // 1 / sqrt(r) is rounded twice, or its root stands on both sides of a product
  powers,                      // a power of a rounded base has the base's error so many times
  angles,                      // the angles of a rotation are rounded before their cosines and sines are
  equal_numbers,               // what is equal is rounded alike
  bias_first,                  // a sum may begin with what is added to it
  sums_go_on,                  // a sum of cotangents may go on from other heads'
  tripled_kinks,               // kinks are decided with the error tripled
  operands_to_one_side,        // TF32 may be truncated
  unstored_probabilities,      // a fused kernel keeps probabilities apart that would be stored as one number
  running_mean,                // variances by Welford's recurrence
  uncentred,                   // sum g (x - mean x) as sum g x - mean x sum g
  stored_result,               // backward, a norm reads its stored result
  mean_of_result,              // and takes the mean of that for 0
  dot_of_stored_output,        // sums of p dp as sums of o do, with the error of the stored o
  dot_summed_apart,            // and that of their own sums
  dot_apart_from_dp,           // and without that of dp
  probabilities_anew,          // backward, p is taken as exp(s - log sum exp s)
  dot_of_first_probabilities,  // and its row sums from the p that went forward
};

template <>
inline Names<Term> names<Term>() {
  using enum Term;
  static constexpr std::pair<Term, std::string_view> table[] = {
      {sums, "sums"},
      {common_factors, "common_factors"},
      {roots, "roots"},
      {powers, "powers"},
      {angles, "angles"},
      {equal_numbers, "equal_numbers"},
      {bias_first, "bias_first"},
      {sums_go_on, "sums_go_on"},
      {tripled_kinks, "tripled_kinks"},
      {operands_to_one_side, "operands_to_one_side"},
      {unstored_probabilities, "unstored_probabilities"},
      {running_mean, "running_mean"},
      {uncentred, "uncentred"},
      {stored_result, "stored_result"},
      {mean_of_result, "mean_of_result"},
      {dot_of_stored_output, "dot_of_stored_output"},
      {dot_summed_apart, "dot_summed_apart"},
      {dot_apart_from_dp, "dot_apart_from_dp"},
      {probabilities_anew, "probabilities_anew"},
      {dot_of_first_probabilities, "dot_of_first_probabilities"}};
  return table;
}

// A set of terms; none, unless some are named.
class Terms {
 public:
  // These; whether one is among them.
  constexpr Terms(std::initializer_list<Term> terms = {}) {
    for (Term t : terms) bits_ |= bit(t);
  }
  constexpr bool has(Term t) const { return bits_ & bit(t); }

 private:
  static constexpr std::uint32_t bit(Term t) { return std::uint32_t(1) << int(t); }
  std::uint32_t bits_ = 0;
};

}  // namespace plumbline
