// One preset in the place of another: whether the judge notices that another block answers.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plumbline/cases/question.hpp"
#include "plumbline/judge/verdict.hpp"
#include "plumbline/spec/json.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {

// What another block reads in place of each parameter of its own: one of the question's, or, where that has
// none, a constant that changes nothing: a gain of 1, a bias of 0.
struct ReadInstead {
  std::string name;
  double constant = 0;  // where the name is empty
};
using Reading = std::vector<std::pair<ParameterShape, ReadInstead>>;

// Tensors of the same name and shape; then norms of the stream in their order, wherever either block has
// them. Nothing where the other block needs a tensor that is neither, or another number of streams: that
// shows in names and shapes, before anything is judged.
std::optional<Reading> reading_of(const BlockSpec& other, const BlockSpec& asked);

// What the other block answers to that question, in double and rounded to float32; 0 is the gradient of what
// it does not read.
Outputs answer_instead(const BlockSpec& other, const Reading& reading, const Question& question);

// Whether both compute the same of a question of every recipe, as far as 60 digits tell: the enclosures of
// each value and of each gradient meet, and none is wide.
bool is_the_same_function(const BlockSpec& other, const Reading& reading, const BlockSpec& asked);

// Another preset's answer to one's question.
struct Swap {
  std::string answers;
  Finding finding;
  double change;      // |y - y'| / |y|
  bool same = false;  // it computes the same function; not asked where it was noticed
};

// What came of one preset's question, in single precision, where eps and bases show: its own answer, and
// that of every other one.
struct Swaps {
  std::string asked;
  Finding own;
  int other_tensors = 0;
  std::vector<Swap> judged;
};
Swaps swaps_of(const Preset& asked, std::span<const std::string> others);

// A line of the record.
Json to_json(const Swaps& swaps);

}  // namespace plumbline
