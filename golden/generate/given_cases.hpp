// Golden cases of what a question says of its keys: masks as tensors, lengths, segments, keys of a cache.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plumbline/block/block_spec.hpp"

namespace plumbline::golden {

struct GivenCase {
  std::string id;
  BlockSpec spec;
  int tokens, batch;
  std::optional<int> key_tokens = {};
};

// Each kind of them once, and what has masks of its own.
std::vector<GivenCase> given_cases();

}  // namespace plumbline::golden
