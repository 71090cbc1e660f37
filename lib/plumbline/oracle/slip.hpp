// Slips: mistakes in what a block does with one of its tensors, where a deviation is a mistake in what it is.
// A tensor that is stored is written for some rows, heads or channels only, twice, not at all, or read where
// another one is meant; the running sums of a softmax are kept wrongly from tile to tile.
#pragma once

#include <string>
#include <vector>

#include "plumbline/oracle/question.hpp"

namespace plumbline {

struct Slip {
  enum class What {
    none,
    missing,            // 0
    twice,              // 2 u
    halved,             // u / 2
    negated,            // -u
    rows_missing,       // rows from `from` on are 0
    channels_missing,   // columns from `from` on are 0
    previous_row,       // row t - 1 where row t is right, 0 in row 0
    first_row,          // row 0 in every row
    last_row_in_first,  // row 0 holds the last row, all others are 0
    first_head,         // the first head's in every head of a sequence
    only_first_head,    // those of other heads are 0
    previous_call,      // what the last head, sequence or layer has left there
    transposed,
    reads,     // the tensor stored at `other`
    exchange,  // backward: the cotangents of two projections, `other` names the second, change places
    in_bfloat16,
    in_float16,
    // Of every softmax. Tiles of `from` keys; m_k the running maximum up to and with tile k.
    sum_not_rescaled,      // sum exp(s_j - m_k(j)) where exp(s_j - m) is right
    output_not_rescaled,   // sum exp(s_j - m_k(j)) v_j likewise
    neither_rescaled,      // both
    tail_keys_missing,     // keys beyond the last full tile are left out
    later_keys_missing,    // keys from `from` on are left out
    padding_counted,       // the last tile is filled up with keys of score 0
    mask_inverted,         // hidden keys are seen, and seen ones hidden
    mask_added,            // 1 is added to the scores of keys that are seen
    uniform,               // all seen keys weigh alike
    uniform_over_all_keys  // or all keys
  };
  enum class Pass { both, forward, backward };

  What what = What::none;
  std::vector<std::string> places = {};  // of stored tensors; in every layer where they begin with a dot
  Pass pass = Pass::both;
  int from = 0;
  std::string other = {};

  bool is_at(std::string_view place) const;
  bool is_of_softmax() const { return what >= What::sum_not_rescaled; }
};

// A stored tensor: where, and how large. Heads and sequences share a place.
struct Stored {
  std::string name;
  int rows, cols;
};
std::vector<Stored> places_of(const Question& question);

// What a block with that slip answers, in double. Throws Error where it has no value.
Outputs with_slip(const Question& question, const Slip& slip);

// Errors of `count` members that compute it: the answers less the exact one.
std::vector<Outputs> member_errors(const Question& question, const Slip& slip, const Profile& profile,
                                   int count);

}  // namespace plumbline
