#include "properties/subjects/cell.hpp"

#include <algorithm>

namespace plumbline::properties {
namespace {

constexpr NormKind layer_norm = NormKind::layer_norm, rms_norm = NormKind::rms_norm;

std::vector<Cell> all_cells() {
  std::vector<Cell> cells{{"norm", layer_norm}, {"norm", rms_norm}, {"attention", {}}, {"ffn", {}}};
  for (std::string_view layout : every_layout)
    for (NormKind kind : {layer_norm, rms_norm}) cells.push_back({layout, kind});
  return cells;
}

// The cells of those subjects; of one kind of norm where one is given.
std::vector<Cell> cells_of(const Subjects& subjects, std::optional<NormKind> norm) {
  std::vector<Cell> found;
  for (const Cell& cell : cells())
    if (std::ranges::count(subjects, cell.subject) && (!norm || !cell.norm || cell.norm == norm))
      found.push_back(cell);
  return found;
}

Scope of_one_kind(const Subjects& subjects, NormKind kind, std::string_view not_the_other,
                  std::string_view elsewhere) {
  Scope scope{cells_of(subjects, kind), {}};
  const NormKind other = kind == layer_norm ? rms_norm : layer_norm;
  for (std::string_view subject : subjects) scope.gaps.push_back({subject, other, not_the_other});
  scope.gaps.push_back({"", {}, elsewhere});
  return scope;
}

}  // namespace

std::span<const Cell> cells() {
  static const std::vector<Cell> all = all_cells();
  return all;
}

std::string name_of(const Cell& cell) {
  std::string name(cell.subject);
  if (cell.norm) name += *cell.norm == layer_norm ? " layer_norm" : " rms_norm";
  return name;
}

std::ostream& operator<<(std::ostream& out, const Cell& cell) { return out << name_of(cell); }

std::string_view Scope::why_not(const Cell& cell) const {
  if (std::ranges::count(tried, cell)) return "";
  for (const Gap& gap : gaps)
    if ((gap.subject.empty() || gap.subject == cell.subject) && (!gap.norm || gap.norm == cell.norm))
      return gap.why;
  return "";
}

Scope both_norms(const Subjects& subjects, std::string_view elsewhere, std::vector<Gap> gaps) {
  gaps.push_back({"", {}, elsewhere});
  return {cells_of(subjects, {}), gaps};
}
Scope layer_norm_only(const Subjects& subjects, std::string_view not_rms, std::string_view elsewhere) {
  return of_one_kind(subjects, layer_norm, not_rms, elsewhere);
}
Scope rms_norm_only(const Subjects& subjects, std::string_view not_layer_norm, std::string_view elsewhere) {
  return of_one_kind(subjects, rms_norm, not_layer_norm, elsewhere);
}
Scope attention_alone(std::string_view elsewhere) { return both_norms({"attention"}, elsewhere); }
Scope ffn_alone(std::string_view elsewhere) { return both_norms({"ffn"}, elsewhere); }

}  // namespace plumbline::properties
