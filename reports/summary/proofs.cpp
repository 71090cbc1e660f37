#include "reports/summary/proofs.hpp"

#include <fmt/format.h>

#include "reports/chains/records.hpp"
#include "reports/render/markdown.hpp"

namespace plumbline::reports {

std::string proofs(const DepthRecord& depth, const TrainingFiles& training) {
  return "## How each statement is proved\n\nEverything on these pages is the output of a run. An "
         "*enclosure* "
         "is an interval that is proved to contain the exact number.\n\n" +
         table(
             {"statement", "how it comes about", "proved or sampled"}, "lll",
             {{"formulas of layouts and Jacobians", "read off the code that computes the block",
               "each random block that is tried is a proof for that block; the blocks are sampled"},
              {"laws, golden values, one layer", "enclosures of 60 and 120 digits",
               "proved, for the blocks that were tried"},
              {"output rows of deep stacks", "50 digits; the last layer in enclosures", "sampled: one seed"},
              {"gradients and kept directions, one size", "50 and 100 digits",
               fmt::format("sampled: {} seeds for gradients, one for directions", seeds.size())},
              {"the same in every layout and size", "float64; products of Jacobians are held as QR",
               fmt::format("sampled: {} seeds", depth.seeds)},
              {"training", "float32 with sums in a fixed order; repeatable bit for bit",
               fmt::format("sampled: {} seeds; small models, short runs", training.map.seeds().size())},
              {"verdicts on frameworks", "a statistical test, whose false alarms are measured",
               "sampled: so many questions of each kind"}});
}

}  // namespace plumbline::reports
