// Which parameters a black box reads, where only sizes are known: it is given all that there could be, under
// the names of block/parameter_shapes.hpp, and those matter whose change changes the answer.
#pragma once

#include "plumbline/identify/black_box.hpp"

namespace plumbline::identify {

// A box that is given tensors of any names and shapes.
using OpenBox = std::function<Answer(const Probe&, const std::vector<Tensor>&)>;

// `sizes`: a stack of which only the sizes count. The bias of k_proj, which often has no effect, is taken to
// be there where that of q_proj is. Throws Error where the box does not answer.
std::vector<Tensor> parameters_read(const OpenBox& box, const BlockSpec& sizes, const Profile& profile);

}  // namespace plumbline::identify
