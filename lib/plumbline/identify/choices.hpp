// What the knobs of a feature can be set to, as far as they say so themselves (block/knob.hpp): both sides of
// a choice of two, every enumerator, an optional feature or none, and of a whole number that right
// implementations leave alone what wrong ones make of it. Other numbers are told by hand.
#pragma once

#include <algorithm>
#include <functional>

#include "plumbline/block/block_spec.hpp"
#include "plumbline/identify/knobs.hpp"

namespace plumbline::identify {

// A value of a knob of the feature F.
template <class F>
struct Value {
  std::string text;
  std::function<void(F&)> set;
};

// A knob of F: what it is, and what it can be set to in that feature; empty where it means nothing there.
template <class F>
struct Choice {
  std::string key;
  std::function<std::string(const F&)> text;
  std::function<std::vector<Value<F>>(const F&)> values;
};

// What wrong choices make of a feature, each by itself. Those of the block stand in spec/deviation.cpp, out
// of sight.
template <class F>
std::vector<F> gone_wrong(const F& feature) {
  std::vector<F> out;
  if constexpr (!std::is_same_v<F, BlockSpec>)
    for (const WrongChoice<F>& w : wrong_choices<F>) {
      out.push_back(feature);
      w.apply(out.back());
    }
  return out;
}

namespace detail {

template <class T>
inline constexpr bool is_optional_feature = Feature<without_optional<T>>&& is_optional<T>;

template <class F, class T>
std::string text_of(const Knob<F, T>& k, const T& value) {
  if constexpr (is_optional_feature<T>) return value ? "yes" : "none";
  if constexpr (std::is_same_v<T, bool>) return std::string(value ? k.yes : k.no);
  if constexpr (std::is_same_v<T, int>) return std::to_string(value);
  if constexpr (std::is_enum_v<T>) return std::string(plumbline::name_of(value));
  return {};
}

// The right number, those that wrong choices make of it, and these with the other sign.
template <class F>
std::vector<int> numbers_of_wrong(const Knob<F, int>& k) {
  std::vector<int> out{F().*(k.member)};
  for (const F& wrong : gone_wrong(F()))
    for (const int x : {wrong.*(k.member), -(wrong.*(k.member))})
      if (wrong.*(k.member) != out.front() && x >= k.range.least && x <= k.range.most &&
          std::find(out.begin(), out.end(), x) == out.end())
        out.push_back(x);
  return out;
}

// The two tanh formulas of GELU differ by less than float32 resolves.
template <class E>
constexpr bool looks_like_another(E e) {
  if constexpr (std::is_same_v<E, Activation>) return e == Activation::gelu_bloom;
  return false;
}

// add(value) for each value that the knob can be set to in that feature.
template <class F, class T, class Add>
void for_each_value(const Knob<F, T>& k, const F& feature, const Add& add) {
  if constexpr (std::is_same_v<T, bool>) {
    add(false), add(true);
  } else if constexpr (std::is_enum_v<T>) {
    for (auto [e, text] : names<T>())
      if (!looks_like_another(e)) add(e);
  } else if constexpr (std::is_same_v<T, int>) {
    for (int x : numbers_of_wrong(k)) add(x);
  } else {
    const T& now = feature.*(k.member);
    add(T()), add(now ? now : T(without_optional<T>()));
  }
}

// A knob that right implementations leave alone means something where some wrong choice turns it: heads are
// tiled only where they are shared.
template <class F, class T>
bool applies(const Knob<F, T>& k, const F& feature) {
  if (!k.is_of(feature)) return false;
  if (!k.wrong) return true;
  F right = feature;
  right.*(k.member) = F().*(k.member);
  const std::vector<F> wrong = gone_wrong(right);
  return wrong.empty() || std::any_of(wrong.begin(), wrong.end(),
                                      [&](const F& w) { return !(w.*(k.member) == right.*(k.member)); });
}

}  // namespace detail

// The choice that the knob itself tells of.
template <class F, class T>
Choice<F> choice(const Knob<F, T>& k) {
  return {std::string(k.key),
          [k](const F& f) { return k.is_of(f) ? detail::text_of(k, f.*(k.member)) : std::string(); },
          [k](const F& f) {
            std::vector<Value<F>> out;
            if (detail::applies(k, f))
              detail::for_each_value(k, f, [&](const T& value) {
                out.push_back({detail::text_of(k, value), [k, value](F& g) { g.*(k.member) = value; }});
              });
            return out;
          }};
}

// Those of all knobs of F, in their order, but of those that `unvaried` lists below that path.
template <class F>
std::vector<Choice<F>> choices(const std::string& path) {
  std::vector<Choice<F>> out;
  for_each_knob<F>([&](const auto& k) {
    using T = typename std::remove_cvref_t<decltype(k)>::Value;
    if (why_unvaried(dotted(path, k.key))) return;
    if constexpr (std::is_same_v<T, bool> || std::is_enum_v<T> || detail::is_optional_feature<T>)
      out.push_back(choice(k));
    if constexpr (std::is_same_v<T, int>)
      if (k.wrong) out.push_back(choice(k));
  });
  return out;
}

}  // namespace plumbline::identify
