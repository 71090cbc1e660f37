// The text of each enumerator, written once, beside its enumeration: JSON, reports and messages use these.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace plumbline {

// A table of enumerators and their names.
template <class E>
using Names = std::span<const std::pair<E, std::string_view>>;

// The table of E: PLUMBLINE_NAMES writes it, beside the enumeration.
template <class E>
inline constexpr auto name_table = nullptr;

#define PLUMBLINE_NAMES(E, ...)                                          \
  template <>                                                            \
  inline constexpr auto name_table<E> = [] {                             \
    using enum E;                                                        \
    return std::to_array<std::pair<E, std::string_view>>({__VA_ARGS__}); \
  }();

// The enumerators of E with their names; the default of the knob comes first.
template <class E>
constexpr Names<E> names() {
  return name_table<E>;
}

// The name of an enumerator; "?" where the table lacks it.
template <class E>
std::string_view name_of(E value) {
  for (auto [e, text] : names<E>())
    if (e == value) return text;
  return "?";
}

// The enumerator of that name, if there is one.
template <class E>
std::optional<E> find_named(std::string_view name) {
  for (auto [e, text] : names<E>())
    if (text == name) return e;
  return std::nullopt;
}

}  // namespace plumbline
