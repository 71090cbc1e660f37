// plumbline identify: what does a black box compute?
#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/block_options.hpp"
#include "cli/files.hpp"
#include "cli/pretty_json.hpp"
#include "cli/table.hpp"
#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "plumbline/base/progress.hpp"
#include "plumbline/campaign/replay.hpp"
#include "plumbline/exchange/subprocess.hpp"
#include "plumbline/identify/describe.hpp"
#include "plumbline/identify/discover.hpp"
#include "plumbline/identify/identify.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/judge/describe.hpp"
#include "plumbline/spec/deviation.hpp"

namespace plumbline::cli {
namespace {

using namespace plumbline::identify;

struct IdentifyOptions {
  std::optional<int> d, n_layers, n_heads, n_kv_heads, head_dim, d_ff;
  std::string parameters, profile = "float32", json;
  int tokens = 9;
  std::uint64_t seed = 1;
  double timeout = 60;
  std::vector<std::string> command;
};

// {"name": [shape], ...}, or the header of a safetensors file.
std::vector<identify::Tensor> read_shapes(const std::string& path) {
  std::vector<identify::Tensor> out;
  if (path.ends_with(".safetensors")) {
    for (const auto& [name, t] : read_container(path).tensors) out.push_back({name, t.shape});
    return out;
  }
  const Json json = read_json(path);
  if (!json.is_object())
    throw Error(path + ": expected {\"name\": [shape], ...}, found " + json.dump().substr(0, 60));
  for (const auto& [name, shape] : json.items()) {
    const bool is_shape = shape.is_array() && std::all_of(shape.begin(), shape.end(), [](const Json& n) {
                            return n.is_number_unsigned();
                          });
    if (!is_shape)
      throw Error(path + ": " + name + ": expected a shape such as [64, 64], found " +
                  shape.dump().substr(0, 60));
    out.push_back({name, shape.get<std::vector<std::int64_t>>()});
  }
  return out;
}

BlockSpec sizes(const IdentifyOptions& o) {
  if (!o.d) throw CLI::RequiredError("--parameters or --d");
  Json json{{"d", *o.d}, {"n_layers", o.n_layers.value_or(1)}};
  BlockOptions b;
  b.n_heads = o.n_heads, b.n_kv_heads = o.n_kv_heads, b.head_dim = o.head_dim, b.d_ff = o.d_ff;
  return spec_from_json(with_sizes(json, b));
}

Answer ask(Subprocess& peer, const Probe& p, const Anatomy& a, const Profile& profile) {
  return peer.ask(to_container(p, a, profile, "identify"), question_of(p, a), profile);
}

Anatomy anatomy(const IdentifyOptions& o, Subprocess& peer, const Profile& profile) {
  const KnownSizes known{o.d, o.n_heads, o.n_kv_heads, o.head_dim};
  if (!o.parameters.empty()) {
    const std::vector<identify::Tensor> tensors = read_shapes(o.parameters);
    try {
      return anatomy_of(tensors, known);
    } catch (const Error& e) {
      throw Error(o.parameters + ": " + e.what());
    }
  }
  const BlockSpec s = sizes(o);
  const auto box = [&](const Probe& p, const std::vector<identify::Tensor>& tensors) {
    Anatomy a;
    a.spec = s;
    a.tensors = tensors;
    return ask(peer, p, a, profile);
  };
  return anatomy_of(parameters_read(box, s, profile),
                    {s.d, s.attention.n_heads, s.attention.n_kv_heads, s.attention.head_dim});
}

std::string joined(const std::vector<std::string>& parts, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(most, parts.size()); ++i) text += (i ? ", " : "") + parts[i];
  return parts.size() > most ? fmt::format("{} and {} more", text, parts.size() - most) : text;
}

void print_answer(const Identification& i, const Anatomy& a) {
  std::cout << (i.named ? "it computes\n  " : "nearest to what it computes\n  ") << sentence(i.candidate.spec)
            << "\n";
  for (const std::string& id : mistakes(i.candidate, a))
    std::cout << fmt::format("  mistake: {}, {}\n", id, find_deviation(id).formula);
  const Nearest n = nearest_preset(i.candidate.spec);
  if (n.way.deviations.empty() && n.way.differences.empty()) {
    std::cout << "  this is the preset " << n.preset << "\n";
  } else {
    std::vector<std::string> but;
    for (const std::string& id : n.way.deviations) but.push_back(id);
    for (const std::string& text : n.way.differences) but.push_back(text);
    std::cout << fmt::format("  the nearest preset is {}, but for {}\n", n.preset, joined(but, 8));
  }
  for (std::size_t k = 0; k < a.norms.size(); ++k)
    if (a.norms[k].hint != i.candidate.places[k])
      std::cout << fmt::format("  what is called {} stands {}{}\n", a.norms[k].name,
                               i.candidate.places[k] == NormPlace::nowhere ? "" : "in ",
                               name_of(i.candidate.places[k]));
  if (!i.named) std::cout << "\nleft over\n  " << leftover(i) << "\n";
}

void print_table(const std::vector<Row>& rows) {
  const auto t = terminal();
  std::cout << table(rows, t ? std::optional(t->width) : std::nullopt);
}

void print_decisions(const Identification& i, int tokens) {
  std::vector<Row> decided{{"knob", "found", "runner-up", "times likelier", "shown by"}}, open;
  for (const Decision& d : i.decisions)
    if (d.undecided.empty() && d.group != slots)
      decided.push_back({d.knob, d.value, d.runner_up, fmt::format("e^{:.3g}", d.log_ratio), d.recipe});
  std::cout << "\nwhat decided\n";
  print_table(decided);
  const BlockSpec& s = i.candidate.spec;
  if (attends(s) && s.attention.mask.kind == MaskKind::causal)
    open.push_back(
        {"attention.window", fmt::format("any window of {} tokens or more: no question was longer", tokens)});
  const auto is_open_for_all = [&](const Decision& one) {  // and need not be said of each norm
    return std::any_of(i.decisions.begin(), i.decisions.end(), [&](const Decision& d) {
      return d.group == norms && !d.undecided.empty() && one.group == slots &&
             one.knob.ends_with(d.knob.substr(5));
    });
  };
  for (const Decision& d : i.decisions)
    if (!d.undecided.empty() && !is_open_for_all(d))
      open.push_back({d.knob, fmt::format("{} for {}", joined(d.undecided, 4), d.value)});
  std::cout << "\nnot decided: the answers would be as good with\n";
  print_table(open);
}

void print_evidence(const Identification& i, int tokens) {
  std::vector<Row> seen, judged;
  for (const Reading& r : i.readings) seen.push_back({r.what, r.found});
  for (const identify::JudgedProbe& j : i.judged) judged.push_back({j.asked->id, describe(j.verdict)});
  std::cout << "\nseen directly\n";
  print_table(seen);
  std::cout << "\njudged on fresh questions\n";
  print_table(judged);
  print_decisions(i, tokens);
}

int identify(const IdentifyOptions& o) {
  const Profile profile = profile_from_text(o.profile);
  Subprocess peer(o.command, o.timeout);
  const Anatomy a = anatomy(o, peer, profile);
  const auto box = [&](const Probe& p) { return ask(peer, p, a, profile); };
  Progress progress;
  Settings settings{.seed = o.seed, .longest = o.tokens};
  settings.progress = [&](const std::string& what) { progress.show("plumbline identify: " + what); };
  const Identification found = identify::identify(box, a, profile, settings);
  progress.show("");
  std::cout << fmt::format("plumbline identify {}\n{} questions in {}\n\n", shell_text(o.command),
                           found.questions, profile_text(profile));
  print_answer(found, a);
  print_evidence(found, o.tokens);
  std::cout << "\nspec in full\n  " << pretty(to_json(found.candidate.spec), 150, 2, 2) << "\n";
  if (!o.json.empty()) write_bytes(o.json, pretty(to_json(found.candidate.spec), 110) + "\n");
  return found.named ? 0 : 1;
}

void add_identify(CLI::App& app, int& status) {
  CLI::App* verb =
      app.add_subcommand("identify", "Find out what a program computes that says nothing of itself");
  const auto o = std::make_shared<IdentifyOptions>();
  verb->add_option("--parameters", o->parameters,
                   "The names and shapes of the tensors it reads: a safetensors file, or JSON {\"name\": "
                   "[shape], ...}")
      ->option_text("FILE");
  add_size(*verb, "--d", o->d, largest_size, "Width of the residual stream");
  add_size(*verb, "--n-layers,--layers", o->n_layers, most_layers, "Number of layers [1]");
  add_size(*verb, "--n-heads,--heads", o->n_heads, largest_size, "Number of query heads");
  add_size(*verb, "--n-kv-heads,--kv-heads", o->n_kv_heads, largest_size, "Number of key-value heads");
  add_size(*verb, "--head-dim", o->head_dim, largest_size, "Width of a head");
  add_size(*verb, "--d-ff", o->d_ff, largest_size, "Width of the feed-forward's hidden layer");
  verb->add_option("--profile", o->profile,
                   "The arithmetic it claims: a name, or JSON of one's own [float32]")
      ->option_text("NAME");
  add_size(*verb, "--tokens", o->tokens, 4096,
           "Tokens of the longest question: longer windows are not seen [9]");
  add_seed(*verb, o->seed);
  verb->add_option("--timeout", o->timeout, "Seconds for one answer; the first includes the start [60]")
      ->check(CLI::Range(1e-3, 1e6))
      ->option_text("S");
  verb->add_option("--json", o->json, "Write the spec as JSON, for verify --spec")->option_text("FILE");
  verb->add_option("COMMAND", o->command, "The program and its arguments, after --")
      ->required()
      ->option_text(" ");
  verb->footer(
      "The program answers questions over a pipe, as for verify, but is asked by numbers alone: the \"spec\" "
      "of a\n"
      "question holds nothing but sizes. Without --parameters it is given every tensor that there could be, "
      "and is\n"
      "watched for which ones matter. Norms may have any names: where they stand is found out.\n"
      "Small sizes are fine, and fast. Exit status: 0 the spec is found, 1 only the nearest one, 2 misuse.\n"
      "Example: plumbline identify --d 24 --heads 4 --json found.json -- python3 my_block.py");
  verb->callback([o, &status] {
    Process::end_with_this_program();
    status = identify(*o);
  });
}

const Verb identify_verb{60, add_identify};

}  // namespace
}  // namespace plumbline::cli
