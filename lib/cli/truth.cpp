// plumbline truth: certified values of y and of all gradients.
#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/files.hpp"
#include "cli/verbs.hpp"
#include "plumbline/io/digits.hpp"
#include "plumbline/oracle/truth.hpp"

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

void print_widths(const std::vector<Certificate>& all) {
  std::size_t width = 0;
  for (const Certificate& c : all) width = std::max(width, c.name.size());
  std::cout << "worst relative width of the enclosures\n";
  const auto line = [&](auto... cells) {
    return fmt::format("  {:<{}}  {:>11}  {:>9}  {:>10}{}\n", cells...);
  };
  std::cout << line("tensor", width, "shape", "60 digits", "120 digits", "");
  for (const Certificate& c : all)
    std::cout << line(c.name, width, shape_text(c), rounded_up(c.width60), rounded_up(c.width120),
                      zeros_text(c));
}

void print_values(const Certificate& c) {
  std::cout << "\n" << c.name << "\n";
  for (int i = 0; i < c.value.rows(); ++i)
    for (int j = 0; j < c.value.cols(); ++j)
      std::cout << fmt::format("  {:<10}{:>{}}\n", fmt::format("[{}, {}]", i, j),
                               certified_digits(c.value(i, j), printed_digits), printed_digits + 6);
}

void print_certificates(const CaseSettings& settings, const std::vector<Certificate>& all) {
  std::cout << fmt::format("T = {}, batch = {}, seed = {}, regime = {}\n\n", settings.tokens, settings.batch,
                           settings.seed, name_of(settings.regime));
  print_widths(all);
  for (const Certificate& c : all)
    if (c.value.size() <= small_tensor) print_values(c);
}

Json tensor_to_json(const Certificate& c) {
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

void print_certificates_as_json(const CaseSettings& settings, const std::vector<Certificate>& all) {
  Json out;
  out["case"] = {{"spec", to_json(settings.spec)},
                 {"T", settings.tokens},
                 {"batch", settings.batch},
                 {"seed", settings.seed},
                 {"regime", name_of(settings.regime)}};
  for (const Certificate& c : all) out["tensors"][c.name] = tensor_to_json(c);
  std::cout << out.dump(1) << "\n";
}

}  // namespace

void add_truth(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("truth", "Proved digits of y and of all gradients");
  const auto file = std::make_shared<std::string>();
  const auto json = std::make_shared<bool>(false);
  verb->add_option("FILE", *file, "A JSON file with a case or a spec; - is standard input")
      ->required()
      ->option_text(" ");
  verb->add_flag("--json", *json, "As JSON, with the values of every tensor");
  verb->footer(
      "A case is {\"spec\": {...}, \"T\": 6, \"batch\": 1, \"seed\": 1, \"regime\": \"plain\"}, where all "
      "but the\n"
      "spec may be left out; regimes of the input are plain, offset, tiny, large, spike and constant.\n"
      "Input, parameters and the cotangent of y follow from the seed. Every value is computed as an\n"
      "enclosure, at 60 and at 120 digits; digits are printed as far as both ends agree.");
  verb->callback([file, json] {
    const auto [settings, all] = read_file(*file, [](const Json& text) {
      const CaseSettings c = case_from_json(text);
      return std::pair(c, certificates(c));
    });
    (*json ? print_certificates_as_json : print_certificates)(settings, all);
  });
}

}  // namespace plumbline::cli
