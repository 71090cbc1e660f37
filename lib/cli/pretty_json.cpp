#include "cli/pretty_json.hpp"

#include <nlohmann/json.hpp>

namespace plumbline::cli {
namespace {

std::string on_one_line(const Json& json) {
  if (!json.is_structured() || json.empty()) return json.dump();
  std::string out = json.is_object() ? "{" : "[";
  for (auto it = json.begin(); it != json.end(); ++it) {
    if (it != json.begin()) out += ", ";
    if (json.is_object()) out += Json(it.key()).dump() + ": ";
    out += on_one_line(it.value());
  }
  return out + (json.is_object() ? "}" : "]");
}

}  // namespace

std::string pretty(const Json& json, std::size_t width, std::size_t indent, std::size_t start) {
  const std::string line = on_one_line(json);
  if (!json.is_structured() || json.empty() || start + line.size() <= width) return line;
  const std::string margin(indent + 2, ' ');
  std::string out = json.is_object() ? "{\n" : "[\n";
  for (auto it = json.begin(); it != json.end(); ++it) {
    if (it != json.begin()) out += ",\n";
    const std::string key = json.is_object() ? Json(it.key()).dump() + ": " : "";
    out += margin + key + pretty(it.value(), width, indent + 2, margin.size() + key.size());
  }
  return out + "\n" + std::string(indent, ' ') + (json.is_object() ? "}" : "]");
}

}  // namespace plumbline::cli
