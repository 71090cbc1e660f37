// Slips: the block is the right one, but something goes wrong with one of its tensors. (A deviation is
// another block.) A tensor that is stored is written for some rows, heads or channels only, twice, not at
// all, or read where another one is meant; the running sums of a softmax are kept wrongly from tile to tile.
#pragma once

#include <string>
#include <vector>

#include "plumbline/cases/question.hpp"

namespace plumbline {

// One slip: what happens, where, and in which pass.
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
    last_head_missing,  // that of the last head is 0
    previous_call,      // what the last head, sequence or layer has left there
    transposed,
    reads,     // the tensor stored at `other`
    exchange,  // backward: the cotangents of two projections, `other` names the second, change places
    in_bfloat16,
    in_float16,
    mean_over_rows,  // of a column: the mean of all rows of the sequence in every row; `from` 1: of all rows
    sum_over_rows,   // or their sum
    // Of an operation: an operand in place of the result, or of the other operand, or twice.
    first_operand,
    second_operand,
    first_for_second,
    second_for_first,
    second_twice,
    second_halved,
    second_negated,
    // Of a sum over the channels of a row.
    of_first_half,      // of the first half of the channels
    of_every_second,    // twice that of every second channel
    of_first_channels,  // of the first `from` channels
    of_full_tiles,      // of the channels in full tiles of `from`: those that are left over are left out
    of_last_tile,       // of the last tile of `from` channels; of a difference: the cotangent of what is
                        // subtracted is
    with_padding,       // of centred squares: channels up to a multiple of `from` are 0, less the mean
    // Of operations that are written by hand: one of a table of wrong ways.
    norm_backward,     // `from` of norm_backwards(), at ".norm_in.normalized" and its "/mul_row"
    turned,            // every rotary embedding, `from` of other_turns(), with `number`
    other_activation,  // every activation, `from` of other_activations(), with `number`
    cut_activation,    // 0 below -number
    // Of every product of matrices, in both passes: sums, term by term, drop what `from` bits do not hold.
    sums_truncated,
    // Of every softmax. Tiles of `from` keys; m_k the running maximum up to and with tile k.
    sum_not_rescaled,       // sum exp(s_j - m_k(j)) where exp(s_j - m) is right
    output_not_rescaled,    // sum exp(s_j - m_k(j)) v_j likewise
    neither_rescaled,       // both
    tail_keys_missing,      // keys beyond the last full tile are left out
    later_keys_missing,     // keys from `from` on are left out
    padding_counted,        // the last tile is filled up with keys of score 0
    mask_inverted,          // hidden keys are seen, and seen ones hidden
    mask_added,             // 1 is added to the scores of keys that are seen
    uniform,                // all seen keys weigh alike
    uniform_over_all_keys,  // or all keys
    unmasked                // hidden keys are seen
  };
  enum class Pass { both, forward, backward };

  What what = What::none;
  // Of stored tensors, or operations: "norm.input/row_sum" is the first sum after norm.input has been stored,
  // "norm.input/row_sum/2" the second. In every layer where they begin with a dot.
  std::vector<std::string> places = {};
  Pass pass = Pass::both;
  int from = 0;
  std::string other = {};
  double number = 0;

  // Whether it changes that place: the names are equal, or `places` has one that begins with a dot and ends
  // the place's. And whether it changes softmaxes.
  bool is_at(std::string_view place) const;
  bool is_of_softmax() const { return what >= What::sum_not_rescaled; }
};

// A stored tensor or the result of an operation: where, and its shape. Heads and sequences share a place.
struct Stored {
  std::string name;
  int rows, cols;
};

// All places of a question, in the order of execution. Throws Error as evaluate does.
std::vector<Stored> places_of(const Question& question);

// What a block with that slip answers, in double; without a slip, the right outputs. Throws Error where it
// has no value or does not apply, and as evaluate does.
Outputs with_slip(const Question& question, const Slip& slip);

// Errors of `count` members that compute it, fixed ones: their answers less the exact one. Throws Error as
// with_slip does.
std::vector<Outputs> member_errors(const Question& question, const Slip& slip, const Profile& profile,
                                   int count);

}  // namespace plumbline
