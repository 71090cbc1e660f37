// plumbline_identify_campaign FILE [--profile NAME] [--preset NAME]... [--presets PART OF A NAME]: how many
// black boxes `identify` makes out: right ones, and every deviation of the catalogue in those presets (in
// none, unless they are named); or, with --presets, the presets whose names have that part, all where it is
// empty. Writes a record.
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>

#include "identify/boxes.hpp"
#include "measure/program.hpp"
#include "plumbline/identify/describe.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/judge/stamp.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {
namespace {

struct Options {
  std::string file;
  std::string profile = "float32";
  std::vector<std::string> presets = {};
  std::optional<std::string> part = {};
};

Options parse(int argc, char** argv) {
  Options o;
  o.file = file_and_options(argc, argv, [&](const std::string& key, const std::string& value) {
    if (key == "--profile")
      o.profile = find_profile(value).name;
    else if (key == "--preset")
      o.presets.emplace_back(find_preset(value).name);
    else if (key == "--presets")
      o.part = value;
    else
      return false;
    return true;
  });
  return o;
}

std::vector<Box> boxes(const Options& o) {
  if (o.part) return preset_boxes(*o.part);
  std::vector<Box> out = right_boxes();
  for (const std::string& name : o.presets)
    for (const Deviation& d : deviations()) {
      const Box box = wrong_box(name.c_str(), std::string(d.id).c_str());
      if (d.applies_to(box.spec)) out.push_back(box);
    }
  return out;
}

// `same`: the candidate gives the bits that the box's spec gives; `same_function`: if not, that nobody can
// see it. `named`: it explains every answer. Where it is neither, what is left over; where it is another
// spec, how it differs: others can compute the same.
Json row(const Box& box, const Profile& profile) {
  const identify::Anatomy a =
      identify::anatomy_of(tensors_of(box.spec), {.n_heads = box.spec.attention.n_heads});
  const identify::Identification i = identify::identify(black_box(box, profile), a, profile);
  Json out{{"box", box.name}, {"named", i.named}, {"same", computes_the_same(i.candidate, a, box)}};
  if (!out.at("same").get<bool>() && is_the_same_function(i.candidate, a, box)) out["same_function"] = true;
  if (box.wrong) out["deviation"] = box.wrong->id;
  if (!i.named) out["leftover"] = identify::leftover(i);
  if (!out.at("same").get<bool>())
    out["differs"] = Json::diff(to_json(computed_by(box)), to_json(i.candidate.spec));
  return out;
}

// A box with a knob that is not looked for cannot be asked about.
Json row_or_refusal(const Box& box, const Profile& profile) {
  try {
    return row(box, profile);
  } catch (const Error& e) {
    return {{"box", box.name}, {"named", false}, {"same", false}, {"refused", e.what()}};
  }
}

Json measured(const Options& o) {
  Json out{{"stamp", stamp()}, {"profile", o.profile}, {"presets", o.presets}, {"rows", Json::array()}};
  const std::clock_t start = std::clock();
  for (const Box& box : boxes(o)) {
    out["rows"].push_back(row_or_refusal(box, find_profile(o.profile)));
    if (!box.wrong && !is_independent(box)) out["rows"].back()["by"] = "the library";
    std::cerr << out["rows"].back().dump() << "\n";
  }
  out["seconds_each"] = double(std::clock() - start) / CLOCKS_PER_SEC / double(out["rows"].size());
  return out;
}

}  // namespace
}  // namespace plumbline

int main(int argc, char** argv) {
  using namespace plumbline;
  return run_program("plumbline_identify_campaign", [&] {
    const Options o = parse(argc, argv);
    write_bytes(o.file, measured(o).dump(1) + "\n");
  });
}
