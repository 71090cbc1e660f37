// plumbline truth: certified values of y and of all gradients.
#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/block_options.hpp"
#include "cli/checkpoint_options.hpp"
#include "cli/files.hpp"
#include "cli/own_question.hpp"
#include "cli/rounded_answer.hpp"
#include "cli/verbs.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/cases/truth.hpp"
#include "plumbline/number/digits.hpp"

namespace plumbline::cli {
namespace {

constexpr int printed_digits = 40;
constexpr Eigen::Index small_tensor = 128;  // entries; larger tensors show their values only in --json

std::string zeros_text(const Certificate& c) {
  if (c.zeros == 0) return "";
  if (c.largest_zero == 0) return fmt::format("  {} exactly 0", c.zeros);
  return fmt::format("  {} hold 0, at most {}", c.zeros, rounded_up(c.largest_zero));
}

std::string shape_text(const Certificate& c) {
  return fmt::format("[{}, {}]", c.value.rows(), c.value.cols());
}

// What a question is about, and the certificates of its outputs.
struct Proved {
  Json about;
  std::vector<std::string> notes;
  std::vector<Certificate> all;
};

void print_widths(const std::vector<Certificate>& all) {
  std::size_t width = 0;
  for (const Certificate& c : all) width = std::max(width, c.name.size());
  std::cout << "worst relative width of the enclosures\n";
  const auto line = [&](auto... cells) {
    return fmt::format("  {:<{}}  {:>11}  {:>9}  {:>10}{}\n", cells...);
  };
  std::cout << line("tensor", width, "shape", "60 digits", "120 digits", "");
  for (const Certificate& c : all)
    if (c.why_not.empty())
      std::cout << line(c.name, width, shape_text(c), rounded_up(c.width60), rounded_up(c.width120),
                        zeros_text(c));
    else
      std::cout << line(c.name, width, shape_text(c), "-", "-", "  nothing is proved: " + c.why_not);
}

void print_values(const Certificate& c) {
  std::cout << "\n" << c.name << "\n";
  for (int i = 0; i < c.value.rows(); ++i)
    for (int j = 0; j < c.value.cols(); ++j)
      std::cout << fmt::format("  {:<10}{:>{}}\n", fmt::format("[{}, {}]", i, j),
                               certified_digits(c.value(i, j), printed_digits), printed_digits + 6);
}

void print(const Proved& proved) {
  std::string about;
  for (const auto& [key, value] : proved.about.items())
    if (key != "spec")
      about += fmt::format("{}{} = {}", about.empty() ? "" : ", ", key,
                           value.is_string() ? value.get<std::string>() : value.dump());
  std::cout << about << "\n";
  for (const std::string& note : proved.notes) std::cout << note << "\n";
  std::cout << "\n";
  print_widths(proved.all);
  for (const Certificate& c : proved.all)
    if (c.value.size() <= small_tensor && c.why_not.empty()) print_values(c);
}

Json tensor_to_json(const Certificate& c) {
  if (!c.why_not.empty()) return {{"nothing_is_proved", c.why_not}};
  Json rows = Json::array();
  for (int i = 0; i < c.value.rows(); ++i) {
    Json row = Json::array();
    for (int j = 0; j < c.value.cols(); ++j) row.push_back(certified_digits(c.value(i, j), printed_digits));
    rows.push_back(std::move(row));
  }
  return {{"relative_width_60", rounded_up(c.width60)},
          {"relative_width_120", rounded_up(c.width120)},
          {"holding_zero", c.zeros},
          {"largest_holding_zero", rounded_up(c.largest_zero)},
          {"values", std::move(rows)}};
}

void print_as_json(const Proved& proved) {
  Json out;
  out["case"] = proved.about;
  if (!proved.notes.empty()) out["notes"] = proved.notes;
  for (const Certificate& c : proved.all) out["tensors"][c.name] = tensor_to_json(c);
  std::cout << out.dump(1) << "\n";
}

struct TruthOptions {
  std::string file;
  BlockOptions block;
  bool json = false, gradients = true, is_seed_said = false;
  std::uint64_t seed = 1;
  std::string rounded, profile;  // the file to write; what its numbers are stored as
};

// Nothing more where the outputs are to be rounded and written.
Proved rounded_or_proved(const TruthOptions& o, const Question& q, const Profile& declared, Proved proved) {
  if (o.rounded.empty()) {
    CaseInputs in = q.inputs;
    if (!q.gradients) in.cotangent.resize(0, 0);
    proved.all = what_is_proved(q.spec, in, q.batch);
  } else {
    write_rounded_answer(q, o.profile.empty() ? declared : profile_from_text(o.profile), o.rounded);
  }
  return proved;
}

// With the parameters of a checkpoint, if there are any.
Proved of_case(const Json& json, const TruthOptions& o, const Parameters<double>& parameters = {}) {
  Json text = as_case(json, o.block);
  if (o.is_seed_said && text.is_object()) text["seed"] = o.seed;
  const CaseSettings c = case_from_json(text);
  CaseInputs in = inputs_of(c);
  put_parameters(in.parameters, parameters, Dtype::f64);
  Json about{{"spec", to_json(c.spec)},
             {"T", c.tokens},
             {"batch", c.batch},
             {"seed", c.seed},
             {"regime", name_of(c.regime)}};
  if (c.key_tokens) about["T_k"] = *c.key_tokens;
  return rounded_or_proved(o, {c.spec, std::move(in), c.batch, o.gradients}, find_profile("float32"),
                           {about, {}, {}});
}

// Of tensors of one's own.
Proved of_question(const TruthOptions& o, const Said& said) {
  OwnQuestion own = own_question(o.file, said);
  Question& q = own.request.question;
  const QuestionSettings sizes = settings_of(q);
  Json about{{"spec", to_json(q.spec)},
             {"T", sizes.tokens},
             {"batch", q.batch},
             {"question", own.request.id},
             {"profile", profile_text(own.request.profile)}};
  if (sizes.key_tokens) about["T_k"] = *sizes.key_tokens;
  return rounded_or_proved(o, q, own.request.profile, {about, own.notes, {}});
}

Proved proved(const TruthOptions& o, const Said& said) {
  const bool named = !o.block.preset.empty() || !o.block.spec_file.empty();
  if (o.file.ends_with(".safetensors")) {
    if (o.block.tokens || o.block.key_tokens || o.block.batch)
      throw Error(o.file + ": expected no --tokens, --key-tokens or --batch: its tensors have their sizes");
    return of_question(o, said);
  }
  if (!o.block.hf.empty() && o.file.empty()) {
    const Checkpoint checkpoint(o.block.hf);
    const int l = one_layer(checkpoint, o.block);
    return of_case({{"spec", to_json(checkpoint.spec(l))}}, o, checkpoint.parameters(l));
  }
  if (named != o.file.empty())
    throw CLI::RequiredError("FILE, --preset, --spec or --hf, and one of them alone,");
  if (!o.block.preset.empty()) return of_case({{"preset", o.block.preset}}, o);
  return read_file(named ? o.block.spec_file : o.file, [&](const Json& json) { return of_case(json, o); });
}

void add_truth(CLI::App& app, int&) {
  CLI::App* verb = app.add_subcommand("truth", "Proved digits of y and of all gradients");
  const auto o = std::make_shared<TruthOptions>();
  verb->add_option(
          "FILE", o->file,
          "A JSON file with a case or a spec (- is standard input), or a question in FILE.safetensors")
      ->option_text(" ");
  add_block_options(*verb, o->block);
  add_checkpoint_options(*verb, o->block);
  add_question_sizes(*verb, o->block);
  add_seed(*verb, o->seed);
  verb->add_flag("--grads,!--no-grads", o->gradients, "Of gradients too [yes]");
  verb->add_option("--rounded", o->rounded,
                   "Write the outputs to FILE, each rounded correctly, as an answer to the question")
      ->option_text("FILE");
  verb->add_option("--profile", o->profile,
                   "With --rounded: the arithmetic whose storage type is meant [the question's, or float32]")
      ->option_text("NAME")
      ->needs("--rounded");
  verb->add_flag("--json", o->json, "As JSON, with the values of every tensor");
  verb->footer(
      "A case is {\"spec\": {...}, \"T\": 6, \"batch\": 1, \"seed\": 1, \"regime\": \"plain\"}, where all "
      "but the\n"
      "spec may be left out; regimes of the input are plain, offset, tiny, large, spike and constant.\n"
      "Input, parameters and the cotangent of y follow from the seed, or are those of FILE.safetensors. "
      "Every\n"
      "value is computed as an enclosure, at 60 and at 120 digits; digits are printed as far as both ends\n"
      "agree. With --rounded they are two doubles and a radius instead, which is thousands of times "
      "cheaper.");
  verb->callback([o, verb] {
    o->is_seed_said = verb->count("--seed") > 0;
    const Proved all = proved(*o, said_by(*verb, o->block, "", o->gradients, o->seed));
    if (o->rounded.empty()) (o->json ? print_as_json : print)(all);
  });
}

const Verb truth_verb{30, add_truth};

}  // namespace
}  // namespace plumbline::cli
