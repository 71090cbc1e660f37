#include "plumbline/spec/schema.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <variant>

#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

template <class S>
void add_properties(Json& properties);

template <class S>
Json object_schema() {
  Json schema{{"type", "object"}, {"additionalProperties", false}};
  add_properties<S>(schema["properties"]);
  return schema;
}

void add_range(Json& schema, const Range& r) {
  if (std::isfinite(r.least)) schema[r.above_least ? "exclusiveMinimum" : "minimum"] = r.least;
  if (std::isfinite(r.most)) schema["maximum"] = r.most;
}

template <class T, class K>
Json schema_of(const K& k) {
  Json schema;
  if constexpr (Feature<T>) {
    schema = object_schema<T>();
  } else if constexpr (std::is_enum_v<T>) {
    for (const auto& [value, name] : names<T>()) schema["enum"].push_back(name);
  } else if constexpr (std::is_same_v<T, bool>) {
    if (k.is_named())
      schema["enum"] = {k.no, k.yes};
    else
      schema["type"] = "boolean";
  } else if constexpr (std::is_same_v<T, std::monostate>) {
    schema["type"] = "null";
  } else if constexpr (std::is_same_v<T, std::vector<double>>) {
    schema = {{"type", "array"}, {"minItems", 1}, {"items", {{"type", "number"}}}};
    add_range(schema["items"], k.range);
  } else {
    schema["type"] = std::is_same_v<T, int> ? "integer" : "number";
    add_range(schema, k.range);
  }
  return schema;
}

template <class S>
void add_properties(Json& properties) {
  for_each_knob<S>([&](const auto& k) {
    using T = typename std::remove_cvref_t<decltype(k)>::Value;
    if constexpr (Feature<T>)
      if (k.key.empty()) return add_properties<T>(properties);
    Json schema = schema_of<without_optional<T>>(k);
    if constexpr (is_optional<T>) schema = Json{{"anyOf", {schema, Json{{"type", "null"}}}}};
    std::string says(k.says);
    if (k.wrong) says = "What only a wrong implementation has: " + says;
    if (!says.empty()) schema["description"] = says;
    properties[k.key] = schema;
  });
}

}  // namespace

Json schema_of_spec() {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "A residual block"},
              {"type", "object"},
              {"additionalProperties", false}};
  Json& properties = schema["properties"];
  for (const Preset& p : presets()) {
    properties["preset"]["enum"].push_back(p.name);
    if (p.is_layout) properties["layout"]["enum"].push_back(p.name);
  }
  properties["preset"]["description"] = "the block to begin with; every other key changes it";
  properties["small"] = {
      {"type", "boolean"},
      {"description", "of a preset: few experts and short windows, not the published numbers"}};
  properties["layout"]["description"] = "where the norms stand; norm says which";
  properties["norm"] = object_schema<NormSpec>();
  add_properties<BlockSpec>(properties);
  properties["layers"] = {{"type", "array"},
                          {"items", {{"$ref", "#"}}},
                          {"minItems", 1},
                          {"description", "the blocks of unlike layers, repeated in that order"}};
  properties["norm_slots"]["properties"]["attn"]["properties"]["qk"] =
      properties["norm_slots"]["properties"]["attn"]["properties"]["q"];
  return schema;
}

}  // namespace plumbline
