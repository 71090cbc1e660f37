// plumbline_preset_swaps FILE [PART OF A NAME]: whether the judge notices that one preset answers in place of
// another (swaps.hpp). Each preset whose name has that part is asked one question, which every other one
// answers too. Writes a record: a line for each that was asked.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "measure/program.hpp"
#include "measure/swaps.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/judge/stamp.hpp"

namespace plumbline {
namespace {

Json measured(const std::string& part) {
  std::vector<std::string> names;
  for (const Preset& p : presets()) names.emplace_back(p.name);
  Json record{{"stamp", stamp()}, {"profile", "float32"}, {"presets", names}, {"rows", Json::array()}};
  for (const Preset& p : presets()) {
    if (p.name.find(part) == p.name.npos) continue;
    record["rows"].push_back(to_json(swaps_of(p, names)));
    std::fprintf(stderr, "%s\n", record["rows"].back().dump().c_str());
  }
  return record;
}

}  // namespace
}  // namespace plumbline

int main(int argc, char** argv) {
  using namespace plumbline;
  return run_program("plumbline_preset_swaps", [&] {
    if (argc < 2 || argc > 3) throw Error("expected FILE [PART OF A NAME]");
    write_bytes(argv[1], measured(argc == 3 ? argv[2] : "").dump(1) + "\n");
  });
}
