#include "plumbline/identify/search.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "plumbline/identify/describe.hpp"
#include "plumbline/judge/verdict.hpp"

namespace plumbline::identify {
namespace {

constexpr double no_limit = std::numeric_limits<double>::infinity();
const double nats_per_oddity = -std::log(Judge::alpha);

// Less by more than the rounding of a sum.
bool is_less(double a, double b) {
  return a < b - 1e-9 * std::abs(b) || (std::isfinite(a) && !std::isfinite(b));
}

constexpr int most_digits = 12;

double with_digits(double x, int digits) {
  char text[40];
  std::snprintf(text, sizeof text, "%.*e", digits - 1, x);
  return std::strtod(text, nullptr);
}

// Each digit of a number that nobody publishes has to explain something too.
double price_of_digits(double x) {
  for (int digits = 1; digits < most_digits; ++digits)
    if (with_digits(x, digits) == x) return digits * std::log(10.0);
  return most_digits * std::log(10.0);
}

// The smallest f on [low, high], where f has one valley.
template <class F>
double valley(F f, double low, double high) {
  const double golden = (std::sqrt(5.0) - 1) / 2;
  double a = high - golden * (high - low), b = low + golden * (high - low), fa = f(a), fb = f(b);
  for (int i = 0; i < 60 && high - low > 1e-13; ++i) {
    if (fa < fb) {
      high = b, b = a, fb = fa, a = high - golden * (high - low), fa = f(a);
    } else {
      low = a, a = b, fa = fb, b = low + golden * (high - low), fb = f(b);
    }
  }
  return fa < fb ? a : b;
}

constexpr int beam = 6;

}  // namespace

double Search::cost(const Candidate& c, const Evidence& evidence, double limit) const {
  double odd = nats_per_oddity * oddity(c, space_);
  for (const Number& n : numbers_)
    if (const auto x = n.get(c); x && std::find(n.usual.begin(), n.usual.end(), *x) == n.usual.end())
      odd += price_of_digits(*x);
  return odd + misfit(c, evidence, limit - odd);
}
double Search::cost(const Candidate& c, const Evidence& evidence) const {
  return cost(c, evidence, no_limit);
}

std::vector<Candidate> Search::best(const std::vector<Candidate>& candidates, const Evidence& evidence,
                                    int count) const {
  std::vector<std::pair<double, const Candidate*>> ranked;
  double limit = no_limit;
  for (const Candidate& c : candidates) {
    const auto is_known = [&](const auto& r) { return *r.second == c; };
    const double found = cost(c, evidence, limit);
    if (!(found < limit) || std::any_of(ranked.begin(), ranked.end(), is_known)) continue;
    const auto at = std::upper_bound(ranked.begin(), ranked.end(), found,
                                     [](double x, const auto& r) { return x < r.first; });
    ranked.insert(at, {found, &c});
    if (int(ranked.size()) > count) ranked.pop_back();
    if (int(ranked.size()) == count) limit = ranked.back().first;
  }
  std::vector<Candidate> out;
  for (const auto& [found, c] : ranked) out.push_back(*c);
  return out;
}

Candidate Search::descend(Candidate c, const Evidence& evidence, unsigned groups) const {
  double least = cost(c, evidence);
  for (bool improved = true; improved;) {
    improved = false;
    for (const Variation& k : knobs_) {
      if (!(k.group & groups)) continue;
      for (Candidate& other : k.others(c)) {
        const double found = cost(other, evidence, least);
        if (!is_less(found, least)) continue;
        least = found;
        c = std::move(other);
        improved = true;
      }
    }
  }
  return c;
}

Candidate Search::solved(const Candidate& start, const Number& n, const Evidence& evidence) const {
  const auto now = n.get(start);
  if (!now) return start;
  const auto with = [&](double x) {
    Candidate c = start;
    n.set(c, x);
    return c;
  };
  const auto f = [&](double log_x) { return misfit(with(std::exp(log_x)), evidence); };
  constexpr int points = 41;
  const double low = std::log(n.least), step = (std::log(n.most) - low) / (points - 1);
  double lowest = no_limit, at = std::log(std::clamp(*now, n.least, n.most));
  for (int i = 0; i < points; ++i)
    if (const double found = f(low + i * step); found < lowest) lowest = found, at = low + i * step;
  const double x = std::exp(valley(f, at - step, at + step));

  Candidate best = start;
  double least = cost(start, evidence);
  const auto consider = [&](const Candidate& c) {
    const double found = cost(c, evidence);
    if (is_less(found, least)) least = found, best = c;
  };
  for (double usual : n.usual) consider(with(usual));
  for (int digits = 1; digits <= most_digits; ++digits) consider(with(with_digits(x, digits)));
  return best;
}

Candidate Search::solved(Candidate c, const Evidence& evidence, unsigned groups, const Number* fixed) const {
  for (const Number& n : numbers_)
    if (n.group & groups && &n != fixed) c = solved(c, n, evidence);
  return c;
}

// Numbers can make up for one another: so each is set once to its most usual value, and the others are solved
// for again.
Candidate Search::solve(Candidate c, const Evidence& evidence, unsigned groups) const {
  c = solved(c, evidence, groups, nullptr);
  for (const Number& n : numbers_) {
    const auto now = n.get(c);
    if (!(n.group & groups) || n.usual.empty() || !now || *now == n.usual[0]) continue;
    Candidate usual = c;
    n.set(usual, n.usual[0]);
    c = best({c, solved(usual, evidence, groups, &n)}, evidence, 1).front();
  }
  return c;
}

// A mistake can make up for a number, as a doubled residual for half of its scale. So what is found is
// compared with what is found when one starts from it without any mistake.
Candidate Search::look(const Candidate& start, const Evidence& evidence, unsigned groups) const {
  const Candidate c = nearest(start, evidence, groups), right = corrected(c, space_.anatomy);
  if (right == c) return c;
  const Candidate other = descend(solve(right, evidence, groups), evidence, groups);
  return is_less(cost(other, evidence), cost(c, evidence)) ? other : c;
}

Candidate Search::nearest(const Candidate& start, const Evidence& evidence, unsigned groups) const {
  Candidate c = descend(start, evidence, groups);
  if (explains(c, evidence)) return c;
  c = descend(solve(c, evidence, groups), evidence, groups);
  if (explains(c, evidence)) return c;
  std::vector<Candidate> neighbours;
  for (const Variation& k : knobs_)
    if (k.group & groups)
      for (Candidate& other : k.others(c)) neighbours.push_back(std::move(other));
  for (const Candidate& n : best(neighbours, evidence, beam)) {
    const Candidate other = descend(n, evidence, groups);
    if (is_less(cost(other, evidence), cost(c, evidence))) c = other;
    if (explains(c, evidence)) break;
  }
  return c;
}

}  // namespace plumbline::identify
