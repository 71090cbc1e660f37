#include "reports/architectures/neighbours.hpp"

#include <nlohmann/json.hpp>

#include "plumbline/spec/json.hpp"

namespace plumbline::reports {
namespace {

void compare(const std::string& knob, const Json& own, const Json& other, std::vector<Difference>& out) {
  if (own == other) return;
  if (!own.is_object() || !other.is_object()) {
    out.push_back({knob, own.dump(), other.dump()});
    return;
  }
  const auto within = [&](const std::string& key) { return knob.empty() ? key : knob + "." + key; };
  for (const auto& [key, value] : own.items()) compare(within(key), value, other.value(key, Json()), out);
  for (const auto& [key, value] : other.items())
    if (!own.contains(key)) compare(within(key), Json(), value, out);
}

}  // namespace

std::vector<Difference> differences(const BlockSpec& own, const BlockSpec& other) {
  std::vector<Difference> out;
  compare("", to_json(own), to_json(other), out);
  return out;
}

const Preset& nearest_to(const Preset& preset) {
  static const std::vector<Json> specs = [] {
    std::vector<Json> all;
    for (const Preset& p : presets()) all.push_back(to_json(p.make()));
    return all;
  }();
  const Json own = to_json(preset.make());
  const Preset* nearest = nullptr;
  std::size_t least = 0;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (presets()[i].name == preset.name) continue;
    std::vector<Difference> found;
    compare("", own, specs[i], found);
    if (!nearest || found.size() < least) nearest = &presets()[i], least = found.size();
  }
  return *nearest;
}

}  // namespace plumbline::reports
