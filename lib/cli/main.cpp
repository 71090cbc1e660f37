// plumbline: exit status 0 ok, 1 what was compared differs, 2 misuse or unreadable input, 3 a fault of its
// own; of the last two, one line on stderr says what.
#include <algorithm>
#include <cctype>
#include <iostream>
#include <optional>
#include <string>

#include "cli/tally.hpp"
#include "cli/verbs.hpp"
#include "plumbline/base/error.hpp"
#include "plumbline/base/excerpt.hpp"
#include "plumbline/base/nearest.hpp"
#include "plumbline/io/process.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::cli {
namespace {

// What registers itself before main() may do so before any variable of this file exists.
std::vector<Verb>& registered() {
  static std::vector<Verb> all;
  return all;
}

void describe(CLI::App& app) {
  app.name("plumbline");
  app.description(
      "plumbline: what a transformer residual block computes, exactly.\n"
      "A block is described by a preset (plumbline list presets) or by a JSON file.");
  app.footer(
      "Examples:\n"
      "  plumbline list presets\n"
      "  plumbline explain --preset post_norm\n"
      "  plumbline explain --preset llama --d 4096 --n-layers 32 --n-heads 32 --d-ff 11008\n"
      "  plumbline truth case.json\n"
      "  plumbline verify --preset llama -- python3 my_block.py\n"
      "  plumbline identify --d 24 -- python3 my_block.py\n"
      "  plumbline train --layout post_norm --layers 48\n"
      "\nExit status: 0 ok, 1 some verdict is not \"agrees\" or a report differs from what a run generates,\n"
      "or no case was judged, 2 misuse or unreadable input, 3 a fault of Plumbline's own (one line on stderr "
      "says "
      "what).");
  app.require_subcommand(1);
  app.set_version_flag("--version", "plumbline " PLUMBLINE_VERSION);
}

std::vector<const CLI::App*> all_verbs(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

const CLI::App* verb_of(const CLI::App& app, const std::string& name) {
  for (const CLI::App* verb : all_verbs(app))
    if (verb->get_name() == name) return verb;
  return nullptr;
}

std::string names_of_verbs(const CLI::App& app) {
  std::string names;
  for (const CLI::App* verb : all_verbs(app)) names += (names.empty() ? "" : ", ") + verb->get_name();
  return names;
}

// What was wrong with the command line, in one sentence.
std::string reason(const CLI::App& app, const CLI::ParseError& e) {
  const auto unexpected = app.remaining();
  if (!unexpected.empty() && app.get_subcommands().empty())
    return "unknown verb " + shown(unexpected.front()) + "; known are " + names_of_verbs(app);
  return e.what();
}

int fail(std::string message, int status = exit_code::misuse) {
  constexpr std::size_t longest = 1000;  // somebody's file may stand in it as a word
  message = message.substr(0, message.find('\n'));
  if (message.size() > longest) message = message.substr(0, longest) + "...";
  std::cerr << "plumbline: " << message << "\n";
  return status;
}

// The first word before "--" that looks like an option and is none of the verb's; what is misspelt would be
// taken for the command's otherwise, or the command for what is wrong.
std::optional<std::string> unknown_option(const CLI::App& verb, int argc, char** argv) {
  std::vector<std::string> known;
  for (const CLI::Option* o : verb.get_options())
    for (const std::string& name : o->get_lnames()) known.push_back("--" + name);
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i], name = word.substr(0, word.find('='));
    if (word == "--") break;
    const bool is_option =
        word.size() > 1 && word[0] == '-' && !std::isdigit(static_cast<unsigned char>(word[1]));
    if (!is_option || name == "-h" || std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::vector<std::string_view> names(known.begin(), known.end());
    return "unknown option " + shown(name) + "; " + suggestion(name, names);
  }
  return std::nullopt;
}

// The subcommand that the user was in when the parse failed, for the hint.
std::string help_command(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return "plumbline " + (chosen.empty() ? "" : chosen.front()->get_name() + " ") + "--help";
}

}  // namespace

Verb::Verb(int place, AddVerb add) : place(place), add(add) { registered().push_back(*this); }

std::vector<Verb> verbs() {
  std::vector<Verb> all = registered();
  std::sort(all.begin(), all.end(), [](const Verb& a, const Verb& b) { return a.place < b.place; });
  return all;
}

int run(int argc, char** argv) {
  CLI::App app;
  int status = 0;
  for (const Verb& verb : verbs()) verb.add(app, status);
  describe(app);  // last: verbs would inherit the footer
  try {
    if (const CLI::App* verb = argc > 1 ? verb_of(app, argv[1]) : nullptr)
      if (const auto what = unknown_option(*verb, argc, argv))
        return fail(*what + " (see plumbline " + verb->get_name() + " --help)");
    app.parse(argc, argv);
    std::cout.flush();
    return std::cout ? status : fail("cannot write the output");
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help
    return fail(reason(app, e) + " (see " + help_command(app) + ")");
  } catch (const Error& e) {
    return fail(e.what());
  } catch (const Interrupted& e) {
    return fail(e.what(), exit_code::signal + e.signal);
  } catch (const std::exception& e) {
    return fail(std::string("a fault of its own: ") + e.what(), exit_code::fault);
  }
}

}  // namespace plumbline::cli

int main(int argc, char** argv) { return plumbline::cli::run(argc, argv); }
