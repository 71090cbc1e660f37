// A place where an implementation that keeps every result in memory stores a tensor.
#pragma once

#include <string>

#include "plumbline/base/names.hpp"

namespace plumbline {

// What is stored there.
enum class Site {
  other,
  x,
  y,
  gradient,  // of an input or a parameter, when all is done
  input,     // of a norm or a projection
  variance,
  normalized,
  scaled,
  product,  // of a projection
  output,
  queries,
  keys,
  values,
  rotated_queries,
  rotated_keys,
  products,  // q k
  scores,
  scores_over_cap,
  tanh_scores,
  capped_scores,
  position_bias,
  biased_scores,
  probabilities,
  heads,
  activation,
  gated,
  scaled_branch,
  scaled_residual,
  residual,
  branches,
  squared,
  raised,
  gates,  // of several residual streams: what is read, written and mixed
  read,   // what a sublayer reads of them
  masked_scores,
  shifted,     // of derf: its argument
  weights,     // of a softmax that is read by nothing else
  difference,  // of two directions between which a rule goes a part of the way
  recalled     // what queries read of a state
};
PLUMBLINE_NAMES(Site, {other, ""}, {x, "x"}, {y, "y"}, {gradient, "gradient"}, {input, "input"},
                {variance, "variance"}, {normalized, "normalized"}, {scaled, "scaled"}, {product, "product"},
                {output, "output"}, {queries, "queries"}, {keys, "keys"}, {values, "values"},
                {rotated_queries, "rotated_queries"}, {rotated_keys, "rotated_keys"}, {products, "products"},
                {scores, "scores"}, {scores_over_cap, "scores_over_cap"}, {tanh_scores, "tanh_scores"},
                {capped_scores, "capped_scores"}, {position_bias, "position_bias"},
                {biased_scores, "biased_scores"}, {probabilities, "probabilities"}, {heads, "heads"},
                {activation, "activation"}, {gated, "gated"}, {scaled_branch, "scaled_branch"},
                {scaled_residual, "scaled_residual"}, {residual, "residual"}, {branches, "branches"},
                {squared, "squared"}, {raised, "raised"}, {gates, "gates"}, {read, "read"},
                {masked_scores, "masked_scores"}, {shifted, "shifted"}, {weights, "weights"},
                {difference, "difference"}, {recalled, "recalled"})

// A site in a block, by its path.
struct Place {
  Site site = Site::other;
  std::string path;        // for people, as parameters are called: "layers.0.attn.scores"
  bool on_stream = false;  // the residual stream or one of its norms, and no branch

  // What stands outside of all layers; what stands in one.
  Place(Site site) : site(site), path(name_of(site)) {}
  Place(Site site, std::string path, bool on_stream)
      : site(site), path(std::move(path)), on_stream(on_stream) {}
};

}  // namespace plumbline
