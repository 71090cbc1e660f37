// Draws whole numbers one after another and remembers them: what was chosen says all about a draw, and a
// simpler draw is one of smaller choices.
#pragma once

#include <rapidcheck.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline {

// A drawn number, and how small it may be made.
struct Choice {
  int value, least;
  bool operator==(const Choice&) const = default;
};
using Choices = std::vector<Choice>;

// Values that a size should have, by its key: one of these, as far as the size is open.
using Wishes = std::map<std::string, std::vector<int>, std::less<>>;

// A size that is open: least <= from <= to, which open_sizes() makes sure of.
struct SizeRange {
  int least, from, to;  // drawn from `from` to `to`, made no smaller than `least`
  bool operator==(const SizeRange&) const = default;
};

// Those of the wishes that lie in the range.
std::vector<int> possible(const Wishes& wishes, std::string_view key, const SizeRange& range);

// Where the numbers of one draw come from: a generator, or the choices of another draw made smaller.
class Chooser {
 public:
  // Draws at random. Every number that is drawn, from whichever function, is one of made().
  explicit Chooser(const rc::Random& random, Wishes wishes = {})
      : random_(random), wishes_(std::move(wishes)) {}
  // Takes what is given, one after another, moved into the range that is asked for; where there are no more,
  // the least. `given` has to live as long as this does.
  explicit Chooser(const Choices& given) : given_(&given) {}

  // From `from` to `to`, both included; least <= from is as small as it may be made.
  int number(int least, int from, int to);
  int number(int from, int to) { return number(from, from, to); }
  // One of the values, all from 0 to `largest`. Made smaller it may be any number from 0 on.
  int one_of(const std::vector<int>& values, int largest);
  // One of the wishes for that key; or as often from n to 2n - 1 for n = from, 2 from, ..., but not far
  // beyond `usual`: small sizes show as much as large ones, sooner.
  int size(std::string_view key, const SizeRange& range, int usual);
  std::uint64_t seed();

  // Wishes for that key from now on, in the place of those it had; and whether it has any.
  void wish(const std::string& key, std::vector<int> values) { wishes_[key] = std::move(values); }
  bool wishes(std::string_view key) const { return wishes_.contains(key); }
  // All choices so far, in the order in which they were made.
  const Choices& made() const { return made_; }

 private:
  std::int64_t uniform(std::int64_t count) { return std::int64_t(random_.next() % std::uint64_t(count)); }
  int small(const SizeRange& range, int usual);
  int chosen(int least, int most, int drawn);

  rc::Random random_;
  Wishes wishes_;
  const Choices* given_ = nullptr;
  Choices made_;
};

// All choices as small as can be, then each one nearer to its least.
std::vector<Choices> smaller(const Choices& choices);

}  // namespace plumbline
