// chains.md: what deep stacks do to gradients and singular values at initialisation, exact against toy.
#pragma once

#include "reports/chains/depth_record.hpp"
#include "reports/chains/records.hpp"
#include "reports/page.hpp"

namespace plumbline::reports {

Pages chains_pages(const ChainRecords& records, const DepthRecord& depth);

// The founding text's rule of thumb: a layer multiplies the gradient by 1.05, or by 0.8 * 1.05 = 0.84.
Mp50 toy_gain(const std::string& layout, int layers);

// Whether the gradient's length falls through the deepest post-norm stacks, those of all seeds, as the toy
// says, to within a factor of a thousand.
bool loses_length(const ChainRecords& records);

}  // namespace plumbline::reports
