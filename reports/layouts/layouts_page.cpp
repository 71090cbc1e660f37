#include "reports/layouts/layouts_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "plumbline/explain/picture.hpp"
#include "plumbline/spec/presets.hpp"
#include "reports/render/markdown.hpp"

namespace plumbline::reports {
namespace {

std::string lines(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& line : all) text += line + "\n";
  return text;
}

std::string section(const Preset& p, const LawRecords& laws) {
  const Picture picture = picture_of(p.make({}));
  std::string s = fmt::format("## {}\n\n{}. Source: {}.", p.name, p.summary, p.source);
  if (!p.used_by.empty()) s += fmt::format(" Used by {}.", p.used_by);
  s += "\n\n" + fenced(ascii(picture)) +
       fenced(lines(formulas(picture, Notation::text)) + "\n" + jacobian_formula(picture, Notation::text) +
              "\n");
  for (const auto& [name, value] : picture.legend()) s += fmt::format("{} = {}\n\n", name, value);
  if (p.is_layout)
    s += fmt::format("Laws that are tried on it, and hold: {}.\n\n",
                     fmt::join(laws_of(laws, std::string(p.name)), ", "));
  return s;
}

std::string group(bool layouts, const LawRecords& laws) {
  std::string s;
  for (const Preset& p : presets())
    if (p.is_layout == layouts) s += section(p, laws);
  return s;
}

}  // namespace

Pages layouts_pages(const LawRecords& laws) {
  return {{"layouts.md",
           "# Layouts\n\nPictures, formulas and Jacobians (of one layer, y in x) are drawn by the code that "
           "computes the block, run over\n"
           "an algebra whose tensors are boxes. First the layouts, then published models.\n\n" +
               group(true, laws) + group(false, laws)}};
}

}  // namespace plumbline::reports
