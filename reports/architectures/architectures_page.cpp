#include "reports/architectures/architectures_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "plumbline/exchange/exchange.hpp"
#include "plumbline/explain/picture.hpp"
#include "reports/architectures/families.hpp"
#include "reports/architectures/laws_of_preset.hpp"
#include "reports/architectures/neighbours.hpp"
#include "reports/architectures/swaps_section.hpp"
#include "reports/render/markdown.hpp"

namespace plumbline::reports {
using properties::Cell;
namespace {

std::string page_of(const Preset& p) { return fmt::format("{}.md#{}", family_of(p.make()).name, p.name); }

std::string anchor(const Cell& cell) {
  std::string name = properties::name_of(cell);
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string heads_in_words(const AttentionSpec& a) {
  if (a.latent) return "latent";
  if (a.n_kv_heads == a.n_heads) return "all";
  return a.n_kv_heads == 1 ? "one" : "grouped";
}

std::string mask_in_words(const MaskSpec& m) {
  switch (m.kind) {
    case MaskKind::causal: return "past";
    case MaskKind::bidirectional: return "all";
    case MaskKind::causal_sliding: return fmt::format("past {}", *m.window);
    case MaskKind::causal_chunked: return fmt::format("chunk {}", *m.window);
    case MaskKind::sliding: return fmt::format("near {}", *m.window);
  }
  return "";
}

std::string positions_in_words(const BlockSpec& s) {
  const PositionSpec& p = s.position;
  if (p.bias) return "ALiBi";
  if (p.buckets) return "buckets";
  if (!p.rope) return "";
  const int whole = s.attention.latent ? s.attention.latent->rope_dim : s.attention.head_dim;
  std::string text = p.rope->rotary_dim < whole ? "RoPE of some" : "RoPE";
  if (p.rope->scaling) text += fmt::format(", {}", name_of(p.rope->scaling->kind));
  return text;
}

std::string feed_forward_in_words(const FeedForwardSpec& f) {
  std::string text =
      fmt::format("{}{}{}", name_of(f.activation), f.squared ? "²" : "", is_gated(f) ? " glu" : "");
  if (f.moe) text += fmt::format(", {} of {}", f.moe->top_k, f.moe->experts);
  return text;
}

Row overview_row(const Preset& p) {
  // Where heads are many, all fractions show.
  const BlockSpec s = p.make({.n_heads = 144, .head_dim = 60});
  const std::optional<Cell> cell = cell_of(s);
  return {fmt::format("[{}](architectures/{})", p.name, page_of(p)),
          cell ? properties::name_of(*cell) : "",
          heads_in_words(s.attention),
          mask_in_words(s.attention.mask),
          positions_in_words(s),
          feed_forward_in_words(s.ffn)};
}

std::string separated(const Preset& p) {
  const Preset& nearest = nearest_to(p);
  std::vector<Row> rows;
  for (const Difference& d : differences(p.make(), nearest.make()))
    rows.push_back({fmt::format("`{}`", d.knob), fmt::format("`{}`", d.own), fmt::format("`{}`", d.other)});
  return fmt::format("Nearest: [{}]({}).\n\n", nearest.name, page_of(nearest)) +
         table({"knob", "here", "there"}, "lll", rows) + "\n";
}

// Of all experts the first is shown.
std::string tensors(const BlockSpec& s) {
  std::size_t width = 0;
  std::vector<std::pair<std::string, std::string>> lines;
  for (const ExchangedTensor& t : question_tensors(s, {1, 64, 64}, false)) {
    std::string name = t.name;
    if (const std::size_t at = name.find(".experts."); at != std::string::npos) {
      if (!name.substr(at + 9).starts_with("0.")) continue;
      name.replace(at + 9, 1, fmt::format("0..{}", s.ffn.moe->experts - 1));
    }
    width = std::max(width, name.size());
    lines.emplace_back(name, fmt::format("{}", t.shape));
  }
  std::string out;
  for (const auto& [name, shape] : lines) out += fmt::format("{:<{}}  {}\n", name, width, shape);
  return out;
}

std::string drawn(const BlockSpec& s) {
  const Picture picture = picture_of(s);
  std::string formula;
  for (const std::string& line : formulas(picture, Notation::text)) formula += line + "\n";
  if (!picture.several_streams) formula += "\n" + jacobian_formula(picture, Notation::text) + "\n";
  std::string out = (picture.has_stream() ? fenced(ascii(picture)) : "") + fenced(formula);
  for (const Scale& scale : picture.legend()) out += line_of(scale) + "\n\n";
  for (const std::string& remark : picture.remarks()) out += remark + "\n\n";
  return out;
}

std::string laws(const BlockSpec& s) {
  const RelationsOf of = relations_of(s);
  const std::optional<Cell> cell = cell_of(s);
  std::string out = fmt::format("Relations that hold: {}. ", fmt::join(of.hold, ", "));
  if (!of.silent.empty()) out += fmt::format("Of other blocks: {}. ", fmt::join(of.silent, "; "));
  out += cell ? fmt::format("Its layout has the laws of [{}](../architectures.md#{}).",
                            properties::name_of(*cell), anchor(*cell))
              : "No law speaks of its layout as a whole: it is none of the columns.";
  return out + "\n\n";
}

std::string section(const Preset& p) {
  const BlockSpec s = p.small();
  std::string out = fmt::format("## {}\n\n{}. Source: {}.", p.name, p.summary, p.source);
  if (!p.used_by.empty()) out += fmt::format(" Used by {}.", p.used_by);
  return out + "\n\n" + drawn(s) + separated(p) + fenced(tensors(s)) + laws(s);
}

std::string overview() {
  std::string s = fmt::format(
      "# Architectures\n\nThe {} presets: blocks that have names. Each is drawn in the page of its family by "
      "the code "
      "that computes it; `plumbline explain --preset NAME` shows it too. Layouts say where the norms stand, "
      "and are "
      "functions; models are files of `lib/plumbline/spec/presets`. Columns: the layout and norm under which "
      "laws know "
      "it, which heads have keys of their own, which keys a query sees, positions, the feed-forward.\n\n",
      presets().size());
  for (const Family& f : families()) {
    std::vector<Row> rows;
    for (const Preset& p : presets())
      if (family_of(p.make()).name == f.name) rows.push_back(overview_row(p));
    s += fmt::format("## {}\n\n", f.title) +
         table({"preset", "laws", "keys", "sees", "positions", "feed-forward"}, "llllll", rows) + "\n";
  }
  s += "## Laws by layout\n\nDerived from the [table of laws](properties.md). What is tried on a layout is "
       "tried on "
       "random blocks that have it; relations are tried on every preset itself.\n\n";
  std::set<std::string> seen;
  for (const Preset& p : presets())
    if (const std::optional<Cell> cell = cell_of(p.make());
        cell && seen.insert(properties::name_of(*cell)).second)
      s += fmt::format("### {}\n\n", anchor(*cell)) + laws_in_words(*cell);
  return s;
}

}  // namespace

Pages architectures_pages(const Json& swaps) {
  Pages pages{{"architectures.md", overview() + swaps_section(swaps)}};
  for (const Family& f : families()) {
    std::string s = fmt::format(
        "# {}\n\n[All architectures](../architectures.md). Dimensions are small ones; of published numbers "
        "that are "
        "large, experts and windows, small ones are drawn too.\n\n",
        f.title);
    for (const Preset& p : presets())
      if (family_of(p.make()).name == f.name) s += section(p);
    pages.push_back({fmt::format("architectures/{}.md", f.name), s});
  }
  return pages;
}

}  // namespace plumbline::reports
