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
Json to_json(const BlockSpec& spec) { return written(0, spec); }

}  // namespace plumbline
