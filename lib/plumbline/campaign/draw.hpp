// What is asked in a live run: RapidCheck draws a spec, sizes, a recipe for the numbers and their seed, and
// knows what is simpler.
#pragma once

#include <nlohmann/json.hpp>

#include "plumbline/campaign/borders.hpp"

namespace plumbline {

// All questions that a template allows, and the borders among them (borders.hpp).
class LiveQuestions {
 public:
  // Throws Error, with the reason, where the template has no spec that is one.
  LiveQuestions(SpecTemplate spec, bool gradients);

  // Whether a question may have that value of a spec's key, "eps", or of a size, "batch".
  bool leaves_open(std::string_view key, const Json& value) const;
  // Of the numbered draws, see draw.
  const Border* border(int number) const;
  // Throws Error where none is possible.
  rc::Shrinkable<QuestionSettings> draw(const rc::Random& random, const Border* border) const;

 private:
  struct Drawn {
    QuestionSettings settings;
    Choices choices;
  };
  QuestionSettings settings_from(Chooser& choose, const Border* border) const;
  Drawn made(Chooser choose, const Border* border) const;
  std::optional<Drawn> from(Chooser choose, const Border* border = nullptr) const;
  std::optional<Drawn> at_border(rc::Random random, const Border& border) const;
  Drawn first(rc::Random random) const;

  SpecTemplate spec_, tokens_, key_tokens_, batch_;
  bool gradients_;
  std::vector<Border> borders_;
};

// The question of that number of a run: the same for the same seed, on every machine, in every shard. One in
// five is at a border. From `first_small_question` on they are small, for relations, which ask much; one in
// four of those is longer than the window.
inline constexpr int first_small_question = 1 << 24;
bool is_at_border(int number);
rc::Shrinkable<QuestionSettings> draw(const LiveQuestions& questions, std::uint64_t seed, int number);

}  // namespace plumbline
