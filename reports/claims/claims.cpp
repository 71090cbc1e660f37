#include "reports/claims/claims.hpp"

#include <algorithm>
#include <iterator>

namespace plumbline::reports {

bool holds(const Comparison& c) {
  return c.relation == Relation::at_most ? c.observed <= c.bound : c.observed >= c.bound;
}

Verdict verdict(const Claim& c) {
  if (c.comparisons.empty() && c.laws.empty()) return Verdict::not_tested;
  return c.laws_hold && std::ranges::all_of(c.comparisons, holds) ? c.if_so : c.otherwise;
}

std::vector<Claim> untested_claims() {
  const auto untested = [](const char* id, const char* says, const char* source, const char* why) {
    return Claim{.id = id,
                 .says = says,
                 .source = source,
                 .if_so = Verdict::not_tested,
                 .otherwise = Verdict::not_tested,
                 .line = why,
                 .tried = {},
                 .comparisons = {}};
  };
  return {
      untested("hidden-states-trained",
               "hidden states of Peri-LN stay linear or quadratic; those of a trained pre-LN network may be "
               "unbounded",
               "arXiv 2510.09904", "Speaks of trained networks."),
      untested("dyt-small-data", "DyT helps at 1 M tokens (loss −27.3 %) and hurts at 118 M (+18.8 %)",
               "arXiv 2604.23434", "Speaks of training."),
      untested("gate-removes-sinks", "a gate after attention removes attention sinks and massive activations",
               "arXiv 2505.06708", "Speaks of training."),
      untested("gpas", "scaling activations while keeping gradients helps, also on sandwich and DeepNorm",
               "arXiv 2506.22049",
               "Speaks of training; its backward pass is not the adjoint of its forward pass, on purpose."),
      untested("hybrid-norm",
               "norms on q, k, v with post-norm in the feed-forward train where pre- and post-norm do not",
               "arXiv 2503.04598", "Speaks of training.")};
}

std::vector<Claim> all_claims(const Evidence& e) {
  std::vector<Claim> all = founding_claims(e);
  for (std::vector<Claim> more : {exact_claims(e), stack_claims(e.depth), mixer_claims(e.depth),
                                  trained_claims(e.training), untested_claims()})
    std::ranges::move(more, std::back_inserter(all));
  for (Claim& c : all)
    c.laws_hold =
        std::ranges::all_of(c.laws, [&](const std::string& id) { return find_law(e.laws, id).holds; });
  return all;
}

}  // namespace plumbline::reports
