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
  for (const Scale& scale : picture.legend()) s += line_of(scale) + "\n\n";
  s += fmt::format("[Laws](properties.md) that are tried on it, and hold: {}.\n\n",
                   fmt::join(laws_of(laws, std::string(p.name)), ", "));
  return s;
}

std::string sections(const LawRecords& laws) {
  std::string s;
  for (const Preset& p : presets_that_are_layouts()) s += section(p, laws);
  return s;
}

}  // namespace

Pages layouts_pages(const LawRecords& laws) {
  return {
      {"layouts.md",
       "# Layouts\n\nEvery layout as a picture, as formulas, and with its Jacobian J: a small change v of "
       "the layer's input x changes its output y by J v. LN and RMS are norms, Attn is attention, FFN the "
       "feed-forward network; I is the identity. z stands behind the last layer, after the final norm. "
       "Pictures and formulas are drawn by the code that computes the block, run on boxes and arrows in "
       "place of numbers. Published models are among the [architectures](architectures.md).\n\n" +
           sections(laws)}};
}

}  // namespace plumbline::reports
