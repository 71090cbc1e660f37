#include "cli/open_spec.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/files.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::cli {
namespace {

// A range of a preset's sizes.
Json range(int from, int to) { return {{"from", from}, {"to", to}, {"least", 1}}; }

// Most questions have small sizes; what lies beyond `usual` is asked where the borders of kernels are.
SpecTemplate template_of_preset(const BlockOptions& o) {
  const Preset& preset = find_preset(o.preset);
  const auto size = [](const std::optional<int>& given, Json open) { return given ? Json(*given) : open; };
  const Json n_heads = size(o.n_heads, range(2, 71));
  const Json equal_heads = {{"n_heads", n_heads}};  // each of width d / n_heads
  Json grouped_heads = {{"n_heads", n_heads},
                        {"n_kv_heads", size(o.n_kv_heads, range(1, 71))},
                        {"head_dim", size(o.head_dim, range(3, 256))}};
  const BlockSpec published = preset.make();
  if (published.attention.latent) grouped_heads.erase("n_kv_heads");
  Json heads = Json::array();
  if (!o.n_kv_heads && !o.head_dim) heads.push_back(equal_heads);
  if (heads.empty() || preset.is_layout || published.position.rope) heads.push_back(grouped_heads);
  SpecTemplate spec = {{"preset", o.preset},
                       {"d", size(o.d, range(5, 1024))},
                       {"n_layers", size(o.n_layers, {{"one_of", {1, 1, 1, 2}}})},
                       {"attention", {{"one_of", heads}}},
                       {"ffn", {{"d_ff", size(o.d_ff, range(5, 1024))}}}};
  if (!(preset.small() == published)) spec["small"] = true;
  return spec;
}

bool is_preset(const Json& name) {
  return std::any_of(presets().begin(), presets().end(), [&](const Preset& p) { return name == p.name; });
}

// Whether nothing is left to draw: d is said, or, of a part that has none, a size of heads.
bool says_sizes(const Json& spec, bool has_d) {
  if (spec.contains("d")) return true;
  for (const char* component : {"attention", "ffn"}) {
    const Json knobs = spec.value(component, Json::object());
    if (!knobs.is_object() || knobs.contains("one_of")) return true;
    for (const char* size : {"n_heads", "n_kv_heads", "head_dim"})
      if (!has_d && knobs.contains(size)) return true;
  }
  return false;
}

std::optional<Part> part_of(const SpecTemplate& spec) {
  const Json part = spec.value("part", Json(name_of(Part::stack)));
  return part.is_string() ? find_named<Part>(part.get<std::string>()) : std::nullopt;
}

// A file that names a preset or a part, and no d, leaves all open that its part has and it does not say.
SpecTemplate with_open_sizes(SpecTemplate spec) {
  if (!spec.is_object()) return spec;
  const auto known = part_of(spec);
  if (says_sizes(spec, !known || !record_of(*known).reads_heads())) return spec;
  BlockOptions preset;
  if (is_preset(spec.value("preset", Json())))
    preset.preset = spec["preset"];
  else if (!spec.contains("preset") && spec.contains("part") && known)
    preset.preset = "pre_norm";  // whose sizes are any block's
  else
    return spec;
  Json open = template_of_preset(preset);
  if (!known || !record_of(*known).is_stack) open.erase("n_layers");
  if (known && record_of(*known).reads_heads()) {  // no d from which heads have their width
    open.erase("d");
    open["attention"] = open["attention"]["one_of"].back();
    if (!open["attention"].contains("head_dim")) open["attention"]["head_dim"] = range(3, 256);
  }
  if (known && !record_of(*known).attends && !record_of(*known).reads_heads()) open.erase("attention");
  if (known && !record_of(*known).feeds) open.erase("ffn");
  if (known && record_of(*known).maps) open["linear"] = {{"d_out", {{"one_of", {range(5, 1024), nullptr}}}}};
  for (const char* size : {"d", "n_layers"})
    if (open.contains(size) && !spec.contains(size)) spec[size] = open[size];
  for (const char* component : {"attention", "ffn", "linear"}) {
    if (!open.contains(component)) continue;
    Json& sizes = open[component];
    const Json said = spec.value(component, Json::object());
    if (sizes.contains("one_of"))
      for (Json& heads : sizes["one_of"]) heads.update(said);
    else
      sizes.update(said);
    spec[component] = sizes;
  }
  return spec;
}

}  // namespace

SpecTemplate template_of(const BlockOptions& o) {
  if (o.spec_file.empty()) return with_question_sizes(template_of_preset(o), o);
  return with_question_sizes(with_open_sizes(with_sizes(read_json(o.spec_file), o)), o);
}

}  // namespace plumbline::cli
