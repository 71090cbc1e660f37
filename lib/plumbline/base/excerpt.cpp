#include "plumbline/base/excerpt.hpp"

#include <nlohmann/json.hpp>

namespace plumbline {
namespace {

template <class J>
std::string on_one_line(const J& json) {
  return json.dump(-1, ' ', true, J::error_handler_t::replace);
}

std::string cut(std::string text, std::size_t longest) {
  if (text.size() > longest) text.replace(longest, text.npos, "...");
  return text;
}

}  // namespace

std::string excerpt(const std::string& text, std::size_t longest) {
  const std::string quoted = on_one_line(nlohmann::json(text.substr(0, longest + 1)));
  return cut(quoted.substr(1, quoted.size() - 2), longest);
}

std::string excerpt(const nlohmann::json& json) { return cut(on_one_line(json), longest_excerpt); }
std::string excerpt(const nlohmann::ordered_json& json) { return cut(on_one_line(json), longest_excerpt); }

std::string shown(const std::string& name) { return '"' + excerpt(name) + '"'; }

}  // namespace plumbline
