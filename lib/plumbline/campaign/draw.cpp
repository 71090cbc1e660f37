#include "plumbline/campaign/draw.hpp"

#include <algorithm>

#include "plumbline/number/grid.hpp"

namespace plumbline {
namespace {

// Ordinary questions hide most mistakes, so they are few; what can be shrunk to one is easier to read.
constexpr Recipe recipes[] = {Recipe::ordinary, Recipe::rich, Recipe::rich,       Recipe::near_eps,
                              Recipe::near_eps, Recipe::rich, Recipe::hot_scores, Recipe::edges};

Json range(int least, int from, int to) { return {{"from", from}, {"to", to}, {"least", least}}; }

// Takes a key out of the template.
Json taken(SpecTemplate& spec, const char* key, Json otherwise) {
  if (!spec.is_object() || !spec.contains(key)) return otherwise;
  Json value = std::move(spec[key]);
  spec.erase(key);
  return value;
}

// A size that is drawn, or the one that is given.
int size_from(const Json& json, const char* key, Chooser& choose, int largest = largest_size) {
  const Json value = filled_in(json, choose, key);
  if (!value.is_number_integer())
    throw Error(std::string(key) + ": expected a whole number or a range of them, found " + value.dump());
  check_size(key, value.get<std::int64_t>(), largest);
  return value.get<int>();
}

int past_of(const BlockSpec& s) { return s.attention.given ? s.attention.given->past : 0; }

// Queries that see no key have no value; and none stands behind the last key.
void check_keys(const QuestionSettings& s) {
  const auto& given = s.spec.attention.given;
  if (!has_own_keys(s.spec) || s.spec.attention.mask.kind == MaskKind::bidirectional) return;
  const int past = past_of(s.spec);
  if (past == 0 && given && given->empty_rows == EmptyRows::zeros) return;
  if (s.key_tokens && *s.key_tokens < s.tokens + past)
    throw Error("T_k: expected at least " + std::string(past > 0 ? "past + " : "") +
                "T = " + std::to_string(s.tokens + past) + ", since the mask " +
                (is_causal(s.spec.attention.mask) ? "is causal" : "slides") + ", found " +
                std::to_string(*s.key_tokens));
}

// The same of a softmax, whose keys are the columns of x.
void check_columns(const QuestionSettings& s) {
  const MaskSpec& m = s.spec.attention.mask;
  const bool from_first = m.kind == MaskKind::causal && m.alignment == CausalAlignment::top_left;
  if (!weighs(s.spec) || m.kind == MaskKind::bidirectional || from_first || s.tokens <= s.spec.d) return;
  throw Error("T: expected at most d = " + std::to_string(s.spec.d) + ", since the mask hides keys, found " +
              std::to_string(s.tokens));
}

// At most so many tokens, or keys, by default.
constexpr int most_tokens = 1 << 16;

}  // namespace

LiveQuestions::LiveQuestions(SpecTemplate spec, bool gradients)
    : spec_(std::move(spec)), gradients_(gradients) {
  tokens_ = taken(spec_, "T", range(1, 3, most_tokens));
  key_tokens_ = taken(spec_, "T_k", nullptr);
  batch_ = taken(spec_, "batch", range(1, 1, most_sequences));
  for (const Json* size : {&tokens_, &key_tokens_, &batch_}) is_open(*size);
  if (!is_open(spec_)) spec_from_json(spec_);
  const BlockSpec drawn = first(rc::Random(1)).settings.spec;
  if (!key_tokens_.is_null() && !has_own_keys(drawn))
    throw Error("T_k: expected none, since part is \"" + std::string(name_of(drawn.part)) + "\"");
  Json all = spec_;
  all["T"] = tokens_;
  all["T_k"] = key_tokens_.is_null() ? range(1, 1, most_tokens) : key_tokens_;
  all["batch"] = batch_;
  borders_ = borders(open_sizes(all), drawn.part, drawn.attention.mask.window.has_value());
}

// Throws Error where the spec that comes out is none.
QuestionSettings LiveQuestions::settings_from(Chooser& choose, const Border* border) const {
  QuestionSettings s;
  s.seed = choose.seed();
  const bool may_be_dear = border && border->beyond_window;
  s.gradients = gradients_ && choose.number(0, may_be_dear ? 0 : 1, 1) == 1;
  s.recipe = recipes[choose.number(0, int(std::size(recipes)) - 1)];
  Json spec = filled_in(spec_, choose);  // one of several may have sizes of its own
  const Json batch = taken(spec, "batch", batch_), tokens = taken(spec, "T", tokens_),
             key_tokens = taken(spec, "T_k", key_tokens_);
  s.spec = spec_from_json(spec);
  if (may_be_dear && s.spec.attention.mask.window)
    choose.wish("T", beyond_window(*s.spec.attention.mask.window));
  s.batch = size_from(batch, "batch", choose, most_sequences);
  s.tokens = size_from(tokens, "T", choose);
  if (has_own_keys(s.spec)) {
    const int least = s.spec.attention.mask.kind == MaskKind::bidirectional ? std::min(s.tokens, 2)
                                                                            : s.tokens + past_of(s.spec);
    s.key_tokens = key_tokens.is_null() ? choose.size("T_k", {least, least, most_tokens}, s.tokens + 5)
                                        : size_from(key_tokens, "T_k", choose);
  }
  check_keys(s);
  check_columns(s);
  return s;
}

LiveQuestions::Drawn LiveQuestions::made(Chooser choose, const Border* border) const {
  QuestionSettings s = settings_from(choose, border);
  return {std::move(s), choose.made()};
}

std::optional<LiveQuestions::Drawn> LiveQuestions::from(Chooser choose, const Border* border) const {
  try {
    return made(std::move(choose), border);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Some combinations of sizes are impossible, and some are too much work; those are drawn again.
std::optional<LiveQuestions::Drawn> LiveQuestions::at_border(rc::Random random, const Border& border) const {
  constexpr int most_tries = 200;
  for (int i = 0; i < most_tries; ++i)
    if (auto drawn = from(Chooser(random.split(), border.wishes), &border))
      if (work_of(drawn->settings) <= most_work(drawn->settings.spec.part, border)) return drawn;
  return std::nullopt;
}

// What is wrong with most of them is wrong with the template.
LiveQuestions::Drawn LiveQuestions::first(rc::Random random) const {
  constexpr int most_tries = 1000;
  std::map<std::string, int> reasons;
  for (int i = 0; i < most_tries; ++i) try {
      return made(Chooser(random.split()), nullptr);
    } catch (const Error& e) {
      ++reasons[e.what()];
    }
  for (const auto& [reason, count] : reasons)
    if (2 * count > most_tries) throw Error(reason);
  spec_from_json(simplest(spec_));
  const Choices none;
  Chooser least(none);
  settings_from(least, nullptr);
  throw Error("spec: none of " + std::to_string(most_tries) + " drawn ones is possible");
}

rc::Shrinkable<QuestionSettings> LiveQuestions::draw(const rc::Random& random, const Border* border) const {
  std::optional<Drawn> drawn;
  if (border) drawn = at_border(random, *border);
  if (!drawn) drawn = first(random);
  const auto shrinks = [self = *this](const Drawn& d) {
    std::vector<Drawn> simpler;
    for (const Choices& c : smaller(d.choices))
      if (auto next = self.from(Chooser(c))) simpler.push_back(std::move(*next));
    return rc::seq::fromContainer(std::move(simpler));
  };
  return rc::shrinkable::map(rc::shrinkable::shrinkRecur(*drawn, shrinks),
                             [](const Drawn& d) { return d.settings; });
}

bool LiveQuestions::leaves_open(std::string_view key, const Json& value) const {
  const Json sizes = {{"T", tokens_}, {"T_k", key_tokens_}, {"batch", batch_}};
  return plumbline::leaves_open(spec_, key, value) || plumbline::leaves_open(sizes, key, value);
}

const Border* LiveQuestions::border(int number) const {
  static const Border longer{.wishes = {}, .beyond_window = true};
  if (number >= first_small_question) return number % 4 == 3 ? &longer : nullptr;
  if (!is_at_border(number) || borders_.empty()) return nullptr;
  return &borders_[std::size_t(number / 5) % borders_.size()];
}

// Not every fifth, so that no shard gets all of them.
bool is_at_border(int number) { return (number + number / 5) % 5 == 4; }

rc::Shrinkable<QuestionSettings> draw(const LiveQuestions& questions, std::uint64_t seed, int number) {
  return questions.draw(rc::Random(mixed(mixed(seed) + std::uint64_t(number))), questions.border(number));
}

}  // namespace plumbline
