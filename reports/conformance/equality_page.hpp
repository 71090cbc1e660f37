// equality.md: layers of transformers, as their own code computes them, judged with the spec and the
// parameters that the reader of folders finds. Made from the record of checkpoints.py alone.
#pragma once

#include <filesystem>
#include <optional>

#include "reports/page.hpp"

namespace plumbline::reports {

// What came of one model in one arithmetic; layers: "each" or "stack".
struct EqualityRow {
  std::string model, layer_class, layers, dtype, attention, verdict, said;
  std::string transformers, torch, rule, machine;
  bool gradients = false;
  int judged = 0, shown = 0, mistakes = 0;  // layers; of how many known mistakes how many would have shown
  std::optional<double> change = {};        // the least relative change of a tensor that would have
  std::string place = {};
};

// Why a verdict is what it is, where a row's model and what it says have these words.
struct EqualityReason {
  std::string model, says, why;
};

struct EqualityRecord {
  std::vector<EqualityRow> rows;
  std::vector<EqualityReason> reasons;
};

// Throws Error naming the file that is not as checkpoints.py writes it.
EqualityRecord read_equality(const std::filesystem::path& folder);
// reports/conformance/equality of the source.
std::filesystem::path equality_folder();

Pages equality_pages(const EqualityRecord& record);

}  // namespace plumbline::reports
