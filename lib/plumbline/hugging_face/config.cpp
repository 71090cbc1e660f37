#include "plumbline/hugging_face/config.hpp"

#include <algorithm>

#include "plumbline/base/excerpt.hpp"

namespace plumbline {

Config::Config(const Json& json, std::string file, std::string path)
    : json_(json), file_(std::move(file)), path_(std::move(path)) {
  if (!json_.is_object()) {
    const std::string key = path_.empty() ? "" : path_.substr(0, path_.size() - 1) + ": ";
    throw Error(file_ + ": " + key + "expected an object, found " + excerpt(json_));
  }
}

void Config::fail(const char* key, const std::string& expected, const std::string& found) const {
  throw Error(file_ + ": " + path_ + key + ": expected " + expected + ", found " + found);
}

void Config::refuse(const char* key, const std::string& expected, const Json& found) const {
  fail(key, expected, excerpt(found));
}

const Config::Json* Config::find(Keys keys) {
  const Json* found = nullptr;
  for (const char* key : keys) {
    asked_.push_back(key);
    const auto it = json_.find(key);
    if (it == json_.end() || it->is_null()) continue;
    if (found && *found != *it) refuse(key, excerpt(*found) + ", as " + *keys.begin() + " says", *it);
    found = &*it;
  }
  return found;
}

bool Config::says_null(const char* key) {
  asked_.push_back(key);
  const auto it = json_.find(key);
  return it != json_.end() && it->is_null();
}

int Config::whole(Keys keys, std::optional<int> otherwise, int least) {
  const Json* value = find(keys);
  if (!value && otherwise) return *otherwise;
  const std::string expected = "a whole number of at least " + std::to_string(least);
  constexpr int largest = 1 << 24;  // more than a spec may say
  if (!value) fail(*keys.begin(), expected, "none");
  if (!value->is_number_integer() || *value < least || *value > largest)
    refuse(*keys.begin(), expected, *value);
  return value->get<int>();
}

double Config::number(Keys keys, std::optional<double> otherwise) {
  const Json* value = find(keys);
  if (!value && otherwise) return *otherwise;
  if (!value) fail(*keys.begin(), "a number", "none");
  if (!value->is_number()) refuse(*keys.begin(), "a number", *value);
  return value->get<double>();
}

bool Config::flag(const char* key, bool otherwise) {
  const Json* value = find({key});
  if (!value) return otherwise;
  if (!value->is_boolean()) refuse(key, "true or false", *value);
  return value->get<bool>();
}

std::string Config::text(Keys keys, std::optional<std::string> otherwise) {
  const Json* value = find(keys);
  if (!value && otherwise) return *otherwise;
  if (!value) fail(*keys.begin(), "text", "none");
  if (!value->is_string()) refuse(*keys.begin(), "text", *value);
  return value->get<std::string>();
}

std::optional<int> Config::whole_or_none(const char* key, std::optional<int> otherwise, int least) {
  if (says_null(key)) return std::nullopt;
  if (!find({key})) return otherwise;
  return whole({key}, {}, least);
}

std::optional<double> Config::number_or_none(const char* key, std::optional<double> otherwise) {
  if (says_null(key)) return std::nullopt;
  if (!find({key})) return otherwise;
  return number({key});
}

std::optional<Config> Config::object(const char* key) {
  const Json* value = find({key});
  if (!value) return std::nullopt;
  return Config(*value, file_, path_ + key + ".");
}

void Config::must_be(const char* key, const Json& value) {
  const Json* found = find({key});
  if (found && *found != value) refuse(key, excerpt(value), *found);
}

void Config::ignore(Keys keys) { asked_.insert(asked_.end(), keys.begin(), keys.end()); }

void Config::finish(const std::string& known_to) const {
  const auto known = keys_without_effect();
  for (const auto& [key, value] : json_.items()) {
    if (value.is_null() || std::find(known.begin(), known.end(), key) != known.end()) continue;
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    refuse(excerpt(key).c_str(), "no key that is unknown of " + known_to, value);
  }
}

}  // namespace plumbline
