#include "plumbline/base/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "plumbline/base/excerpt.hpp"

namespace plumbline {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  word = word.substr(0, longest_excerpt);
  return *std::min_element(candidates.begin(), candidates.end(), [&](std::string_view a, std::string_view b) {
    return edit_distance(word, a) < edit_distance(word, b);
  });
}

// Like enough: at most a third of the longer word; of three letters, one.
std::string suggestion(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view best = nearest(word, candidates);
  const std::size_t longer = std::max(word.size(), best.size());
  if (3 * std::size_t(edit_distance(word.substr(0, longest_excerpt), best)) <= longer)
    return "the nearest known one is \"" + std::string(best) + "\"";
  constexpr std::size_t most = 30;  // a line that is read to its end
  std::string all;
  for (const std::string_view c : candidates.first(std::min(most, candidates.size())))
    all += (all.empty() ? "" : ", ") + std::string(c);
  const std::size_t more = candidates.size() - std::min(most, candidates.size());
  return "known are " + all + (more ? " and " + std::to_string(more) + " more" : "");
}

}  // namespace plumbline
