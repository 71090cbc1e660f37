// Claims about the mixers of manifold-constrained hyper-connections, from the record over seeds.
#include <fmt/format.h>

#include <algorithm>

#include "plumbline/base/error.hpp"
#include "reports/claims/claims.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* by_sinkhorn = "sinkhorn";
constexpr const char* by_permutations = "permutations";
constexpr double sharp = 3, gentle = 0.01;  // standard deviations of the logits

// All seeds of that mixer with logits of standard deviation from `low` to `high`.
Seeds mixers(const DepthRecord& r, const char* mixer, const char* field, double low, double high) {
  Seeds all;
  for (const MixerRecord& m : r.mixers)
    if (m.mixer == mixer && m.sigma >= low && m.sigma <= high)
      all.insert(all.end(), m.values.at(field).begin(), m.values.at(field).end());
  if (all.empty()) throw Error("the record has no mixers by " + std::string(mixer));
  return all;
}

Seeds sharp_ones(const DepthRecord& r, const char* field) {
  return mixers(r, by_sinkhorn, field, sharp, 1e300);
}
Seeds every(const DepthRecord& r, const char* mixer, const char* field) {
  return mixers(r, mixer, field, 0, 1e300);
}

std::string mixers_tried(const DepthRecord& r) {
  return fmt::format(
      "4 streams, 20 iterations, eps 1e-6; normal logits of standard deviation {} to {}, products of 60, {} "
      "seeds",
      r.mixers.front().sigma, r.mixers.back().sigma, r.seeds);
}

Claim non_expansive(const DepthRecord& r) {
  return {
      .id = "mhc-non-expansive",
      .says =
          "mHC: mixers made doubly stochastic by 20 Sinkhorn steps, and so their products, are non-expansive",
      .source = "arXiv 2512.24880",
      .if_so = Verdict::refuted,
      .otherwise = Verdict::holds,
      .line =
          "Not with sharp logits (standard deviation 3 or more): rows do not sum to 1 yet. With gentle ones, "
          "as at "
          "initialisation, nearly.",
      .tried = mixers_tried(r),
      .comparisons = {{"sharp, largest spectral norm of a mixer, less 1", most(sharp_ones(r, "norm")) - 1,
                       Relation::at_least, 0.001},
                      {"sharp, largest row sum of a product", most(sharp_ones(r, "product_row_sum")),
                       Relation::at_least, 1.01},
                      {"gentle, largest spectral norm, less 1",
                       most(mixers(r, by_sinkhorn, "norm", 0, gentle)) - 1, Relation::at_most, 0.001}}};
}

Claim gain_near_one(const DepthRecord& r) {
  return {
      .id = "mhc-gain",
      .says = "mHC: the gain of the composed mixers stays near 1 (1.6, where unconstrained ones reach 3000)",
      .source = "arXiv 2512.24880",
      .if_so = Verdict::holds,
      .otherwise = Verdict::refuted,
      .line = "Of random mixers. Those of a trained model are not at hand.",
      .tried = mixers_tried(r),
      .comparisons = {
          {"largest row sum of a product of 60", most(every(r, by_sinkhorn, "product_row_sum")),
           Relation::at_most, 1.6},
          {"largest column sum of one", most(every(r, by_sinkhorn, "column_sum")), Relation::at_most, 1}}};
}

Claim gap_accumulates(const DepthRecord& r) {
  return {.id = "sinkhorn-gap",
          .says = "finitely many Sinkhorn steps leave a gap, and it accumulates with depth",
          .source = "arXiv 2601.05732",
          .if_so = Verdict::holds_with_a_condition,
          .otherwise = Verdict::refuted,
          .line = "With sharp logits (standard deviation 3 or more).",
          .tried = mixers_tried(r),
          .comparisons = {
              {"sharp, largest |row sum − 1| of a mixer", most(sharp_ones(r, "row_gap")), Relation::at_least,
               0.001},
              {"sharp, largest row sum of a product, less 1", most(sharp_ones(r, "product_row_sum")) - 1,
               Relation::at_least, most(sharp_ones(r, "row_gap"))}}};
}

Claim permutations_exact(const DepthRecord& r) {
  return {.id = "mhc-lite-exact",
          .says = "a convex sum of permutations is doubly stochastic exactly",
          .source = "arXiv 2601.05732",
          .if_so = Verdict::holds,
          .otherwise = Verdict::refuted,
          .line = "To the rounding of double, for one mixer and for products of 60.",
          .tried = mixers_tried(r),
          .comparisons = {
              {"largest |row sum − 1|", most(every(r, by_permutations, "row_gap")), Relation::at_most, 1e-12},
              {"largest |column sum − 1|", most(every(r, by_permutations, "column_gap")), Relation::at_most,
               1e-12},
              {"largest spectral norm of a product, less 1",
               most(every(r, by_permutations, "product_norm")) - 1, Relation::at_most, 1e-12}}};
}

Claim transposed_unseen(const DepthRecord& r) {
  return {.id = "transposed-unseen",
          .says = "streams that are alike hide a transposed mixer",
          .source = "NVIDIA-NeMo/Automodel issue 2154, Megatron-LM issue 4957",
          .if_so = Verdict::holds_with_a_condition,
          .otherwise = Verdict::refuted,
          .line =
              "Where the mixer is doubly stochastic: always as a sum of permutations, by Sinkhorn with "
              "gentle logits. "
              "Sharp ones show it, by the row gap.",
          .tried = mixers_tried(r),
          .comparisons = {{"permutations, largest difference over |x|",
                           most(every(r, by_permutations, "transposed")), Relation::at_most, 1e-12},
                          {"Sinkhorn, gentle, the largest",
                           most(mixers(r, by_sinkhorn, "transposed", 0, gentle)), Relation::at_most, 1e-12},
                          {"Sinkhorn, sharp, the largest", most(sharp_ones(r, "transposed")),
                           Relation::at_least, 0.001}}};
}

}  // namespace

std::vector<Claim> mixer_claims(const DepthRecord& r) {
  return {non_expansive(r), gain_near_one(r), gap_accumulates(r), permutations_exact(r),
          transposed_unseen(r)};
}

}  // namespace plumbline::reports
