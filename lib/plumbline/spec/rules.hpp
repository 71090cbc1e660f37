// How the rules of a spec fail, and what all of them use; the rules themselves are in validate.cpp and
// validate_attention.cpp. Each throws Error with the key that is wrong, what was expected and what was found.
#pragma once

#include <cmath>
#include <string>

#include "plumbline/block/block_spec.hpp"

namespace plumbline::rules {

// Throws Error: the key, what was expected and what was found.
[[noreturn]] inline void fail(const std::string& path, const std::string& what) {
  throw Error("spec." + path + ": " + what);
}

// A whole number that a range holds as a real one, as text.
inline std::string whole(double x) { return std::to_string(static_cast<long long>(x)); }

// The range of a knob, with the words for what is expected of a size, of another whole number, of a real one.
template <class K, class T>
void require(const std::string& path, const K& k, const T& value) {
  const Range& r = k.range;
  if constexpr (is_optional<T>) {
    if (value) require(path, k, *value);
  } else if constexpr (std::is_same_v<T, std::vector<double>>) {
    if (value.empty() || value.size() > largest_size)
      fail(path, "expected from 1 to " + std::to_string(largest_size) + " numbers, found " +
                     std::to_string(value.size()));
    for (std::size_t i = 0; i < value.size(); ++i) require(path + "[" + std::to_string(i) + "]", k, value[i]);
  } else if constexpr (std::is_same_v<T, int>) {
    if (r.least == 1) return check_size("spec." + path, value, static_cast<int>(r.most));
    if (value >= r.least && value <= r.most) return;
    if (r.least == 0 && r.most == 1) fail(path, "expected 0 or 1, found " + std::to_string(value));
    fail(path, "expected a whole number from " + whole(r.least) + " to " + whole(r.most) + ", found " +
                   std::to_string(value));
  } else if constexpr (std::is_same_v<T, double>) {
    if (r.above_least && !(std::isfinite(value) && value > r.least))
      fail(path, "expected a finite number above 0");
    if (!std::isfinite(value)) fail(path, "expected a finite number");
    if (value < r.least) fail(path, "expected a number of at least 0, found " + std::to_string(value));
  }
}

// Every number of a feature in the range of its knob.
template <class S>
void check_ranges(const std::string& path, const S& feature) {
  walk(feature, path,
       [](const std::string& at, const auto& k, const auto& of) { require(at, k, of.*(k.member)); });
}

// "part is ...", where that is why something is expected.
inline std::string part_text(const BlockSpec& s) {
  return "part is \"" + std::string(name_of(s.part)) + "\"";
}

// Attention of a whole block and of part "sdpa"; heads alone: their scores, turns, states, or softmax.
void check_attention(const BlockSpec& s);
void check_heads(const BlockSpec& s);
void check_turning(const BlockSpec& s);
void check_recurrence(const BlockSpec& s);
void check_softmax(const BlockSpec& s);

}  // namespace plumbline::rules
