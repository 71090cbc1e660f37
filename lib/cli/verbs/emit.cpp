// plumbline emit: writes a suite of questions as files, for implementations that do not speak over a pipe.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/checkpoint_options.hpp"
#include "cli/files.hpp"
#include "cli/manifest.hpp"
#include "cli/open_spec.hpp"
#include "cli/own_question.hpp"
#include "cli/verbs.hpp"
#include "plumbline/base/progress.hpp"
#include "plumbline/campaign/draw.hpp"
#include "plumbline/campaign/reached.hpp"
#include "plumbline/campaign/suite.hpp"
#include "plumbline/cases/nothing_to_judge.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::cli {
namespace {

struct EmitOptions {
  BlockOptions block;
  std::vector<std::string> own;  // questions of one's own
  std::string folder, suite = "core", profile = "float32";
  std::uint64_t seed = 1;
  bool gradients = true;
};

// A block that is asked about, how many questions are put, and among how many they are chosen.
struct Share {
  std::string name;
  SpecTemplate spec;
  int cases, candidates;
  std::function<Parameters<double>()> parameters = {};  // of a checkpoint; none: they are drawn
};

Json sizes(int from, int to) { return {{"from", from}, {"to", to}, {"least", 1}}; }

// Single operations, since kernels are: each with its sizes left open.
std::vector<std::pair<std::string, Json>> parts() {
  const Json heads = {
      {"n_heads", 4}, {"n_kv_heads", {{"one_of", {2, 1}}}}, {"head_dim", {{"one_of", {3, 8}}}}};
  const auto attention = [&](Json more) {
    Json a = heads;
    a.update(more);
    return a;
  };
  const auto ffn = [&](const char* kind, const char* activation) {
    return Json{{"part", "ffn"},
                {"d", sizes(5, 37)},
                {"ffn", {{"kind", kind}, {"activation", activation}, {"d_ff", sizes(5, 61)}}}};
  };
  return {
      {"layer_norm", {{"part", "norm"}, {"d", sizes(5, 61)}, {"norm", {{"kind", "layer_norm"}}}}},
      {"rms_norm", {{"part", "norm"}, {"d", sizes(5, 61)}, {"norm", {{"kind", "rms_norm"}, {"eps", 1e-6}}}}},
      {"add_rms_norm",
       {{"part", "add_norm"}, {"d", sizes(5, 61)}, {"norm", {{"kind", "rms_norm"}, {"eps", 1e-6}}}}},
      {"sdpa", {{"part", "sdpa"}, {"attention", attention({{"mask", "causal"}})}}},
      {"sdpa_softcap",
       {{"part", "sdpa"},
        {"attention", attention({{"mask", "causal_sliding"}, {"window", 3}, {"logit_softcap", 5}})}}},
      {"ffn_gelu", ffn("mlp", "gelu_erf")},
      {"ffn_silu_glu", ffn("glu", "silu")},
  };
}

// The layers of a checkpoint have as many questions together as one block, and each some.
std::vector<Share> shares_of_checkpoint(const EmitOptions& o) {
  const bool full = o.suite == "full";
  const auto checkpoint = std::make_shared<Checkpoint>(o.block.hf);
  const std::vector<int> layers = chosen_layers(*checkpoint, o.block);
  const int cases = std::max(full ? 8 : 2, (full ? 160 : 40) / int(layers.size()));
  const int candidates = std::max(full ? 32 : 10, 2 * cases);
  std::vector<Share> out;
  for (const int l : layers)
    out.push_back({name_of_layer(l), template_of_layer(*checkpoint, l, o.block), cases, candidates,
                   [checkpoint, l] { return checkpoint->parameters(l); }});
  return out;
}

std::vector<Share> shares(const EmitOptions& o) {
  const bool full = o.suite == "full";
  if (!o.block.hf.empty()) return shares_of_checkpoint(o);
  if (!o.block.preset.empty() || !o.block.spec_file.empty()) {
    const std::string name =
        o.block.preset.empty() ? std::filesystem::path(o.block.spec_file).stem().string() : o.block.preset;
    return {{name, template_of(o.block), full ? 160 : 40, full ? 320 : 80}};
  }
  std::vector<Share> out;
  const int cases = full ? 8 : 2, candidates = full ? 32 : 10;
  for (const Preset& p : presets()) {
    if (!p.common) continue;
    BlockOptions block;
    block.preset = p.name;
    out.push_back({std::string(p.name), template_of(block), cases, candidates});
  }
  for (const auto& [name, spec] : parts()) out.push_back({name, spec, cases, candidates});
  return out;
}

// One in five of the cases stands at a border of sizes, and at least one: what it separates is separated by
// smaller ones too, so it would not be chosen for that.
std::vector<SuiteCase> designed(const EmitOptions& o, const Share& share, Progress& progress) {
  const Profile profile = profile_from_text(o.profile);
  const LiveQuestions questions(share.spec, o.gradients);
  const Parameters<double> parameters = share.parameters ? share.parameters() : Parameters<double>();
  std::vector<SuiteCase> small, at_borders;
  for (int k = 0; k < share.candidates; ++k) {
    progress.show(fmt::format("{}: {} of {} candidates", share.name, k + 1, share.candidates));
    const QuestionSettings settings = draw(questions, o.seed, k).value();
    Question question = question_from(settings, profile);
    put_parameters(question.inputs.parameters, parameters, profile.storage);
    if (std::optional<SuiteCase> c =
            candidate({fmt::format("{}-{}", share.name, k), profile, std::move(question)}))
      (questions.border(k) ? at_borders : small).push_back(std::move(*c));
  }
  const int some = std::min(std::max(1, share.cases / 5), int(at_borders.size()));
  std::vector<SuiteCase> out = choose(std::move(small), share.cases - some);
  for (SuiteCase& c : choose(std::move(at_borders), share.cases - int(out.size())))
    out.push_back(std::move(c));
  return out;
}

// The profile of all of them, if they have the same.
std::string common_profile(const std::vector<SuiteCase>& cases) {
  const Profile& first = cases.front().request.profile;
  for (const SuiteCase& c : cases)
    if (!(c.request.profile == first)) return "several profiles";
  return profile_text(first);
}

Json manifest(const EmitOptions& o, const std::vector<SuiteCase>& cases) {
  Json out{{"plumbline", protocol_version},
           {"suite", o.own.empty() ? o.suite : "own"},
           {"profile", common_profile(cases)},
           {"seed", o.seed}};
  for (const SuiteCase& c : cases) out["cases"].push_back(c.request.id);
  for (const auto& [id, best] : best_separations(cases)) {
    // Three digits: how far, not more.
    const double factor = best.factor > 0 ? std::stod(fmt::format("{:.3g}", best.factor)) : 0;
    out["deviations"][id] = best.factor >= 1 ? Json{{"separated_by", best.id}, {"factor", factor}}
                                             : Json{{"separated_by", nullptr}, {"factor", factor}};
  }
  return out;
}

// The files of the suite that stands in the folder, if one does. Throws where there are other cases: judge
// would take all of them for one suite.
std::set<std::filesystem::path> suite_in(const std::filesystem::path& folder) {
  std::set<std::filesystem::path> ours, others;
  if (std::filesystem::exists(manifest_path(folder.string())))
    for (const std::string& id : cases_of_manifest(folder.string()))
      ours.insert(folder / (id + ".safetensors"));
  if (std::filesystem::is_directory(folder))
    for (const auto& file : std::filesystem::directory_iterator(folder))
      if (file.path().extension() == ".safetensors" && !ours.count(file.path())) others.insert(file.path());
  if (!others.empty())
    throw Error(others.begin()->string() + ": expected a folder for the suite alone, found another case");
  return ours;
}

// What is drawn and chosen.
std::vector<SuiteCase> drawn_cases(const EmitOptions& o) {
  profile_from_text(o.profile);
  Progress progress;
  std::vector<SuiteCase> cases;
  for (const Share& share : shares(o))
    for (SuiteCase& c : designed(o, share, progress)) cases.push_back(std::move(c));
  if (cases.empty())
    throw Error("emit: none of the questions can be judged in profile \"" + o.profile + "\"");
  return cases;
}

// What is given, all of it.
std::vector<SuiteCase> own_cases(const EmitOptions& o, const Said& said) {
  std::vector<SuiteCase> cases;
  for (const OwnQuestion& q : own_questions(o.own, said)) {
    for (const std::string& note : q.notes) std::cout << note << "\n";
    try {
      cases.push_back(suite_case(q.request));
    } catch (const NothingToJudge& e) {
      throw Error(o.own[cases.size()] + ": nothing can be judged in profile \"" +
                  profile_text(q.request.profile) + "\": " + e.what());
    }
  }
  return cases;
}

void emit(const EmitOptions& o, const Said& said) {
  std::set<std::filesystem::path> replaced = suite_in(o.folder);
  check_folder(o.folder);
  const std::vector<SuiteCase> cases = o.own.empty() ? drawn_cases(o) : own_cases(o, said);
  std::filesystem::create_directories(o.folder);
  std::size_t bytes = 0, separated = 0;
  Reached reached;
  for (const SuiteCase& c : cases) {
    reached.add(settings_of(c.request.question));
    const std::string content = to_bytes(to_container(c.request));
    bytes += content.size();
    const std::filesystem::path file = std::filesystem::path(o.folder) / (c.request.id + ".safetensors");
    write_bytes(file.string(), content);
    replaced.erase(file);
  }
  for (const std::filesystem::path& file : replaced) std::filesystem::remove(file);
  const Json m = manifest(o, cases);
  write_bytes(manifest_path(o.folder), m.dump(1) + "\n");
  for (const Json& d : m["deviations"]) separated += !d["separated_by"].is_null();
  std::cout << fmt::format(
      "{}: {} cases, {:.1f} MB; {} of {} deviations are separated in {}, see manifest.json\n", o.folder,
      cases.size(), double(bytes) / 1e6, separated, m["deviations"].size(), m["profile"].get<std::string>());
  for (const std::string& line : reached.lines()) std::cout << "  " << line << "\n";
}

void add_emit(CLI::App& app, int&) {
  CLI::App* verb = app.add_subcommand("emit", "Write a suite of questions as files, for plumbline judge");
  const auto o = std::make_shared<EmitOptions>();
  verb->add_option("DIR", o->folder, "Where to write CASE.safetensors and manifest.json")
      ->required()
      ->option_text(" ");
  add_block_options(*verb, o->block);
  add_checkpoint_options(*verb, o->block);
  add_question_sizes(*verb, o->block);
  verb->add_option("--suite", o->suite, "core (about 40 cases) or full (about 160) [core]")
      ->check(CLI::IsMember({"core", "full"}))
      ->option_text("NAME");
  verb->add_option("--profile", o->profile,
                   "The arithmetic that is claimed: a name, or JSON of one's own [float32]")
      ->option_text("NAME");
  add_seed(*verb, o->seed);
  verb->add_flag("--grads,!--no-grads", o->gradients, "Ask for gradients too [yes]");
  add_own_questions(*verb, o->own, {"--suite", "--tokens", "--key-tokens", "--batch"});
  verb->footer(
      "Without --preset, --spec or --hf the suite covers every preset and the single operations.\n"
      "With --hf each layer has questions of its own, with the parameters that the folder has.\n"
      "Answer each DIR/CASE.safetensors in OUT/CASE.safetensors, then: plumbline judge DIR OUT\n"
      "Example: plumbline emit suite --preset llama --profile bfloat16-mixed");
  verb->callback([o, verb] { emit(*o, said_by(*verb, o->block, o->profile, o->gradients, o->seed)); });
}

const Verb emit_verb{70, add_emit};

}  // namespace
}  // namespace plumbline::cli
