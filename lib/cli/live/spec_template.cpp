#include "cli/live/spec_template.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "cli/files.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::cli {
namespace {

bool is_range(const Json& j) { return j.is_object() && j.contains("from"); }
bool is_choice(const Json& j) { return j.is_object() && j.contains("one_of"); }

int whole(const Json& range, const char* key) {
  using Limits = std::numeric_limits<int>;
  if (!range.contains(key) || !range.at(key).is_number_integer())
    throw Error("expected a range {\"from\": N, \"to\": N}, found " + range.dump());
  const Json& n = range.at(key);
  const bool fits = n.is_number_unsigned() ? n.get<std::uint64_t>() <= std::uint64_t(Limits::max())
                                           : n.get<std::int64_t>() >= Limits::min();
  if (!fits)
    throw Error("expected a range of numbers of at most " + std::to_string(Limits::max()) +
                " in size, found " + range.dump());
  return n.get<int>();
}

SizeRange range_from(const Json& j) {
  SizeRange r{0, whole(j, "from"), whole(j, "to")};
  r.least = j.contains("least") ? whole(j, "least") : r.from;
  if (r.least > r.from || r.from > r.to || j.size() != (j.contains("least") ? 3 : 2))
    throw Error("expected a range {\"from\": N, \"to\": N} that is not empty, found " + j.dump());
  return r;
}

void check_choice(const Json& j) {
  if (!j.at("one_of").is_array() || j.at("one_of").empty() || j.size() != 1)
    throw Error("expected {\"one_of\": [...]} with something in it, found " + j.dump());
}

// Sizes are usually no larger than this: what is asked often has to be quick. Other numbers have no limit.
int usual(std::string_view key) {
  static const std::map<std::string_view, int> table = {
      {"d", 64},     {"d_ff", 96},       {"head_dim", 64}, {"n_heads", 6}, {"n_kv_heads", 6},
      {"window", 8}, {"rotary_dim", 64}, {"T", 8},         {"T_k", 13},    {"batch", 2}};
  const auto it = table.find(key);
  return it == table.end() ? std::numeric_limits<int>::max() : it->second;
}

// How many sizes that are wished for are open in it.
int grants(const Json& j, const Chooser& choose) {
  int n = 0;
  if (j.is_structured())
    for (const auto& [key, value] : j.items())
      n += is_range(value) && choose.wishes(key) ? 1 : grants(value, choose);
  return n;
}

// Which of several: one that grants most wishes.
int alternative(const Json& all, Chooser& choose) {
  std::vector<int> best;
  int most = 0;
  for (int i = 0; i < int(all.size()); ++i) {
    const int n = grants(all[std::size_t(i)], choose);
    if (n > most) best.clear();
    most = std::max(most, n);
    if (n == most) best.push_back(i);
  }
  return choose.one_of(best, int(all.size()) - 1);
}

void add_open(const Json& j, std::string_view key, OpenSizes& out) {
  if (is_range(j)) {
    const SizeRange r = range_from(j);
    const auto [it, is_new] = out.try_emplace(std::string(key), r);
    SizeRange& all = it->second;
    if (!is_new) all = {std::min(all.least, r.least), std::min(all.from, r.from), std::max(all.to, r.to)};
  } else if (j.is_object()) {
    for (const auto& [name, value] : j.items()) add_open(value, name == "one_of" ? key : name, out);
  } else if (j.is_array()) {
    for (const Json& value : j) add_open(value, key, out);
  }
}

// A range of a preset's sizes.
Json range(int from, int to) { return {{"from", from}, {"to", to}, {"least", 1}}; }

// Most questions have small sizes; what lies beyond `usual` is asked where the borders of kernels are.
SpecTemplate template_of_preset(const BlockOptions& o) {
  const Preset& preset = find_preset(o.preset);
  const auto size = [](const std::optional<int>& given, Json open) { return given ? Json(*given) : open; };
  const Json n_heads = size(o.n_heads, range(2, 71));
  const Json equal_heads = {{"n_heads", n_heads}};  // each of width d / n_heads
  const Json grouped_heads = {{"n_heads", n_heads},
                              {"n_kv_heads", size(o.n_kv_heads, range(1, 71))},
                              {"head_dim", size(o.head_dim, range(3, 256))}};
  Json heads = Json::array();
  if (!o.n_kv_heads && !o.head_dim) heads.push_back(equal_heads);
  if (heads.empty() || preset.is_layout || preset.make(Dimensions{}).rope) heads.push_back(grouped_heads);
  return {{"preset", o.preset},
          {"d", size(o.d, range(5, 1024))},
          {"n_layers", size(o.n_layers, {{"one_of", {1, 1, 1, 2}}})},
          {"attention", {{"one_of", heads}}},
          {"ffn", {{"d_ff", size(o.d_ff, range(5, 1024))}}}};
}

bool is_preset(const Json& name) {
  return std::any_of(presets().begin(), presets().end(), [&](const Preset& p) { return name == p.name; });
}

bool says_sizes(const Json& spec) {
  if (spec.contains("d")) return true;
  for (const char* component : {"attention", "ffn"}) {
    const Json knobs = spec.value(component, Json::object());
    if (!knobs.is_object()) return true;
    for (const char* size : {"n_heads", "n_kv_heads", "head_dim", "one_of"})
      if (knobs.contains(size)) return true;
  }
  return false;
}

// A file that names a preset, and no size of it, leaves all open that its part has.
SpecTemplate with_open_sizes(SpecTemplate spec) {
  if (!spec.is_object() || !is_preset(spec.value("preset", Json())) || says_sizes(spec)) return spec;
  BlockOptions preset;
  preset.preset = spec["preset"];
  Json open = template_of_preset(preset);
  const Json part = spec.value("part", Json("stack"));
  if (part != "stack") open.erase("n_layers");
  if (part == "sdpa") {  // no d from which heads have their width
    open.erase("d");
    open["attention"] = open["attention"]["one_of"].back();
    if (!open["attention"].contains("head_dim")) open["attention"]["head_dim"] = range(3, 256);
  }
  if (part == "norm" || part == "add_norm" || part == "ffn") open.erase("attention");
  if (part == "norm" || part == "add_norm" || part == "sdpa" || part == "attention") open.erase("ffn");
  for (const char* size : {"d", "n_layers"})
    if (open.contains(size) && !spec.contains(size)) spec[size] = open[size];
  for (const char* component : {"attention", "ffn"}) {
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

bool is_open(const Json& j) {
  if (is_range(j)) return range_from(j), true;
  if (is_choice(j)) check_choice(j);
  bool open = is_choice(j);
  if (j.is_structured())
    for (const Json& value : j) open = is_open(value) || open;
  return open;
}

Json filled_in(const Json& j, Chooser& choose, std::string_view key) {
  if (is_range(j)) return choose.size(key, range_from(j), usual(key));
  if (is_choice(j)) {
    const Json& all = j["one_of"];
    return filled_in(all[std::size_t(alternative(all, choose))], choose, key);
  }
  Json out = j;
  if (j.is_object())
    for (auto& [name, value] : out.items()) value = filled_in(value, choose, name);
  else if (j.is_array())
    for (Json& value : out) value = filled_in(value, choose, key);
  return out;
}

Json simplest(const Json& j) {
  if (is_range(j)) return j["from"];
  if (is_choice(j)) return simplest(j["one_of"][0]);
  Json out = j;
  if (j.is_structured())
    for (Json& value : out) value = simplest(value);
  return out;
}

OpenSizes open_sizes(const SpecTemplate& spec) {
  OpenSizes out;
  add_open(spec, "", out);
  return out;
}

bool admits(const SpecTemplate& open, const Json& value) {
  if (is_choice(open)) {
    const Json& all = open["one_of"];
    return std::any_of(all.begin(), all.end(), [&](const Json& j) { return admits(j, value); });
  }
  if (!is_range(open)) return open == value;
  const SizeRange r = range_from(open);
  return value.is_number_integer() && r.least <= value && value <= r.to;
}

SpecTemplate template_of(const BlockOptions& o) {
  if (o.spec_file.empty()) return with_question_sizes(template_of_preset(o), o);
  return with_question_sizes(with_open_sizes(with_sizes(read_json(o.spec_file), o)), o);
}

bool leaves_open(const SpecTemplate& spec, std::string_view key, const Json& value) {
  if (!spec.is_structured()) return false;
  for (const auto& [name, part] : spec.items())
    if ((name == key && is_open(part) && admits(part, value)) || leaves_open(part, key, value)) return true;
  return false;
}

}  // namespace plumbline::cli
