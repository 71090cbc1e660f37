// What a feature says of itself: its knobs, and the wrong choices that people really make with them. Whatever
// has to know all of them walks over these tables: JSON in and out, validation, nearest names, deviations and
// their mutants, the neighbourhood of a spec, its schema, the reference of the spec.
#pragma once

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "plumbline/base/names.hpp"
#include "plumbline/block/sizes.hpp"

namespace plumbline {

// Where a number must lie: from `least` to `most`, or above `least`.
struct Range {
  double least = -std::numeric_limits<double>::infinity(), most = std::numeric_limits<double>::infinity();
  bool above_least = false;
};
inline constexpr Range size_range{1, largest_size}, layers_range{1, most_layers},
    width_range{1, largest_width}, shift_range{-largest_size, largest_size},
    positive{.least = 0, .above_least = true}, not_negative{.least = 0};

// When a knob is written: those of right blocks always, so that a reader needs no defaults; others where they
// are not at their default.
enum class Written { always, where_changed };

// A member of the feature S. key: its name in JSON; "" embeds the keys of a feature in those of the one that
// has it.
template <class S, class T>
struct Knob {
  using Feature = S;
  using Value = T;

  std::string_view key;
  T S::*member;
  std::string_view says;
  Range range = {};
  Written written = Written::always;
  bool wrong = false;                           // a right implementation leaves it at its default
  std::string_view no = "false", yes = "true";  // what a choice of two is called
  void (*implies)(S&) = nullptr;                // what follows where it is given, unless that is given too
  T initial = {};                               // of an optional feature: what it is before its keys are read
  bool (*speaks_of)(const S&) = nullptr;        // the features that it is a knob of; none: all

  // This knob with that range; written only where it is not at its default; so, and held otherwise only by
  // wrong implementations.
  constexpr Knob within(const Range& r) const {
    return with([&](Knob& k) { k.range = r; });
  }
  constexpr Knob where_changed() const {
    return with([](Knob& k) { k.written = Written::where_changed; });
  }
  constexpr Knob where_wrong() const {
    return with([](Knob& k) { k.written = Written::where_changed, k.wrong = true; });
  }
  // The same with other names for false and true; with what follows where it is given; with what an optional
  // feature is before its keys are read.
  constexpr Knob called(std::string_view no, std::string_view yes) const {
    return with([&](Knob& k) { k.no = no, k.yes = yes; });
  }
  constexpr Knob implying(void (*change)(S&)) const {
    return with([&](Knob& k) { k.implies = change; });
  }
  constexpr Knob starting_as(const T& value) const {
    return with([&](Knob& k) { k.initial = value; });
  }
  // This knob of such features alone: of others it stays at its default, and is not written.
  constexpr Knob only_of(bool (*speaks_of)(const S&)) const {
    return with([&](Knob& k) { k.speaks_of = speaks_of; });
  }
  bool is_of(const S& feature) const { return !speaks_of || speaks_of(feature); }
  // Whether a choice of two has names other than false and true.
  bool is_named() const { return yes != "true"; }

 private:
  template <class Change>
  constexpr Knob with(Change change) const {
    Knob k = *this;
    change(k);
    return k;
  }
};

// A knob: its key in JSON, the member that holds it, and what it says, for the reference of the spec.
template <class S, class T>
constexpr Knob<S, T> knob(std::string_view key, T S::*member, std::string_view says = "") {
  return {key, member, says};
}

// The knobs of a feature, in the order in which they are written: specialised beside its struct.
template <class S>
inline constexpr auto knobs = std::tuple<>();

// What has knobs.
template <class S>
concept Feature = (std::tuple_size_v<std::remove_const_t<decltype(knobs<S>)>> > 0);

namespace detail {
template <class T>
struct WithoutOptional {
  using type = T;
};
template <class T>
struct WithoutOptional<std::optional<T>> {
  using type = T;
};
}  // namespace detail
// T of std::optional<T>; other types as they are.
template <class T>
using without_optional = typename detail::WithoutOptional<T>::type;
template <class T>
inline constexpr bool is_optional = !std::is_same_v<T, without_optional<T>>;

// f(knob) for each knob of S. (std::apply would ask whether f throws, and compile all of it twice.)
template <class S, class F>
void for_each_knob(F f) {
  constexpr std::size_t count = std::tuple_size_v<std::remove_const_t<decltype(knobs<S>)>>;
  [&]<std::size_t... i>(std::index_sequence<i...>) { (f(std::get<i>(knobs<S>)), ...); }
  (std::make_index_sequence<count>());
}

// f(path, knob, feature) for each knob that holds a value, with the dotted path of its JSON: through features
// that are members, and through optional ones that are there.
template <class S, class F>
void walk(S& feature, const std::string& path, const F& f) {
  for_each_knob<std::remove_const_t<S>>([&](const auto& k) {
    using T = typename std::remove_cvref_t<decltype(k)>::Value;
    const std::string at = k.key.empty() ? path : path + (path.empty() ? "" : ".") + std::string(k.key);
    auto& value = feature.*(k.member);
    if constexpr (Feature<T>) {
      walk(value, at, f);
    } else if constexpr (Feature<without_optional<T>>) {
      if (value) walk(*value, at, f);
    } else {
      f(at, k, feature);
    }
  });
}

// The same without the path, which costs more than all else: f(knob, feature).
template <class S, class F>
void walk(S& feature, const F& f) {
  for_each_knob<std::remove_const_t<S>>([&](const auto& k) {
    using T = typename std::remove_cvref_t<decltype(k)>::Value;
    auto& value = feature.*(k.member);
    if constexpr (Feature<T>) {
      walk(value, f);
    } else if constexpr (Feature<without_optional<T>>) {
      if (value) walk(*value, f);
    } else {
      f(k, feature);
    }
  });
}

// How many knobs hold what only a wrong implementation has; and the feature without these.
template <Feature S>
int wrong_knobs(const S& feature) {
  int n = 0;
  walk(feature, [&](const auto& k, const auto& of) {
    if (!k.wrong) return;
    const typename std::remove_cvref_t<decltype(k)>::Feature right;
    n += !(of.*(k.member) == right.*(k.member));
  });
  return n;
}
template <Feature S>
void make_right(S& feature) {
  walk(feature, [](const auto& k, auto& of) {
    if (!k.wrong) return;
    const typename std::remove_cvref_t<decltype(k)>::Feature right;
    of.*(k.member) = right.*(k.member);
  });
}

// Knobs that do not speak of their feature are at their default afterwards.
template <Feature S>
void forget_what_does_not_apply(S& feature) {
  walk(feature, [](const auto& k, auto& of) {
    if (k.is_of(of)) return;
    const typename std::remove_cvref_t<decltype(k)>::Feature usual;
    of.*(k.member) = usual.*(k.member);
  });
}

namespace detail {
template <class S, class F>
constexpr bool stands_in();
template <class S, class... K>
constexpr bool stands_in_one_of(const std::tuple<K...>*) {
  return (stands_in<S, without_optional<typename K::Value>>() || ...);
}
// Whether F is of kind S, or a feature of kind S can stand within it.
template <class S, class F>
constexpr bool stands_in() {
  if constexpr (std::is_same_v<S, F>)
    return true;
  else
    return stands_in_one_of<S>(static_cast<decltype(&knobs<F>)>(nullptr));
}
}  // namespace detail

// change(feature) for each feature of kind S within `feature`: all norms of a block.
template <class S, class F, class Change>
void for_each_feature(F& feature, const Change& change) {
  if constexpr (std::is_same_v<S, F>) {
    change(feature);
  } else {
    for_each_knob<F>([&](const auto& k) {
      auto& value = feature.*(k.member);
      using T = std::remove_reference_t<decltype(value)>;
      if constexpr (!detail::stands_in<S, without_optional<T>>()) {
        return;
      } else if constexpr (is_optional<T>) {
        if (value) for_each_feature<S>(*value, change);
      } else {
        for_each_feature<S>(value, change);
      }
    });
  }
}

// A wrong choice that real implementations make, as a change of the feature; it leaves alone what it does not
// apply to. bug: a report of it in the wild, or "" where it stands for its kind.
template <class S>
struct WrongChoice {
  std::string_view id, formula, bug;
  void (*apply)(S& feature);
  std::string_view from_slot = {}, to_slot = {};  // where a norm moves
};

// The wrong choices of a feature: specialised beside its struct.
template <class S>
inline constexpr std::array<WrongChoice<S>, 0> wrong_choices = {};

}  // namespace plumbline
