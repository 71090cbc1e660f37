#include "plumbline/locate/index_set.hpp"

#include <algorithm>

namespace plumbline {
namespace {

constexpr int most_runs = 4;

struct Run {
  std::ptrdiff_t first, last;
};

std::vector<Run> runs_of(const Indices& set) {
  std::vector<Run> out;
  for (std::ptrdiff_t i = 0; i < std::ssize(set); ++i) {
    if (!set[i]) continue;
    if (out.empty() || out.back().last + 1 < i) out.push_back({i, i});
    out.back().last = i;
  }
  return out;
}

std::string text(Run r) {
  const std::string first = std::to_string(r.first), last = std::to_string(r.last);
  return r.first == r.last ? first : r.last == r.first + 1 ? first + " and " + last : first + "…" + last;
}

std::string list(const std::vector<Run>& runs) {
  std::string out;
  for (std::size_t i = 0; i < runs.size(); ++i)
    out += (i == 0 ? "" : i + 1 < runs.size() ? ", " : " and ") + text(runs[i]);
  return out;
}

std::string name_of(const Axis& axis, const std::vector<Run>& runs) {
  const bool single = runs.size() == 1 && runs[0].first == runs[0].last;
  return (single ? axis.one : axis.many) + " " + list(runs);
}

bool has_period(const Indices& set, std::ptrdiff_t p) {
  for (std::ptrdiff_t i = p; i < std::ssize(set); ++i)
    if (set[i] != set[i - p]) return false;
  return true;
}

// "odd rows", "rows 16…31 of every 32": what repeats at least twice, and is one run of each period.
std::optional<Words> periodic(const Axis& axis, const Indices& set) {
  for (std::ptrdiff_t p = 2; 2 * p <= axis.size; ++p) {
    if (!has_period(set, p)) continue;
    const auto runs = runs_of({set.begin(), set.begin() + p});
    if (runs.size() != 1) return std::nullopt;
    if (p == 2) return Words{(runs[0].first == 0 ? "even " : "odd ") + axis.many, true, 3};
    const bool single = runs[0].first == runs[0].last;
    return Words{name_of(axis, runs) + " of every " + std::to_string(p), !single, 3};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Words> words_for(const Axis& axis, const Indices& set) {
  const std::vector<Run> in = runs_of(set);
  if (in.empty()) return std::nullopt;
  Indices others = set;
  others.flip();
  const std::vector<Run> out = runs_of(others);
  if (out.empty()) return Words{};
  const bool single = in.size() == 1 && in[0].first == in[0].last;
  if (single) return Words{name_of(axis, in), false, 1};
  if (in.size() == 1 && in[0].last + 1 == axis.size)
    return Words{axis.many + " from " + std::to_string(in[0].first) + " on", true, 2};
  if (in.size() == 1) return Words{name_of(axis, in), true, in[0].first == 0 ? 2 : 3};
  if (const auto words = periodic(axis, set)) return words;
  if (out.size() == 1) return Words{"every " + axis.one + " but " + name_of(axis, out), false, 3};
  if (int(in.size()) <= most_runs) return Words{name_of(axis, in), true, 2 + int(in.size())};
  if (int(out.size()) <= most_runs)
    return Words{"every " + axis.one + " but " + name_of(axis, out), false, 3 + int(out.size())};
  return std::nullopt;
}

}  // namespace plumbline
