// Black boxes that hold their own spec: nobody tells them another one, and they tell it to nobody.
#pragma once

#include <ostream>

#include "plumbline/identify/identify.hpp"
#include "plumbline/spec/deviation.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {

struct Box {
  std::string name;
  BlockSpec spec;                    // what it declares: the names and shapes of its parameters
  const Deviation* wrong = nullptr;  // what it computes instead
};
inline void PrintTo(const Box& box, std::ostream* out) { *out << box.name; }

// All layouts with both norms and both kinds of feed-forward, each with other activations, positions, masks
// and numbers; the models among the presets; then those of alibi_boxes and dyt_boxes.
std::vector<Box> right_boxes();
// Models with ALiBi: causal with four heads, whose number is a power of two; both ways with six; in a window.
std::vector<Box> alibi_boxes();
// Models with dynamic tanh: before the branches, after them, and gated, with other norms on queries, keys.
std::vector<Box> dyt_boxes();
// The presets whose names have that part, each as a small block of box_sizes.
std::vector<Box> preset_boxes(std::string_view part);
// A box that goes wrong: a model, or another one.
Box wrong_box(const char* preset, const char* deviation);
Box wrong_box(Box box, const char* deviation);
// The sizes of the presets.
extern const Dimensions box_sizes;

std::vector<identify::Tensor> tensors_of(const BlockSpec& spec);
BlockSpec computed_by(const Box& box);

// Right ones are the independent block of peer/block.hpp, as far as it computes them; the others are computed
// by the library, in the storage type, float32 or float64.
bool is_independent(const Box& box);
identify::BlackBox black_box(const Box& box, const Profile& profile);

// Whether the candidate gives the same bits as the box's spec does, both in double, whatever the recipe.
bool computes_the_same(const identify::Candidate& candidate, const identify::Anatomy& anatomy,
                       const Box& box);
// The same in enclosures of 60 digits, which meet: what differs can be seen by nobody.
bool is_the_same_function(const identify::Candidate& candidate, const identify::Anatomy& anatomy,
                          const Box& box);

}  // namespace plumbline
