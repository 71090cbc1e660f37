// plumbline list presets | deviations | profiles | laws
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "cli/verbs.hpp"
#include "plumbline/relations/relation.hpp"
#include "plumbline/spec/deviation.hpp"
#include "plumbline/spec/presets.hpp"
#include "plumbline/spec/profile.hpp"

namespace plumbline::cli {
namespace {

void list_presets(bool common) {
  for (const bool layouts : {true, false}) {
    const auto is_listed = [&](const Preset& p) { return p.is_layout == layouts && (p.common || !common); };
    std::size_t width = 0;
    for (const Preset& p : presets())
      if (is_listed(p)) width = std::max(width, p.name.size());
    std::cout << (layouts ? "layouts: where the norms stand\n" : "\nmodels: a layout and everything else\n");
    for (const Preset& p : presets())
      if (is_listed(p)) std::cout << fmt::format("  {:<{}}  {} ({})\n", p.name, width, p.summary, p.source);
  }
}

// The mistakes that a verdict can name.
void list_deviations() {
  std::size_t width = 0;
  for (const Deviation& d : deviations()) width = std::max(width, d.id.size());
  for (const Deviation& d : deviations())
    std::cout << fmt::format("{:<{}}  {}{}\n", d.id, width, d.formula,
                             d.bug.empty() ? "" : fmt::format(" ({})", d.bug));
}

void list_profiles() {
  std::size_t width = 0;
  for (const Profile& p : profiles()) width = std::max(width, p.name.size());
  for (const Profile& p : profiles())
    std::cout << fmt::format(
        "{:<{}}  stored as {}, sums in {} (over tokens: {}), norms in {}, softmax in {}{}{}{}\n", p.name,
        width, name_of(p.storage), name_of(p.accumulator), name_of(p.token_sums), name_of(p.statistics),
        name_of(p.softmax),
        name_of(p.products) == name_of(p.storage) ? "" : fmt::format(", products of {}", name_of(p.products)),
        p.branches == p.storage ? "" : fmt::format(", branches stored as {}", name_of(p.branches)),
        p.cast_order == CastOrder::stores ? ", rounded where a kernel ends" : ", every operation rounded");
}

// What `verify` tries beside its questions.
void list_laws() {
  std::size_t width = 0;
  for (const Relation* r : relations()) width = std::max(width, r->id.size());
  for (const Relation* r : relations())
    std::cout << fmt::format("{:<{}}  {} ({}{})\n", r->id, width, r->statement, r->premise,
                             r->promise.empty() ? "" : fmt::format("; with {}", r->promise));
}

void add_list(CLI::App& app, int&) {
  CLI::App* list = app.add_subcommand("list", "What there is to choose from");
  list->require_subcommand(1);
  const auto common = std::make_shared<bool>(false);
  CLI::App* named = list->add_subcommand("presets", "Named blocks, each with a summary and its source");
  named->add_flag("--common", *common, "Only those that suites and measurements ask for when none is named");
  named->callback([common] { list_presets(*common); });
  list->add_subcommand("deviations", "Mistakes that a verdict can name: id, formula, a report of it")
      ->callback(list_deviations);
  list->add_subcommand("profiles", "Arithmetics that an implementation can claim")->callback(list_profiles);
  list->add_subcommand("laws", "Laws that verify tries: id, what they say, of which blocks")
      ->callback(list_laws);
}

const Verb list_verb{10, add_list};

}  // namespace
}  // namespace plumbline::cli
