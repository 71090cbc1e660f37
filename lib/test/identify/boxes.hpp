// Black boxes that hold their own spec: nobody tells them another one, and they tell it to nobody.
#pragma once

#include "plumbline/identify/identify.hpp"
#include "plumbline/spec/deviation.hpp"

namespace plumbline {

struct Box {
  std::string name;
  BlockSpec spec;                    // what it declares: the names of its parameters
  const Deviation* wrong = nullptr;  // what it computes instead
};

// All layouts with both norms and several feed-forwards, each with other positions, masks and numbers; then
// the models among the presets.
std::vector<Box> right_boxes();
std::vector<Box> wrong_boxes();

std::vector<identify::Tensor> tensors_of(const BlockSpec& spec);
BlockSpec computed_by(const Box& box);
identify::BlackBox black_box(const Box& box, const Profile& profile);

}  // namespace plumbline
