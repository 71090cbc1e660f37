// The sections of chains.md that speak of every layout over several seeds, from the record; and their plot.
#pragma once

#include "reports/chains/depth_record.hpp"
#include "reports/page.hpp"

namespace plumbline::reports {

std::string depth_sections(const DepthRecord& record);
Pages depth_plots(const DepthRecord& record);

// "10 seeds, layer_norm and rms_norm, (d, T) = (8, 4), (16, 8) and (32, 8)": what the record's stacks were.
std::string settings_text(const DepthRecord& record);

// Whether a gradient's length falls in post_norm, in geometric mean over its stacks, as the founding text's
// toy chain says, to within a factor of a thousand.
bool shrinks_like_toy(const DepthRecord& record);

// What becomes of a gradient's length in both layouts, beside the founding text's toy chain.
std::string length_sentence(const DepthRecord& record);

// Whether every post_norm stack keeps a smaller share of its directions than every pre_norm stack, at
// Xavier initialisation with both branches; and the sentence that says how much each of them keeps.
bool loses_rank(const DepthRecord& record);
std::string kept_sentence(const DepthRecord& record);

}  // namespace plumbline::reports
