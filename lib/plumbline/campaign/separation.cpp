#include "plumbline/campaign/separation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <set>

#include "plumbline/campaign/asked_sizes.hpp"

namespace plumbline {
namespace {

struct Asked {
  AskedSizes sizes;
  Recipe recipe;
  std::optional<int> window;
};

std::vector<Asked> asked(const std::vector<QuestionSettings>& questions) {
  std::vector<Asked> out;
  for (const QuestionSettings& q : questions)
    out.push_back({asked_sizes(q), q.recipe, attends(q.spec) ? q.spec.attention.mask.window : std::nullopt});
  return out;
}

struct Condition {
  std::string text;
  std::function<bool(const Asked&)> is_met;
};

// Conditions, and how many were looked through for them.
struct Conditions {
  std::vector<Condition> met_by_all = {};
  double tried = 0;
};

class Search {
 public:
  Search(const std::vector<Asked>& failing, const std::vector<Asked>& agreeing)
      : failing_(failing), agreeing_(agreeing) {}

  Conditions conditions() {
    for (const auto& [name, size] : failing_.front().sizes)
      if (all(failing_, has(name)) && all(agreeing_, has(name))) bounds(name), multiples(name);
    if (has("n_heads")(failing_.front()))
      add({"n_kv_heads < n_heads",
           [](const Asked& a) { return a.sizes.at("n_kv_heads") < a.sizes.at("n_heads"); }});
    add({"T is beyond the window", [](const Asked& a) { return a.window && a.sizes.at("T") > *a.window; }});
    for (const auto& [recipe, name] : names<Recipe>())
      add({fmt::format("the numbers are those of the recipe {}", name),
           [r = recipe](const Asked& a) { return a.recipe == r; }});
    return found_;
  }

 private:
  using Holds = std::function<bool(const Asked&)>;
  static Holds has(const std::string& name) {
    return [name](const Asked& a) { return a.sizes.contains(name); };
  }
  static bool all(const std::vector<Asked>& questions, const Holds& holds) {
    return std::all_of(questions.begin(), questions.end(), holds);
  }

  void add(const Condition& c) {
    ++found_.tried;
    if (all(failing_, c.is_met)) found_.met_by_all.push_back(c);
  }

  // Only the tightest bounds can be the best; all that might have been are tried.
  void bounds(const std::string& name) {
    std::set<int> failing, every;
    for (const Asked& a : failing_) failing.insert(a.sizes.at(name));
    for (const auto* questions : {&failing_, &agreeing_})
      for (const Asked& a : *questions) every.insert(a.sizes.at(name));
    const int least = *failing.begin(), most = *failing.rbegin();
    add({fmt::format("{} > {}", name, least - 1), [=](const Asked& a) { return a.sizes.at(name) >= least; }});
    add({fmt::format("{} < {}", name, most + 1), [=](const Asked& a) { return a.sizes.at(name) <= most; }});
    found_.tried += 2.0 * (double(every.size()) - 1);
  }

  void multiples(const std::string& name) {
    for (int m = 2; m <= 128; m *= 2)
      add({m == 2 ? name + " is odd" : fmt::format("{} is not a multiple of {}", name, m),
           [=](const Asked& a) { return a.sizes.at(name) % m != 0; }});
  }

  const std::vector<Asked>&failing_, &agreeing_;
  Conditions found_;
};

// The log of C(k, f) / C(n, f).
double log_chance(double k, double n, double f) {
  return std::lgamma(k + 1) - std::lgamma(k - f + 1) - std::lgamma(n + 1) + std::lgamma(n - f + 1);
}

std::string in_words(const Condition& c, std::size_t failing, std::size_t others, std::size_t agreeing) {
  const std::string of_those = others == 0 ? fmt::format("none of the {} that agree", agreeing)
                                           : fmt::format("{} of the {} that agree", others, agreeing);
  return fmt::format("all {} that fail, and {}: {}", failing, of_those, c.text);
}

}  // namespace

std::string separation(const std::vector<QuestionSettings>& failing,
                       const std::vector<QuestionSettings>& agreeing) {
  if (failing.empty() || agreeing.empty()) return "";
  const std::vector<Asked> failed = asked(failing), agreed = asked(agreeing);
  const auto [conditions, tried] = Search(failed, agreed).conditions();
  const Condition* best = nullptr;
  std::ptrdiff_t others = std::ssize(agreed);
  for (const Condition& c : conditions)
    if (const auto n = std::count_if(agreed.begin(), agreed.end(), c.is_met); n < others)
      best = &c, others = n;
  if (!best) return "";
  const double f = double(failed.size()), n = f + double(agreed.size());
  if (log_chance(f + double(others), n, f) + std::log(tried) > std::log(separation_chance)) return "";
  return in_words(*best, failed.size(), std::size_t(others), agreed.size());
}

}  // namespace plumbline
