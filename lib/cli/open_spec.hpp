// The block of the command line, with sizes open where it does not fix them.
#pragma once

#include "cli/block_options.hpp"
#include "plumbline/campaign/spec_template.hpp"

namespace plumbline::cli {

// A preset whose sizes are open where the command line does not fix them, or the template in a file; one that
// names a preset, or a part of it, and no size leaves its sizes open too. Those of presets avoid the points
// at which mistakes hide: odd widths, several heads, grouped heads where the model has them.
SpecTemplate template_of(const BlockOptions& options);

}  // namespace plumbline::cli
