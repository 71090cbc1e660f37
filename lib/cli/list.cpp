// plumbline list presets
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "cli/verbs.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::cli {
namespace {

void list_presets() {
  std::size_t width = 0;
  for (const Preset& p : presets()) width = std::max(width, p.name.size());
  for (const bool layouts : {true, false}) {
    std::cout << (layouts ? "layouts: where the norms stand\n" : "\nmodels: a layout and everything else\n");
    for (const Preset& p : presets())
      if (p.is_layout == layouts)
        std::cout << fmt::format("  {:<{}}  {} ({})\n", p.name, width, p.summary, p.source);
  }
}

}  // namespace

void add_list(CLI::App& app) {
  CLI::App* list = app.add_subcommand("list", "What there is to choose from");
  list->require_subcommand(1);
  list->add_subcommand("presets", "Named blocks, each with a summary and its source")->callback(list_presets);
}

}  // namespace plumbline::cli
