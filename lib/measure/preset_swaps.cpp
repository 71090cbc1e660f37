// plumbline_preset_swaps FILE [PART OF A NAME]: whether the judge notices that one preset answers in place of
// another. Each preset is asked one question; every other one answers it, in the same dimensions with the
// same tensors, where it has the same ones. Where it has others, the swap shows in their names or shapes, and
// nothing is judged. Writes a record: a line for each pair that was judged.
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/cases/nothing_to_judge.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/judge/stamp.hpp"
#include "plumbline/judge/verdict.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

constexpr Dimensions sizes{.d = 12, .n_heads = 4, .n_kv_heads = 2, .head_dim = 4, .d_ff = 10};

// Names and shapes of all tensors.
std::string tensors_of(const BlockSpec& s) {
  std::string text;
  for (const ParameterShape& p : parameter_shapes(s))
    text += p.name + " " + std::to_string(p.rows) + "x" + std::to_string(p.cols) + "\n";
  return text;
}

// In single precision, where eps and bases show.
Question question_about(const Preset& p) {
  return question_from(
      {.spec = p.small(sizes), .batch = 1, .tokens = 8, .gradients = true, .recipe = Recipe::rich, .seed = 1},
      find_profile("float32"));
}

// What the other block computes of that question, rounded to float32.
Outputs answer_of(const BlockSpec& spec, const Question& q) {
  const auto g = gradients<double>(spec, q.inputs.parameters, q.inputs.x, q.inputs.cotangent, q.batch);
  Outputs out{{"y", g.y}, {"grad.x", g.x}};
  for (const auto& [name, value] : g.parameters) out["grad." + name] = value;
  for (auto& [name, value] : out) value = value.cast<float>().cast<double>();
  return out;
}

// How many presets have other tensors; the others are judged.
int compare(const Preset& asked, Json& pairs) {
  const Question q = question_about(asked);
  const Judge judge(q, find_profile("float32"));
  int others = 0;
  for (const Preset& p : presets()) {
    const BlockSpec s = p.small(sizes);
    if (p.name != asked.name && tensors_of(s) != tensors_of(q.spec)) {
      ++others;
      continue;
    }
    const Verdict v = judge.unnamed(answer_of(s, q));
    pairs.push_back(
        {{"asked", asked.name}, {"answers", p.name}, {"finding", name_of(v.finding)}, {"p", v.p}});
  }
  return others;
}

int run(const std::string& file, const std::string& part) {
  Json record = {{"stamp", stamp()}, {"profile", "float32"}, {"pairs", Json::array()}};
  int others = 0;
  for (const Preset& p : presets()) {
    if (p.name.find(part) == std::string_view::npos) continue;
    others += compare(p, record["pairs"]);
    std::fprintf(stderr, "%s\n", std::string(p.name).c_str());
  }
  record["other_tensors"] = others;
  std::ofstream(file) << record.dump(1) << "\n";
  int wrong = 0;
  for (const Json& pair : record["pairs"]) {
    const bool same = pair["asked"] == pair["answers"], agrees = pair["finding"] == "agrees";
    if (same == agrees) continue;
    ++wrong;
    std::printf("%s\n", pair.dump().c_str());
  }
  std::printf("%d pairs with other tensors; %zu judged, %d not as expected\n", others, record["pairs"].size(),
              wrong);
  return 0;
}

}  // namespace
}  // namespace plumbline

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return std::fprintf(stderr, "plumbline_preset_swaps FILE [PART OF A NAME]\n"), 2;
  try {
    return plumbline::run(argv[1], argc == 3 ? argv[2] : "");
  } catch (const std::exception& e) {
    return std::fprintf(stderr, "plumbline_preset_swaps: %s\n", e.what()), 2;
  }
}
