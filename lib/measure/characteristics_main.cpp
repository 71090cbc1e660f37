// plumbline_characteristics FILE [--seeds N] [--width D] [--pairs N] [--preset NAME]... [--profile NAME]...:
// measures the oracle and writes the record that the report of it is made from.
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>

#include "measure/characteristics.hpp"
#include "measure/program.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/judge/stamp.hpp"
#include "plumbline/spec/json.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

struct Options {
  std::string file;
  Campaign campaign = {};
  std::vector<std::string> profiles = {};
  int pairs = 40;
};

Options parse(int argc, char** argv) {
  Options o;
  o.file = file_and_options(argc, argv, [&](const std::string& key, const std::string& value) {
    if (key == "--seeds")
      o.campaign.seeds = std::stoi(value);
    else if (key == "--width")
      o.campaign.width = std::stoi(value);
    else if (key == "--pairs")
      o.pairs = std::stoi(value);
    else if (key == "--preset")
      o.campaign.presets.emplace_back(find_preset(value).name);
    else if (key == "--profile")
      o.profiles.push_back(find_profile(value).name);
    else
      return false;
    return true;
  });
  if (o.campaign.presets.empty())
    for (const Preset& p : presets())
      if (p.common) o.campaign.presets.emplace_back(p.name);
  if (o.profiles.empty()) o.profiles = {"float64", "float32", "bfloat16-mixed", "float16-mixed"};
  return o;
}

Json record(const std::string& profile, Recipe recipe, bool gradients, const Characteristics& c) {
  return {{"profile", profile},
          {"inputs", recipe == Recipe::rich ? "rich" : "ordinary"},
          {"gradients", gradients},
          {"questions", c.questions},
          {"correct", c.correct},
          {"false_alarms", c.false_alarms},
          {"worst_p", c.worst_p},
          {"worst_match", c.worst_match},
          {"with_effect", c.with_effect},
          {"clear", c.clear},
          {"found", c.found},
          {"found_clear", c.found_clear},
          {"unknown_found", c.unknown_found},
          {"unknown_found_clear", c.unknown_found_clear},
          {"unknown_coarser", c.unknown_coarser},
          {"named_right", c.named_right},
          {"named_wrong", c.named_wrong},
          {"not_named", c.not_named},
          {"separated", c.separated}};
}

Json record(const Confusion& c) {
  return {{"truth", c.truth}, {"agrees", c.agrees}, {"coarser", c.coarser},
          {"named", c.named}, {"wrong", c.wrong},   {"inconclusive", c.inconclusive}};
}

Json measured(const Options& o) {
  Json out{{"stamp", stamp()},
           {"seeds", o.campaign.seeds},
           {"width", o.campaign.width},
           {"presets", o.campaign.presets}};
  for (const std::string& name : o.profiles) {
    const Profile& profile = find_profile(name);
    for (Recipe recipe : {Recipe::ordinary, Recipe::rich})
      for (bool gradients : {false, true}) {
        const Characteristics c = measure(o.campaign, profile, recipe, gradients);
        out["characteristics"].push_back(record(name, recipe, gradients, c));
        std::cerr << out["characteristics"].back().dump() << ", " << c.calibration_ms
                  << " ms a calibration\n";
      }
    const Pairs p = name_pairs(o.campaign, profile, o.pairs);
    out["pairs"].push_back(
        {{"profile", name}, {"tried", p.tried}, {"called_wrong", p.called_wrong}, {"named", p.named}});
  }
  for (const Confusion& c : confusion(o.campaign, find_profile("bfloat16-mixed")))
    out["confusion"].push_back(record(c));
  return out;
}

}  // namespace
}  // namespace plumbline

int main(int argc, char** argv) {
  using namespace plumbline;
  return run_program("plumbline_characteristics", [&] {
    const Options o = parse(argc, argv);
    write_bytes(o.file, measured(o).dump(1) + "\n");
  });
}
