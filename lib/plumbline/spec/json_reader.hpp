// Reads one JSON object key by key; whatever was not asked for is an unknown key.
#pragma once

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plumbline/error.hpp"
#include "plumbline/spec/names.hpp"

namespace plumbline {

class JsonReader {
 public:
  using Json = nlohmann::ordered_json;
  JsonReader(const Json& json, std::string path);

  // The value at `key`, or nullptr where it is absent.
  const Json* find(std::string_view key);
  bool is_null(std::string_view key) {
    const Json* v = find(key);
    return v && v->is_null();
  }

  // Each of these leaves `value` alone where the key is absent.
  void read(std::string_view key, bool& value);
  void read(std::string_view key, int& value);
  void read(std::string_view key, double& value);
  void read(std::string_view key, std::string& value);
  void read(std::string_view key, std::optional<int>& value) { read_optional(key, value); }
  void read(std::string_view key, std::optional<double>& value) { read_optional(key, value); }
  template <class E>
  requires std::is_enum_v<E>
  void read(std::string_view key, E& value);
  template <class E>
  requires std::is_enum_v<E>
  void read(std::string_view key, std::optional<E>& value) { read_optional(key, value); }

  // Throws where a key was never asked for.
  void finish() const;

  std::string path(std::string_view key) const { return path_ + "." + std::string(key); }
  [[noreturn]] void fail(std::string_view key, const std::string& expected, const Json& found) const;

 private:
  template <class T>
  void read_optional(std::string_view key, std::optional<T>& value) {
    const Json* v = find(key);
    if (!v) return;
    value.reset();
    if (!v->is_null()) read(key, value.emplace());
  }

  const Json& json_;
  std::string path_;
  std::vector<std::string_view> known_;
};

template <class E>
requires std::is_enum_v<E>
void JsonReader::read(std::string_view key, E& value) {
  const Json* v = find(key);
  if (!v) return;
  std::string expected;
  for (auto [e, text] : names<E>()) {
    if (v->is_string() && v->get_ref<const std::string&>() == text) {
      value = e;
      return;
    }
    expected += (expected.empty() ? "\"" : ", \"") + std::string(text) + "\"";
  }
  fail(key, "one of " + expected, *v);
}

}  // namespace plumbline
