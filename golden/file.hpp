// A golden file: what a case puts in, and the correctly rounded truth that comes out.
//
// Tensors of a container (lib/plumbline/io/safetensors.hpp):
//   x, grad.y and the parameters            inputs, exact in F64
//   y, grad.x, grad.<parameter>              F64, each value the real number rounded once
//   <output>.residual                        F64, what is left of the real number, rounded once: 32 digits in
//   all;
//                                           0 where it is proved to be less than 2^-160 of the number
//   <output>.float32, .bfloat16, .float16    the real number rounded once to that format
// Metadata: plumbline = "1", case = id, settings = the case as JSON, width60 and width120 = bounds of the
// relative width of the enclosures of what is not 0.
#pragma once

#include "golden/case_list.hpp"
#include "plumbline/io/safetensors.hpp"
#include "plumbline/oracle/truth.hpp"

namespace plumbline::golden {

// Computes the case in enclosures of 60 and 120 digits and rounds. Throws Error naming tensor and index where
// an enclosure does not decide a value.
Container golden_file(const GoldenCase& c);

// Whether entry i of that output is 0 by theorem: a bias on keys shifts all scores of a query alike, in those
// channels of a head that are neither normalized nor rotated (ATT-2).
bool is_zero_by_theorem(const BlockSpec& spec, const std::string& output, std::int64_t i);

// One value that is not as it should be.
struct Place {
  std::string tensor;
  std::int64_t index;  // -1: the tensor as a whole
  std::string expected, found;
};
// "post_norm/plain: y.float32 [3]: expected 0x1.8p+0, found 0x1.9p+0"
std::string to_string(const std::string& id, const Place& place);

// Where two containers differ: tensors, dtypes, shapes, and the bits of each entry; metadata as tensors of
// their key. At most `limit` places.
std::vector<Place> differences(const Container& expected, const Container& found, std::size_t limit = 8);

// Where an enclosure excludes the stored values: it must round to each of them. The outputs of `truth` are
// named as in the file.
std::vector<Place> refuted(const Container& file, const BlockSpec& spec,
                           const std::vector<Certificate>& truth, std::size_t limit = 8);

}  // namespace plumbline::golden
