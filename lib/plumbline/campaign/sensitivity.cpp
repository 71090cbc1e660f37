#include "plumbline/campaign/sensitivity.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace plumbline {

void Sensitivity::add(const Judge& judge) {
  const std::vector<std::string> hidden = judge.cannot_separate();
  for (const Signature& s : judge.signatures().all()) {
    const std::string id(s.deviation->id);
    applicable_.insert(id);
    if (!std::binary_search(hidden.begin(), hidden.end(), id)) separated_.insert(id);
  }
  // What changes nothing in a single operation is mostly no part of it.
  if (is_block(judge.calibration().question().spec)) applicable_.insert(hidden.begin(), hidden.end());
  if (++cases_ > most_measured) return;
  for (const auto& [place, change] : judge.smallest_noticed()) {
    const auto at = smallest_.try_emplace(place, change).first;
    at->second = std::min(at->second, change);
  }
}

std::set<std::string> Sensitivity::hidden() const {
  std::set<std::string> out;
  std::set_difference(applicable_.begin(), applicable_.end(), separated_.begin(), separated_.end(),
                      std::inserter(out, out.end()));
  return out;
}

std::vector<std::string> describe(const Sensitivity& s) {
  std::vector<std::string> out;
  const std::set<std::string> hidden = s.hidden();
  const std::size_t all = s.separated().size() + hidden.size();
  if (all > 0)
    out.push_back(fmt::format(
        "of {1} known mistakes these cases would have shown {0}{2}", s.separated().size(), all,
        hidden.empty() ? ""
                       : fmt::format("; with {} the answers would have passed", fmt::join(hidden, ", "))));
  const auto smaller = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto& changes = s.smallest_change();
  if (changes.empty()) return out;
  const auto [least, most] = std::minmax_element(changes.begin(), changes.end(), smaller);
  out.push_back(
      fmt::format("they would have shown a change of a tensor by a factor 1 + {:.1e} ({}) at best, 1 + "
                  "{:.1e} ({}) at worst",
                  least->second, least->first, most->second, most->first));
  return out;
}

}  // namespace plumbline
