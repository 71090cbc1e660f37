// A golden file: what a case puts in, and the correctly rounded truth that comes out.
//
// Tensors of a container (lib/plumbline/io/safetensors.hpp):
//   x, grad.y and the parameters            inputs, exact in F64
//   y, grad.x, grad.<parameter>              F64, each value the real number rounded once
//   <output>.residual                        F64, what is left of the real number, rounded once: 32 digits in
//                                           all
//   <output>.float32, .bfloat16, .float16    the real number rounded once to that format
// Metadata: plumbline = "1", case = id, settings = the case as JSON, width60 and width120 = bounds of the
// relative width of the enclosures of what is not 0.
#pragma once

#include "golden/generate/case_list.hpp"
#include "plumbline/cases/truth.hpp"
#include "plumbline/io/safetensors.hpp"

namespace plumbline::golden {

// Computes the case in enclosures of 60 and 120 digits and rounds. Throws Error naming tensor and index where
// an enclosure does not decide a value.
Container golden_file(const GoldenCase& c);

}  // namespace plumbline::golden
