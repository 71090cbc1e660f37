// Golden files against each other, and against enclosures.
#pragma once

#include "golden/generate/file.hpp"

namespace plumbline::golden {

// One value that is not as it should be.
struct Mismatch {
  std::string tensor;
  std::int64_t index;  // -1: the tensor as a whole
  std::string expected, found;
  bool decided = true;  // false: the enclosure holds what was found, and more
};
// "post_norm/plain: y.float32 [3]: expected 0x1.8p+0, found 0x1.9p+0"
std::string to_string(const std::string& id, const Mismatch& place);

// Where two containers differ: tensors, dtypes, shapes, and the bits of each entry; metadata as tensors of
// their key. At most `limit` places.
std::vector<Mismatch> differences(const Container& expected, const Container& found, std::size_t limit = 8);

// Where an enclosure excludes the stored values: it must round to each of them. The outputs of `truth` are
// named as in the file.
std::vector<Mismatch> refuted(const Container& file, const BlockSpec& spec,
                              const std::vector<Certificate>& truth, std::size_t limit = 8);

}  // namespace plumbline::golden
