// Reads one JSON object key by key; whatever was not asked for is an unknown key.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "plumbline/base/error.hpp"
#include "plumbline/block/knob.hpp"

namespace plumbline {

// Reads one object; its path stands in every message.
class JsonReader {
 public:
  using Json = nlohmann::ordered_json;
  // Throws Error where `json` is no object. It must outlive the reader.
  JsonReader(const Json& json, std::string path);

  // The value at `key`, or nullptr where it is absent.
  const Json* find(std::string_view key);
  bool is_null(std::string_view key);

  // Each of these leaves `value` alone where the key is absent.
  void read(std::string_view key, bool& value);
  void read(std::string_view key, int& value);
  void read(std::string_view key, double& value);
  void read(std::string_view key, std::string& value);
  void read(std::string_view key, std::vector<double>& value);
  void read(std::string_view key, std::monostate& value);  // a feature that is not there yet: null
  void read(std::string_view key, std::optional<int>& value) { read_optional(key, value); }
  void read(std::string_view key, std::optional<double>& value) { read_optional(key, value); }
  template <class E>
  requires std::is_enum_v<E>
  void read(std::string_view key, E& value) {
    std::vector<std::string_view> texts;
    for (const auto& [e, text] : names<E>()) texts.push_back(text);
    if (const std::optional<std::size_t> i = choice(key, texts)) value = names<E>()[*i].first;
  }
  template <class E>
  requires std::is_enum_v<E>
  void read(std::string_view key, std::optional<E>& value) { read_optional(key, value); }

  // The knobs of a feature, where their keys are there; those of features within it too. An optional feature
  // is null, or an object that says how it differs from what it is initially.
  template <Feature S>
  void read_knobs(S& feature) {
    for_each_knob<S>([&](const auto& k) { read_knob(k, feature); });
  }

  // Throws where a key was never asked for.
  void finish() const;

  // The key path of a key; throws Error that says what was expected there.
  std::string path(std::string_view key) const { return path_ + "." + std::string(key); }
  [[noreturn]] void fail(std::string_view key, const std::string& expected, const Json& found) const;

 private:
  template <class K, class S>
  void read_knob(const K& k, S& feature) {
    auto& value = feature.*(k.member);
    using T = std::remove_reference_t<decltype(value)>;
    if (!k.is_of(feature)) return;  // where its key is there, it is an unknown one
    if constexpr (Feature<T>) {
      if (k.key.empty()) return read_knobs(value);
      if (find(k.key)) read_object(k.key, value);
    } else if constexpr (Feature<without_optional<T>>) {
      if (!find(k.key)) return;
      value = k.initial;
      if (is_null(k.key)) return value.reset();
      if (!value) value.emplace();
      read_object(k.key, *value);
      if (k.implies) k.implies(feature);
    } else {
      if constexpr (std::is_same_v<T, bool>)
        if (k.is_named()) return read_named(k.key, k.no, k.yes, value);
      read(k.key, value);
      if (k.implies && find(k.key)) k.implies(feature);
    }
  }

  template <class S>
  void read_object(std::string_view key, S& feature) {
    if (!find(key)->is_object()) fail(key, "an object with " + keys_of<S>(), *find(key));
    JsonReader r(*find(key), path(key));
    r.read_knobs(feature);
    r.finish();
  }

  // "q, k, v, o".
  template <class S>
  static std::string keys_of() {
    std::string keys;
    for_each_knob<S>([&](const auto& k) {
      using T = std::remove_reference_t<decltype(std::declval<S&>().*(k.member))>;
      std::string more(k.key);
      if constexpr (Feature<T>)
        if (more.empty()) more = keys_of<T>();
      keys += (keys.empty() ? "" : ", ") + more;
    });
    return keys;
  }

  void read_named(std::string_view key, std::string_view no, std::string_view yes, bool& value);

  // Which of the texts stands at `key`, if it is there.
  std::optional<std::size_t> choice(std::string_view key, const std::vector<std::string_view>& texts);

  template <class T>
  void read_optional(std::string_view key, std::optional<T>& value) {
    const bool clears = is_null(key);
    if (!clears && !find(key)) return;
    value.reset();
    if (!clears) read(key, value.emplace());
  }

  const Json& json_;
  std::string path_;
  std::vector<std::string_view> known_;
};

}  // namespace plumbline
