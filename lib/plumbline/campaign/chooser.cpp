#include "plumbline/campaign/chooser.hpp"

#include <algorithm>
#include <limits>

namespace plumbline {

std::vector<int> possible(const Wishes& wishes, std::string_view key, const SizeRange& range) {
  std::vector<int> out;
  if (const auto it = wishes.find(key); it != wishes.end())
    for (const int value : it->second)
      if (range.least <= value && value <= range.to) out.push_back(value);
  return out;
}

int Chooser::number(int least, int from, int to) {
  return chosen(least, to, given_ ? 0 : int(from + uniform(std::int64_t(to) - from + 1)));
}

int Chooser::one_of(const std::vector<int>& values, int largest) {
  return chosen(0, largest, given_ ? 0 : values[std::size_t(uniform(std::int64_t(values.size())))]);
}

int Chooser::size(std::string_view key, const SizeRange& range, int usual) {
  if (given_) return chosen(range.least, range.to, 0);
  const std::vector<int> wished = possible(wishes_, key, range);
  const int drawn =
      wished.empty() ? small(range, usual) : wished[std::size_t(uniform(std::int64_t(wished.size())))];
  return chosen(range.least, range.to, drawn);
}

int Chooser::small(const SizeRange& range, int usual) {
  const std::int64_t from = range.from, to = std::max<std::int64_t>(from, std::min(range.to, usual));
  if (from < 1) return int(from + uniform(to - from + 1));
  std::vector<std::int64_t> octaves;
  for (std::int64_t low = from; low <= to; low *= 2) octaves.push_back(low);
  const std::int64_t low = octaves[std::size_t(uniform(std::int64_t(octaves.size())))];
  return int(low + uniform(std::min(low, to - low + 1)));
}

std::uint64_t Chooser::seed() {
  const int value = number(0, std::numeric_limits<int>::max() - 1);
  made_.back().least = value;  // no seed is simpler than another
  return std::uint64_t(value);
}

int Chooser::chosen(int least, int most, int drawn) {
  const int value = !given_                         ? drawn
                    : made_.size() < given_->size() ? std::clamp((*given_)[made_.size()].value, least, most)
                                                    : least;
  made_.push_back({value, least});
  return value;
}

std::vector<Choices> smaller(const Choices& choices) {
  std::vector<Choices> out;
  Choices least = choices;
  for (Choice& c : least) c.value = c.least;
  if (least != choices) out.push_back(least);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    auto values = rc::shrink::towards<std::int64_t>(choices[i].value, choices[i].least);
    while (const auto value = values.next()) {
      out.push_back(choices);
      out.back()[i].value = int(*value);
    }
  }
  return out;
}

}  // namespace plumbline
