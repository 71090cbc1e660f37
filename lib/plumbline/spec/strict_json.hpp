// JSON without ambiguity: a key that is given twice is an error, and so is anything malformed or nested so
// deep that no file of ours means it (what walks JSON does so by recursion).
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plumbline/error.hpp"
#include "plumbline/excerpt.hpp"

namespace plumbline {

// J is nlohmann::json or ordered_json. Throws Error naming `origin` and the position, on one line.
template <class J>
J parse_strict(std::string_view text, const std::string& origin) {
  if (const auto zero = text.find('\0'); zero != text.npos)  // the parser would take it for the end
    throw Error(origin + ": not JSON: a zero byte at byte " + std::to_string(zero));
  constexpr int deepest = 64;
  // An ordered object is searched from its beginning for every key that it gets.
  constexpr std::size_t most_keys = std::is_same_v<J, nlohmann::ordered_json> ? 1000 : std::size_t(-1);
  std::vector<std::set<std::string>> keys;
  const auto check = [&](int depth, typename J::parse_event_t event, J& parsed) {
    if (depth > deepest) throw Error(origin + ": nested more than " + std::to_string(deepest) + " deep");
    if (event == J::parse_event_t::object_start) keys.emplace_back();
    if (event == J::parse_event_t::object_end) keys.pop_back();
    if (event == J::parse_event_t::key && !keys.back().insert(parsed.template get<std::string>()).second)
      throw Error(origin + ": the key " + excerpt(parsed) + " is given twice");
    if (event == J::parse_event_t::key && keys.back().size() > most_keys)
      throw Error(origin + ": an object of more than " + std::to_string(most_keys) + " keys");
    return true;
  };
  try {
    return J::parse(text, check);
  } catch (const typename J::exception& e) {
    std::string what = e.what();  // "[json.exception.parse_error.101] parse error at line ..."
    what.erase(0, what.find("] ") == what.npos ? 0 : what.find("] ") + 2);
    throw Error(origin + ": not JSON: " +
                excerpt(what.substr(0, what.find("; last read")), 200));  // it may be no UTF-8
  }
}

}  // namespace plumbline
