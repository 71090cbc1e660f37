// The columns of the table law x subject: what a law can be tried on, and why it is not tried on the others.
#pragma once

#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plumbline/block/block_spec.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::properties {

// A part (norm, attention, ffn) or a layout (presets.hpp), and the kind of its norms where it has any.
struct Cell {
  std::string_view subject;
  std::optional<NormKind> norm;
  bool operator==(const Cell&) const = default;
};

// All columns, in the order of the table.
std::span<const Cell> cells();

// "pre_norm rms_norm", or "attention".
std::string name_of(const Cell& cell);
std::ostream& operator<<(std::ostream& out, const Cell& cell);

// Why cells are empty: those of that subject ("" for any) and kind of norm (none for any).
struct Gap {
  std::string_view subject;
  std::optional<NormKind> norm;
  std::string_view why;
};

// Where a law is tried. Each case draws one of the cells; every other cell has a reason, the first gap
// that fits.
struct Scope {
  std::vector<Cell> tried;
  std::vector<Gap> gaps;

  // "" where the law is tried or no gap fits; a test allows only the former.
  std::string_view why_not(const Cell& cell) const;
};

using Subjects = std::vector<std::string_view>;

inline const Subjects every_layout = [] {
  Subjects names;
  for (const Preset& p : presets())
    if (p.is_layout) names.push_back(p.name);
  return names;
}();

Scope both_norms(const Subjects& subjects, std::string_view elsewhere, std::vector<Gap> gaps = {});
Scope layer_norm_only(const Subjects& subjects, std::string_view not_rms, std::string_view elsewhere);
Scope rms_norm_only(const Subjects& subjects, std::string_view not_layer_norm, std::string_view elsewhere);
Scope attention_alone(std::string_view elsewhere);
Scope ffn_alone(std::string_view elsewhere);

}  // namespace plumbline::properties
