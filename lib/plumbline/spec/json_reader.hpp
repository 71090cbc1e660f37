// Reads one JSON object key by key; whatever was not asked for is an unknown key.
#pragma once

#include <nlohmann/json_fwd.hpp>
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
  bool is_null(std::string_view key);

  // Each of these leaves `value` alone where the key is absent.
  void read(std::string_view key, bool& value);
  void read(std::string_view key, int& value);
  void read(std::string_view key, double& value);
  void read(std::string_view key, std::string& value);
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

  // Throws where a key was never asked for.
  void finish() const;

  std::string path(std::string_view key) const { return path_ + "." + std::string(key); }
  [[noreturn]] void fail(std::string_view key, const std::string& expected, const Json& found) const;

 private:
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
