#include "cli/live/draw.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "cli/files.hpp"
#include "plumbline/algebra/grid.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::cli {
namespace {

// A drawn number, and how small it may be made.
struct Choice {
  int value, least;
  bool operator==(const Choice&) const = default;
};
using Choices = std::vector<Choice>;

// Makes choices at random, or those that are given. What was chosen says all about a draw; a simpler draw is
// one of smaller choices, each of which may be made smaller again at any time.
class Chooser {
 public:
  explicit Chooser(rc::Random random) : random_(random) {}
  explicit Chooser(const Choices& given) : given_(&given) {}

  int number(int least, int from, int to) {
    return chosen(least, to, given_ ? 0 : from + uniform(to - from + 1));
  }
  int number(int from, int to) { return number(from, from, to); }
  // As often from 5 to 9 as from 10 to 19, and so on: small sizes show as much as large ones, sooner.
  int size(int least, int from, int to) {
    if (given_) return chosen(least, to, 0);
    std::vector<int> octaves;
    for (int low = from; low <= to; low *= 2) octaves.push_back(low);
    const int low = octaves[uniform(int(octaves.size()))];
    return chosen(least, to, low + uniform(std::min(low, to - low + 1)));
  }
  std::uint64_t seed() {
    const int value = number(0, std::numeric_limits<int>::max() - 1);
    made_.back().least = value;  // no seed is simpler than another
    return std::uint64_t(value);
  }
  const Choices& made() const { return made_; }

 private:
  int uniform(int count) { return int(random_.next() % std::uint64_t(count)); }

  int chosen(int least, int most, int drawn) {
    const int value = !given_                         ? drawn
                      : made_.size() < given_->size() ? std::clamp((*given_)[made_.size()].value, least, most)
                                                      : least;
    made_.push_back({value, least});
    return value;
  }

  rc::Random random_;
  const Choices* given_ = nullptr;
  Choices made_;
};

int whole(const Json& range, const char* key) {
  if (!range.contains(key) || !range.at(key).is_number_integer())
    throw Error("expected a range {\"from\": N, \"to\": N}, found " + range.dump());
  return range.at(key).get<int>();
}

bool is_range(const Json& j) { return j.is_object() && j.contains("from"); }
bool is_choice(const Json& j) { return j.is_object() && j.contains("one_of"); }

void check_range(const Json& j) {
  const int from = whole(j, "from"), to = whole(j, "to");
  const int least = j.contains("least") ? whole(j, "least") : from;
  if (least > from || from > to || j.size() != (j.contains("least") ? 3 : 2))
    throw Error("expected a range {\"from\": N, \"to\": N} that is not empty, found " + j.dump());
}

void check_choice(const Json& j) {
  if (!j.at("one_of").is_array() || j.at("one_of").empty() || j.size() != 1)
    throw Error("expected {\"one_of\": [...]} with something in it, found " + j.dump());
}

// Whether anything is left open; throws Error where a range or a choice is none.
bool is_open(const Json& j) {
  if (is_range(j)) return check_range(j), true;
  if (is_choice(j)) check_choice(j);
  bool open = is_choice(j);
  if (j.is_structured())
    for (const Json& value : j) open = is_open(value) || open;
  return open;
}

Json filled_in(const Json& j, Chooser& choose) {
  if (is_range(j)) {
    const int from = j["from"];
    return from < 1 ? choose.number(j.value("least", from), from, j["to"])
                    : choose.size(j.value("least", from), from, j["to"]);
  }
  if (is_choice(j)) return filled_in(j["one_of"][choose.number(0, int(j["one_of"].size()) - 1)], choose);
  Json out = j;
  if (j.is_structured())
    for (Json& value : out) value = filled_in(value, choose);
  return out;
}

// Every choice the first, every range at its beginning.
Json simplest(const Json& j) {
  if (is_range(j)) return j["from"];
  if (is_choice(j)) return simplest(j["one_of"][0]);
  Json out = j;
  if (j.is_structured())
    for (Json& value : out) value = simplest(value);
  return out;
}

// Ordinary questions hide most mistakes, so they are few; what can be shrunk to one is easier to read.
constexpr Recipe recipes[] = {Recipe::ordinary, Recipe::rich, Recipe::rich,       Recipe::near_eps,
                              Recipe::near_eps, Recipe::rich, Recipe::hot_scores, Recipe::rich};

// Throws Error where the spec that comes out is none.
QuestionSettings settings_from(Chooser& choose, const SpecTemplate& spec, bool gradients) {
  QuestionSettings s;
  s.seed = choose.seed();
  s.batch = choose.number(1, 1, 2);
  const bool vacuous_sizes = choose.number(0, 7) == 7;
  s.tokens = vacuous_sizes ? choose.number(1, 2) : choose.number(1, 3, 8);
  const int more_keys = choose.number(0, 5);
  s.gradients = gradients && choose.number(0, 1, 1) == 1;
  s.recipe = recipes[choose.number(0, int(std::size(recipes)) - 1)];
  s.spec = spec_from_json(filled_in(spec, choose));
  if (s.spec.part == Part::sdpa) s.key_tokens = s.tokens + more_keys;
  return s;
}

struct Drawn {
  QuestionSettings settings;
  Choices choices;
};

// All choices as small as can be, then each one nearer to its least.
std::vector<Choices> smaller(const Choices& choices) {
  std::vector<Choices> out;
  Choices least = choices;
  for (Choice& c : least) c.value = c.least;
  if (least != choices) out.push_back(least);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    auto values = rc::shrink::towards(choices[i].value, choices[i].least);
    while (const auto value = values.next()) {
      out.push_back(choices);
      out.back()[i].value = *value;
    }
  }
  return out;
}

class Drawing {
 public:
  Drawing(SpecTemplate spec, bool gradients) : spec_(std::move(spec)), gradients_(gradients) {}

  rc::Shrinkable<QuestionSettings> operator()(const rc::Random& random, int) const {
    const auto shrinks = [self = *this](const Drawn& d) {
      std::vector<Drawn> simpler;
      for (const Choices& c : smaller(d.choices))
        if (auto next = self.from(Chooser(c))) simpler.push_back(std::move(*next));
      return rc::seq::fromContainer(std::move(simpler));
    };
    return rc::shrinkable::map(rc::shrinkable::shrinkRecur(first(random), shrinks),
                               [](const Drawn& d) { return d.settings; });
  }

 private:
  std::optional<Drawn> from(Chooser choose) const {
    try {
      QuestionSettings s = settings_from(choose, spec_, gradients_);
      return Drawn{std::move(s), choose.made()};
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  // Some combinations of sizes are impossible; those are drawn again.
  Drawn first(rc::Random random) const {
    constexpr int most_tries = 1000;
    for (int i = 0; i < most_tries; ++i)
      if (auto drawn = from(Chooser(random.split()))) return *drawn;
    spec_from_json(simplest(spec_));
    throw Error("spec: none of " + std::to_string(most_tries) + " drawn ones is possible");
  }

  SpecTemplate spec_;
  bool gradients_;
};

Json range(int from, int to) { return {{"from", from}, {"to", to}, {"least", 1}}; }

}  // namespace

SpecTemplate template_of(const BlockOptions& o) {
  if (!o.spec_file.empty()) return with_sizes(read_json(o.spec_file), o);
  const Preset& preset = find_preset(o.preset);
  const auto size = [](const std::optional<int>& given, Json open) { return given ? Json(*given) : open; };
  const Json n_heads = size(o.n_heads, range(2, 6));
  const Json equal_heads = {{"n_heads", n_heads}};  // each of width d / n_heads
  const Json grouped_heads = {{"n_heads", n_heads},
                              {"n_kv_heads", size(o.n_kv_heads, range(1, 3))},
                              {"head_dim", size(o.head_dim, range(3, 12))}};
  Json heads = Json::array();
  if (!o.n_kv_heads && !o.head_dim) heads.push_back(equal_heads);
  if (heads.empty() || preset.is_layout || preset.make(Dimensions{}).rope) heads.push_back(grouped_heads);
  return {{"preset", o.preset},
          {"d", size(o.d, range(5, 64))},
          {"n_layers", size(o.n_layers, {{"one_of", {1, 1, 1, 2}}})},
          {"attention", {{"one_of", heads}}},
          {"ffn", {{"d_ff", size(o.d_ff, range(5, 96))}}}};
}

rc::Gen<QuestionSettings> live_questions(const SpecTemplate& spec, bool gradients) {
  if (!is_open(spec)) spec_from_json(spec);
  const rc::Gen<QuestionSettings> questions = Drawing(spec, gradients);
  draw(questions, 1, 1).value();  // says at once where none can be drawn
  return questions;
}

rc::Shrinkable<QuestionSettings> draw(const rc::Gen<QuestionSettings>& questions, std::uint64_t seed,
                                      int number) {
  return questions(rc::Random(mixed(mixed(seed) + std::uint64_t(number))), rc::kNominalSize);
}

}  // namespace plumbline::cli
