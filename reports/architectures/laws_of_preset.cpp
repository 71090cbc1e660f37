#include "reports/architectures/laws_of_preset.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "plumbline/relations/relation.hpp"
#include "plumbline/spec/presets.hpp"
#include "properties/law.hpp"

namespace plumbline::reports {

using properties::Cell;

std::optional<Cell> cell_of(const BlockSpec& s) {
  // Laws of layouts are tried with branches as they are.
  if (s.streams || s.residual_source == ResidualSource::normed || s.branch_scale != 1) return std::nullopt;
  const AttentionNorms& n = s.norm_slots.attn;
  const NormSlot& norm = n.in ? n.in : n.post ? n.post : n.out;
  if (!norm || norm->kind == NormKind::dyt) return std::nullopt;
  BlockSpec unscaled = s;
  unscaled.residual_scale = 1;
  for (const Preset& p : presets_that_are_layouts())
    if (with_layout(unscaled, p.name, *norm) == s) return Cell{p.name, norm->kind};
  return std::nullopt;
}

RelationsOf relations_of(const BlockSpec& s) {
  RelationsOf out;
  BlockSpec layer = s;
  layer.part = Part::block;
  layer.final_norm.reset();
  for (const Relation* r : relations()) {
    const int tokens = s.attention.mask.window ? s.n_layers * *s.attention.mask.window + 2 : 4;
    const auto applies = [&](const BlockSpec& block) {
      return r->applies({.spec = block, .batch = 2, .tokens = tokens, .gradients = r->gradients});
    };
    if (applies(s) || applies(layer))
      out.hold.emplace_back(r->id);
    else
      out.silent.push_back(fmt::format("{} ({})", r->id, r->premise));
  }
  return out;
}

std::string laws_in_words(const Cell& cell) {
  std::vector<std::string_view> tried;
  std::map<std::string_view, std::vector<std::string_view>> others;
  for (const properties::Law& law : properties::all_laws()) {
    const std::string_view why = law.scope.why_not(cell);
    (why.empty() ? tried : others[why]).push_back(law.id);
  }
  std::string s = fmt::format("Tried on it: {}.\n\nNot tried on it:\n\n", fmt::join(tried, ", "));
  for (const auto& [why, laws] : others) s += fmt::format("- {}: {}\n", why, fmt::join(laws, ", "));
  return s + "\n";
}

}  // namespace plumbline::reports
