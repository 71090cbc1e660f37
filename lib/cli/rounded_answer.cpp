#include "cli/rounded_answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "plumbline/base/parallel.hpp"
#include "plumbline/cases/rounded_truth.hpp"
#include "plumbline/exchange/exchange.hpp"
#include "plumbline/io/safetensors.hpp"

namespace plumbline::cli {
namespace {

constexpr std::size_t shown = 5;  // undecided entries of a tensor

std::string undecided_text(const RoundedTensor& t) {
  std::string text;
  for (std::size_t k = 0; k < std::min(shown, t.undecided.size()); ++k)
    text += fmt::format("{}[{}, {}]", text.empty() ? "" : ", ", t.undecided[k] / t.value.cols(),
                        t.undecided[k] % t.value.cols());
  return text + (t.undecided.size() > shown ? ", ..." : "");
}

}  // namespace

void write_rounded_answer(const Question& q, const Profile& profile, const std::string& path) {
  CaseInputs in = q.inputs;
  if (!q.gradients) in.cotangent.resize(0, 0);
  const auto all = correctly_rounded(q.spec, in, q.batch, profile.storage, processor_threads());
  Outputs outputs;
  for (const RoundedTensor& t : all) outputs[t.name] = t.value;
  write_container(to_container(outputs, q, profile), path);

  std::size_t width = 0;
  for (const RoundedTensor& t : all) width = std::max(width, t.name.size());
  const auto line = [&](auto... cells) {
    return fmt::format("  {:<{}}  {:>13}  {:>10}  {:>10}  {:>11}  {:>9}  {:>9}\n", cells...);
  };
  std::cout << fmt::format("{}: every output rounded to nearest in {}, ties to even\n\n", path,
                           name_of(profile.storage));
  std::cout << line("tensor", width, "shape", "one part", "two parts", "three parts", "undecided", "radius");
  for (const RoundedTensor& t : all)
    std::cout << line(t.name, width, fmt::format("[{}, {}]", t.value.rows(), t.value.cols()), t.decided[0],
                      t.decided[1], t.decided[2], t.undecided.size(),
                      fmt::format("{:.1e}", t.largest_radius));
  std::cout
      << "\nof each tensor: entries whose one rounding was proved with products of one exact part, of two or "
         "of three;\nand the largest radius of the first balls that hold the true values\n";
  for (const RoundedTensor& t : all)
    if (!t.undecided.empty())
      std::cout << fmt::format("{}: not proved, written as the nearest number to the middle: {}\n", t.name,
                               undecided_text(t));
}

}  // namespace plumbline::cli
