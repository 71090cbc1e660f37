// A spec as JSON: every knob that a right block has, and the wrong choices where they are made.
#include <nlohmann/json.hpp>
#include <variant>

#include "plumbline/spec/json.hpp"

namespace plumbline {
namespace {

template <class S>
void write_knobs(Json& json, const S& feature);

template <class K, class T>
Json written(const K& k, const T& value) {
  if constexpr (is_optional<T>) {
    return value ? written(k, *value) : Json(nullptr);
  } else if constexpr (Feature<T>) {
    Json json = Json::object();
    write_knobs(json, value);
    return json;
  } else if constexpr (std::is_same_v<T, std::monostate>) {
    return nullptr;
  } else if constexpr (std::is_enum_v<T>) {
    return name_of(value);
  } else {
    if constexpr (std::is_same_v<T, bool>)
      if (k.is_named()) return value ? k.yes : k.no;
    return value;
  }
}

template <class S>
void write_knobs(Json& json, const S& feature) {
  const S usual;
  for_each_knob<S>([&](const auto& k) {
    const auto& value = feature.*(k.member);
    if (!k.is_of(feature)) return;
    if constexpr (Feature<std::remove_cvref_t<decltype(value)>>)
      if (k.key.empty()) return write_knobs(json, value);
    if (k.written == Written::always || !(value == usual.*(k.member))) json[k.key] = written(k, value);
  });
}

}  // namespace

Json to_json(const NormSpec& norm) { return written(0, norm); }

// Of unlike layers each says what is its own; beside them stands what is the stack's.
Json to_json(const BlockSpec& spec) {
  Json json = written(0, spec);
  if (spec.layers.empty()) return json;
  Json stack;
  constexpr const char* of_the_stack[] = {
      "part", "d", "n_layers", "final_norm", "layer_parameters", "final_norm_times"};
  for (const char* key : of_the_stack)
    if (json.contains(key)) stack[key] = json[key];
  for (const BlockSpec& layer : spec.layers) {
    Json own = written(0, layer);
    for (const char* key : of_the_stack) own.erase(key);
    stack["layers"].push_back(std::move(own));
  }
  return stack;
}

}  // namespace plumbline
