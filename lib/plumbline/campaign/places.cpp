#include "plumbline/campaign/places.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace plumbline {

std::string with_place(const std::string& place, const Examination& e) {
  const bool is_named = !e.verdict || e.verdict->finding != Finding::wrong || !e.verdict->deviation.empty();
  return place.empty() || is_named ? e.message : place + "; " + e.message;
}

void add_places(Result& result, const Examination& e) {
  result.message = with_place(e.place, e);
  result.where = e.where;
  result.worst = e.worst;
  result.nearness = e.nearness;
}

std::string Places::commonest() const {
  const auto most = std::max_element(count_.begin(), count_.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == count_.end() ? "" : most->first;
}

std::vector<std::string> Places::lines(const Examination& one) const {
  std::vector<std::string> out;
  int all = 0;
  for (const auto& [place, n] : count_) all += n;
  const std::string common = commonest();
  if (!common.empty() && count_.at(common) < all)
    out.push_back(fmt::format("in {} of {} cases {}", count_.at(common), all, common));
  out.insert(out.end(), one.where.begin(), one.where.end());
  return out;
}

}  // namespace plumbline
