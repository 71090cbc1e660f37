// config.json of a Hugging Face folder, read key by key. What a model does not ask for must be known to
// change nothing in its layers; any other key is refused, since nobody knows what it means.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plumbline/base/error.hpp"

namespace plumbline {

// Keys that change nothing in a layer: of training, of what stands before the first layer and behind the
// last, of how a model is stored or run, of how text is generated from it.
std::span<const std::string_view> keys_without_effect();

// One object of the file. Every message is one line: the file, the key, what was expected, what was found.
class Config {
 public:
  using Json = nlohmann::json;
  // Several names of one thing; it is called by the first, and where it has several, they say the same.
  using Keys = std::initializer_list<const char*>;

  // Throws Error where `json` is no object. It must outlive the reader.
  Config(const Json& json, std::string file, std::string path = "");

  // The value, or nullptr where there is none; null is none.
  const Json* find(Keys keys);
  // Whether a key is there and says null.
  bool says_null(const char* key);
  // What stands at a key: `otherwise` where the key is absent or null, and an error where there is no such.
  int whole(Keys keys, std::optional<int> otherwise = {}, int least = 1);
  double number(Keys keys, std::optional<double> otherwise = {});
  bool flag(const char* key, bool otherwise);
  std::string text(Keys keys, std::optional<std::string> otherwise = {});
  // The same where null means none, and only an absent key `otherwise`.
  std::optional<int> whole_or_none(const char* key, std::optional<int> otherwise, int least = 1);
  std::optional<double> number_or_none(const char* key, std::optional<double> otherwise);
  // An object within, or nothing. It is to be finished like this one.
  std::optional<Config> object(const char* key);
  // Throws where the key says something else; null says nothing.
  void must_be(const char* key, const Json& value);

  // Keys that the caller knows to have no effect where it stands.
  void ignore(Keys keys);
  // Throws where a key that was never asked for says something, and may have an effect.
  void finish(const std::string& known_to) const;

  // Throw Error that says what was expected at a key, and what was found.
  [[noreturn]] void fail(const char* key, const std::string& expected, const std::string& found) const;
  [[noreturn]] void refuse(const char* key, const std::string& expected, const Json& found) const;
  const std::string& file() const { return file_; }

 private:
  const Json& json_;
  std::string file_, path_;  // the path ends in a dot, where it is not empty
  std::vector<std::string> asked_;
};

}  // namespace plumbline
