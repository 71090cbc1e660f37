#include "plumbline/spec/json_reader.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "plumbline/base/excerpt.hpp"
#include "plumbline/base/nearest.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

// Words of other programs for what a spec says elsewhere, and what no spec can say: told so, nobody looks for
// another spelling.
constexpr std::pair<std::string_view, const char*> other_words[] = {
    {"moe", "mixtures of experts are ffn.moe"},       {"experts", "mixtures of experts are ffn.moe"},
    {"n_experts", "their number is ffn.moe.experts"}, {"num_experts", "their number is ffn.moe.experts"},
    {"router", "mixtures of experts are ffn.moe"},    {"sinks", "attention sinks are attention.sink"},
    {"dropout", "no spec can ask for dropout"}};

std::string why_unknown(const std::string& key, std::vector<std::string_view> known) {
  for (const auto& [word, hint] : other_words)
    if (key == word) return std::string("unknown key; ") + hint;
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  return "unknown key; " + suggestion(key, known);
}

}  // namespace

JsonReader::JsonReader(const Json& json, std::string path) : json_(json), path_(std::move(path)) {
  if (!json.is_object()) throw Error(path_ + ": expected an object, found " + excerpt(json));
}

const JsonReader::Json* JsonReader::find(std::string_view key) {
  known_.push_back(key);
  const auto it = json_.find(key);
  return it == json_.end() ? nullptr : &*it;
}

bool JsonReader::is_null(std::string_view key) {
  const Json* v = find(key);
  return v && v->is_null();
}

void JsonReader::fail(std::string_view key, const std::string& expected, const Json& found) const {
  throw Error(path(key) + ": expected " + expected + ", found " + excerpt(found));
}

void JsonReader::read(std::string_view key, bool& value) {
  const Json* v = find(key);
  if (!v) return;
  if (!v->is_boolean()) fail(key, "true or false", *v);
  value = v->get<bool>();
}

void JsonReader::read(std::string_view key, int& value) {
  const Json* v = find(key);
  if (!v) return;
  constexpr std::int64_t limit = std::numeric_limits<int>::max();
  if (!v->is_number_integer()) fail(key, "a whole number", *v);
  if ((v->is_number_unsigned() && v->get<std::uint64_t>() > std::uint64_t(limit)) ||
      v->get<std::int64_t>() > limit || v->get<std::int64_t>() < -limit)
    fail(key, "a whole number of at most " + std::to_string(limit), *v);
  value = v->get<int>();
}

void JsonReader::read(std::string_view key, double& value) {
  const Json* v = find(key);
  if (!v) return;
  if (!v->is_number() || !std::isfinite(v->get<double>())) fail(key, "a finite number", *v);
  value = v->get<double>();
}

void JsonReader::read(std::string_view key, std::string& value) {
  const Json* v = find(key);
  if (!v) return;
  if (!v->is_string()) fail(key, "a text", *v);
  value = v->get<std::string>();
}

void JsonReader::read(std::string_view key, std::vector<double>& value) {
  const Json* v = find(key);
  if (!v) return;
  const auto is_finite = [](const Json& x) { return x.is_number() && std::isfinite(x.get<double>()); };
  if (!v->is_array() || v->empty() || !std::all_of(v->begin(), v->end(), is_finite))
    fail(key, "a list of finite numbers", *v);
  value = v->get<std::vector<double>>();
}

void JsonReader::read(std::string_view key, std::monostate&) {
  const Json* v = find(key);
  if (v && !v->is_null()) fail(key, "null, for no spec can ask for it", *v);
}

std::optional<std::size_t> JsonReader::choice(std::string_view key,
                                              const std::vector<std::string_view>& texts) {
  const Json* v = find(key);
  if (!v) return std::nullopt;
  std::string expected;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (v->is_string() && v->get_ref<const std::string&>() == texts[i]) return i;
    expected += (i == 0 ? "\"" : ", \"") + std::string(texts[i]) + "\"";
  }
  fail(key, "one of " + expected, *v);
}

void JsonReader::read_named(std::string_view key, std::string_view no, std::string_view yes, bool& value) {
  const Json* v = find(key);
  if (!v) return;
  if (*v != no && *v != yes) fail(key, "\"" + std::string(yes) + "\" or \"" + std::string(no) + "\"", *v);
  value = *v == yes;
}

void JsonReader::finish() const {
  for (const auto& [key, value] : json_.items())
    if (std::find(known_.begin(), known_.end(), key) == known_.end())
      throw Error(path(excerpt(key)) + ": " + why_unknown(key, known_));
}

}  // namespace plumbline
