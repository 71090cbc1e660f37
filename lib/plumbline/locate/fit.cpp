#include "plumbline/locate/fit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "plumbline/judge/verdict.hpp"

namespace plumbline {
namespace {

using Entries = std::vector<std::size_t>;

Entries entries_of(const std::vector<bool>& marked) {
  Entries out;
  for (std::size_t e = 0; e < marked.size(); ++e)
    if (marked[e]) out.push_back(e);
  return out;
}

template <class Expected>
bool holds(const Compared& t, const Entries& entries, double times, const Expected& expected) {
  return std::all_of(entries.begin(), entries.end(),
                     [&](std::size_t e) { return std::abs(t.found[e] - expected(e)) <= times * t.limit[e]; });
}

// Whether the entries agree with something else by more than chance, where `tried` such things are compared.
// A number that was fitted to the entries uses up the most telling one.
bool is_telling(const Compared& t, const Entries& entries, double tried, bool fitted = false) {
  const std::vector<double> surprise = surprises(t);
  double sum = 0, largest = 0;
  for (const std::size_t e : entries) {
    sum += surprise[e];
    largest = std::max(largest, surprise[e]);
  }
  return sum - (fitted ? largest : 0) > std::log(tried) - std::log(Judge::alpha);
}

// Of found = a truth + b with one of the two free: least squares, each entry weighed by its limit.
double weighted_mean(const Compared& t, const Entries& entries, bool factor) {
  double above = 0, below = 0;
  for (const std::size_t e : entries) {
    const double w = t.limit[e] > 0 ? 1 / (t.limit[e] * t.limit[e]) : 0, x = factor ? t.truth[e] : 1;
    above += w * x * (factor ? t.found[e] : t.found[e] - t.truth[e]);
    below += w * x * x;
  }
  return below > 0 ? above / below : 0;
}

std::string multiple(const Compared& t, const Entries& entries) {
  if (!is_telling(t, entries, 1, true)) return "";
  const double c = weighted_mean(t, entries, true);
  if (!holds(t, entries, std::max(1.0, std::abs(c)), [&](std::size_t e) { return c * t.truth[e]; }))
    return "";
  const std::string digits = three_digits(c);
  return digits == "-1" ? "the negative of what is right" : digits + " times what is right";
}

std::string shifted_by_a_number(const Compared& t, const Entries& entries) {
  if (!is_telling(t, entries, 1, true)) return "";
  const double b = weighted_mean(t, entries, false);
  if (!holds(t, entries, 1, [&](std::size_t e) { return t.truth[e] + b; })) return "";
  return three_digits(std::abs(b)) + (b < 0 ? " less" : " more") + " than what is right";
}

// How the entries of a tensor lie along one axis: entry = outer stride size + index stride + inner.
struct Along {
  const Axis& axis;
  std::ptrdiff_t stride;

  std::ptrdiff_t index(std::size_t e) const { return std::ptrdiff_t(e) / stride % axis.size; }
  std::size_t at(std::size_t e, std::ptrdiff_t index) const {
    return std::size_t(std::ptrdiff_t(e) + (index - this->index(e)) * stride);
  }
};

// Whether each marked entry holds what is right of the entry at another index of this axis.
template <class Source>
bool comes_from(const Compared& t, const Entries& entries, const Along& along, const Source& source) {
  return std::all_of(entries.begin(), entries.end(), [&](std::size_t e) {
    const std::ptrdiff_t i = source(along.index(e));
    if (i < 0 || i >= along.axis.size) return false;
    const std::size_t from = along.at(e, i);
    return std::abs(t.found[e] - t.truth[from]) <= std::max(t.limit[e], t.limit[from]);
  });
}

std::string displaced(const Compared& t, const Entries& entries, const Along& along) {
  const std::ptrdiff_t n = along.axis.size;
  if (!is_telling(t, entries, 3.0 * double(n))) return "";
  const auto from = [&](auto source) { return comes_from(t, entries, along, source); };
  const std::string what = "what is right of ";
  for (std::ptrdiff_t j = 0; j < n; ++j)
    if (from([&](std::ptrdiff_t) { return j; })) return what + along.axis.one + " " + std::to_string(j);
  for (std::ptrdiff_t s = 1; s < n; ++s)
    for (const std::ptrdiff_t step : {s, -s})
      if (from([&](std::ptrdiff_t i) { return i + step; }))
        return what + "the " + along.axis.one + " " + std::to_string(s) +
               (step > 0 ? " further on" : " before");
  if (from([](std::ptrdiff_t i) { return i ^ 1; }))
    return what + "its neighbour, " + along.axis.many + " in pairs";
  if (from([&](std::ptrdiff_t i) { return n - 1 - i; }))
    return what + "the " + along.axis.many + " in reverse";
  return "";
}

// Whether x is the same at all indices of this axis, within the limits.
bool is_constant_along(const Compared& t, const Entries& entries, const Along& along,
                       std::span<const double> x) {
  return std::all_of(entries.begin(), entries.end(), [&](std::size_t e) {
    const std::size_t first = along.at(e, 0);
    return std::abs(x[e] - x[first]) <= t.limit[e] + t.limit[first];
  });
}

std::string along_some_axis(const Compared& t, const Entries& entries) {
  std::ptrdiff_t stride = 1;
  std::string same;
  for (std::size_t a = t.view.size(); a-- > 0; stride *= t.view[a].size) {
    const Along along{t.view[a], stride};
    if (along.axis.size < 2) continue;
    if (const std::string text = displaced(t, entries, along); !text.empty()) return text;
    if (same.empty() && is_telling(t, entries, 1) && is_constant_along(t, entries, along, t.found) &&
        !is_constant_along(t, entries, along, t.truth))
      same = "the same in every " + along.axis.one;
  }
  return same;
}

}  // namespace

std::string three_digits(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", x);
  return text;
}

std::vector<double> surprises(const Compared& t) {
  const auto [least, most] = std::minmax_element(t.truth.begin(), t.truth.end());
  std::vector<double> out;
  for (const double limit : t.limit) {
    const double p = 2 * limit / (*most - *least);
    out.push_back(p < 1 ? -std::log(std::max(p, 0x1p-60)) : 0);
  }
  return out;
}

std::string fit(const Compared& t, const std::vector<bool>& marked, const Suspects& suspects) {
  const Entries entries = entries_of(marked);
  if (entries.empty()) return "";
  const double first = t.found[entries[0]];
  const auto all = [&](auto what) {
    return std::all_of(entries.begin(), entries.end(), [&](std::size_t e) { return what(t.found[e]); });
  };
  if (all([](double x) { return std::isnan(x); })) return "NaN";
  if (all([](double x) { return std::isinf(x); })) return "infinite";
  if (!all([](double x) { return std::isfinite(x); })) return "not finite";
  if (all([](double x) { return x == 0; })) return "0";
  if (entries.size() > 1 && all([&](double x) { return x == first; }))
    return "the number " + three_digits(first);
  for (const auto& [name, value] : suspects)
    if (value.size() == std::ssize(t.found) && is_telling(t, entries, double(suspects.size())) &&
        holds(t, entries, 1, [&value = value](std::size_t e) { return value.data()[e]; }))
      return name;
  if (std::string text = multiple(t, entries); !text.empty()) return text;
  if (std::string text = shifted_by_a_number(t, entries); !text.empty()) return text;
  return along_some_axis(t, entries);
}

}  // namespace plumbline
