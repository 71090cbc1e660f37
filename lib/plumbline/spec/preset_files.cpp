#include "plumbline/spec/preset_files.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

#include "plumbline/base/strict_json.hpp"
#include "plumbline/spec/json_reader.hpp"

namespace plumbline {
namespace {

// Objects are merged key by key; anything else replaces what was there.
void put_over(Json& below, const Json& above) {
  if (!below.is_object() || !above.is_object()) {
    below = above;
    return;
  }
  for (const auto& [key, value] : above.items()) put_over(below[key], value);
}

const Json& object_at(JsonReader& r, const char* key) {
  static const Json none = Json::object();
  const Json* found = r.find(key);
  if (found && !found->is_object()) r.fail(key, "an object", *found);
  return found ? *found : none;
}

PresetFile read_one(const PresetText& t) {
  PresetFile f;
  f.name = t.name;
  const Json json = parse_json(t.text, "preset " + f.name);
  JsonReader r(json, "preset " + f.name);
  r.read("summary", f.summary);
  r.read("source", f.source);
  r.read("used_by", f.used_by);
  r.read("common", f.common);
  f.spec = object_at(r, "spec");
  f.small = object_at(r, "small");
  f.hugging_face = object_at(r, "hugging_face");
  r.finish();
  for (const auto& [key, value] : {std::pair("summary", f.summary), {"source", f.source}})
    if (value.empty()) throw Error(r.path(key) + ": expected a text, found none");
  if (!f.spec.contains("preset"))
    throw Error(r.path("spec.preset") + ": expected where it begins, found none");
  return f;
}

bool is_layout(const Json& name) {
  return std::ranges::any_of(presets_that_are_layouts(), [&](const Preset& p) { return name == p.name; });
}

// What a file says, over what the one says that it begins with, down to a layout.
void merge(PresetFile& f, std::span<const PresetFile> all) {
  for (std::size_t steps = 0; !is_layout(f.spec["preset"]); ++steps) {
    const Json begins_with = f.spec["preset"];
    const auto below = std::ranges::find_if(all, [&](const PresetFile& p) { return begins_with == p.name; });
    if (below == all.end() || steps == all.size())
      throw Error("preset " + f.name + ".spec.preset: expected a layout or another file's name, found " +
                  begins_with.dump());
    Json spec = below->spec, small = below->small;
    f.spec.erase("preset");
    put_over(spec, f.spec);
    put_over(small, f.small);
    f.spec = spec, f.small = small;
  }
}

using Lengths = std::vector<std::pair<std::string_view, int>>;

// "head_dim * 3 / 4" of these; nothing where the text is no such.
std::optional<int> length_said(const std::string& text, const Lengths& lengths) {
  std::istringstream words(text);
  std::string name, sign;
  words >> name;
  const auto known = std::ranges::find_if(lengths, [&](const auto& l) { return l.first == name; });
  if (known == lengths.end()) return std::nullopt;
  long long value = known->second;
  for (int by = 0; words >> sign >> by;) {
    if (by < 1 || (sign != "*" && sign != "/")) return std::nullopt;
    value = sign == "*" ? value * by : value / by;
  }
  return words.eof() ? std::optional(int(std::max(1LL, value))) : std::nullopt;
}

int largest_divisor(int n, int most) {
  int divisor = std::clamp(most, 1, n);
  while (n % divisor != 0) --divisor;
  return divisor;
}

// Replaces the texts that say what follows from a dimension.
void put_lengths(Json& value, const std::string& key, const Lengths& lengths) {
  if (value.is_structured()) {
    for (auto& [name, within] : value.items()) put_lengths(within, name, lengths);
  } else if (value.is_string() && key != "width") {  // of a norm "head_dim" is a name
    std::optional<int> said = length_said(value.get<std::string>(), lengths);
    if (said && (key == "rotary_dim" || key == "rope_dim")) said = std::max(2, *said / 2 * 2);
    if (said) value = *said;
  }
}

// The dimension that is given; else the file's, which may follow from others; else what is derived.
int dimension(int given, const Json& object, const char* key, int derived, const Lengths& lengths) {
  if (given != 0) return given;
  const auto found = object.find(key);
  if (found == object.end()) return derived;
  Json value = *found;
  put_lengths(value, key, lengths);
  return value.is_number_integer() ? value.get<int>() : derived;
}

void put_dimensions(Json& spec, const Dimensions& n) {
  // All keys first: an ordered object moves its values when it grows.
  for (const char* key : {"d", "n_layers", "attention", "ffn"})
    if (!spec.contains(key)) spec[key] = nullptr;
  Json &attention = spec["attention"], &ffn = spec["ffn"];
  for (Json* object : {&attention, &ffn})
    if (object->is_null()) *object = Json::object();

  Lengths lengths{{"n_layers", n.n_layers}};
  const auto put = [&](Json& object, const char* key, int given, int derived) {
    const int value = dimension(given, object, key, derived, lengths);
    object[key] = value;
    lengths.emplace_back(key, value);
    return value;
  };
  const int d = put(spec, "d", n.d, usual_width);
  const int n_heads = put(attention, "n_heads", n.n_heads, usual_heads);
  put(attention, "head_dim", n.head_dim, std::max(1, d / n_heads));
  put(ffn, "d_ff", n.d_ff, 4 * d);
  int n_kv_heads = n.n_kv_heads;
  if (n_kv_heads == 0)
    n_kv_heads = largest_divisor(n_heads, dimension(0, attention, "n_kv_heads", n_heads, lengths));
  // Latent attention has as many heads of keys as of queries.
  attention["n_kv_heads"] = attention.contains("latent") ? n_heads : n_kv_heads;
  spec["n_layers"] = n.n_layers;
  put_lengths(spec, "", lengths);
}

}  // namespace

std::vector<PresetFile> read_preset_files(std::span<const PresetText> texts) {
  std::vector<PresetFile> read;
  for (const PresetText& t : texts) read.push_back(read_one(t));
  std::vector<PresetFile> merged = read;
  for (PresetFile& f : merged) merge(f, read);
  return merged;
}

BlockSpec block_of(const PresetFile& file, const Dimensions& n, bool small) {
  Json spec = file.spec;
  if (small) put_over(spec, file.small);
  put_dimensions(spec, n);
  try {
    return unchecked_spec_from_json(spec);
  } catch (const Error& e) {
    throw Error("preset " + file.name + ": " + e.what());
  }
}

}  // namespace plumbline
