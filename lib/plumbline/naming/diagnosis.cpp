#include "plumbline/naming/diagnosis.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "plumbline/naming/arithmetic.hpp"

namespace plumbline {
namespace {

using Cases = std::vector<int>;

constexpr int most_tried = 3;
constexpr int most_sampled = 4;  // failures among which a second deviation is looked for
const double decisive = -std::log(Judge::alpha);

template <class T>
bool contains(const std::vector<T>& all, const T& x) {
  return std::find(all.begin(), all.end(), x) != all.end();
}

// The deviations with the largest sums above `least`, the largest first.
Deviations likeliest(const LogRatios& sums, double least) {
  Deviations out;
  for (const auto& [deviation, sum] : sums)
    if (sum > least) out.push_back(deviation);
  std::stable_sort(out.begin(), out.end(), [&](auto a, auto b) { return sums.at(a) > sums.at(b); });
  if (int(out.size()) > most_tried) out.resize(most_tried);
  return out;
}

void add(LogRatios& sums, const LogRatios& more) {
  for (const auto& [deviation, value] : more) sums[deviation] += value;
}

std::unique_ptr<Judge> judge_of(const Deviations& deviations, const Request& r) {
  return Judge::of_deviating(r.question, r.profile, deviations);
}

class Diagnosing {
 public:
  explicit Diagnosing(std::span<const Evidence> evidence) : evidence_(evidence) {}

  std::vector<Diagnosis> operator()() {
    std::vector<Diagnosis> out;
    Cases rest = of(Finding::wrong), coarser = of(Finding::coarser);
    const std::size_t failures = rest.size(), all = failures + coarser.size();
    const bool is_mostly_coarser = coarser.size() > failures;
    while (!rest.empty()) {
      Diagnosis best = best_of(rest);
      if (2 * rest.size() >= failures) consider_alternatives(best, rest, all);
      if (best.cases.empty()) break;
      complete(best, coarser);
      take(best.cases, rest);
      take(best.cases, coarser);
      out.push_back(std::move(best));
    }
    std::erase_if(out, [&](const Diagnosis& d) {
      const bool accident = is_mostly_coarser && is_accident(d, all);
      for (int i : d.cases)
        if (accident && verdict(i).finding == Finding::wrong) rest.push_back(i);
      return accident;
    });
    std::stable_sort(out.begin(), out.end(),
                     [](const auto& a, const auto& b) { return a.cases.size() > b.cases.size(); });
    const bool leads = !out.empty() && 2 * out.front().cases.size() > failures;
    if (!rest.empty()) out.insert(leads ? out.end() : out.begin(), {.cases = rest});
    if (failures == 0 && !coarser.empty()) say_which_arithmetic(coarser, out);
    return out;
  }

 private:
  const Verdict& verdict(int i) const { return *evidence_[i].verdict; }

  Cases of(Finding finding) const {
    Cases out;
    for (int i = 0; i < int(evidence_.size()); ++i)
      if (verdict(i).finding == finding) out.push_back(i);
    return out;
  }

  // Whether a name is given for few failures that others contradict: one program computes a deviation
  // wherever it shows, or it does not compute it. Where most failures are only coarse, a single one of them
  // may look like anything.
  static bool is_accident(const Diagnosis& d, std::size_t all) {
    return d.deviations.size() == 1 && d.absent > 0 && 2 * d.cases.size() <= all;
  }

  static void take(const Cases& explained, Cases& rest) {
    std::erase_if(rest, [&](int i) { return contains(explained, i); });
  }

  double log_ratio(const Deviation* d, int i) const {
    const auto it = verdict(i).log_ratios.find(d);
    return it == verdict(i).log_ratios.end() ? 0 : it->second;
  }

  double sum(const Deviation* d, const Cases& cases) const {
    double total = 0;
    for (int i : cases) total += log_ratio(d, i);
    return total;
  }

  bool explains(const Deviations& deviations, int i) const {
    const Evidence& e = evidence_[i];
    if (deviations.size() == 1) {
      if (e.verdict->deviation == deviations[0]->id) return true;
      if (!(log_ratio(deviations[0], i) > 0)) return false;
    }
    return plumbline::explains(deviations, *e.request, *e.outputs);
  }

  // The cases that these deviations explain; gives up, with none, after `most_missed` that they do not.
  Cases explained(const Deviations& deviations, const Cases& cases, int most_missed) const {
    Cases out;
    for (int i : cases)
      if (explains(deviations, i))
        out.push_back(i);
      else if (--most_missed < 0)
        return {};
    return out;
  }

  Diagnosis best_of(const Cases& rest) const {
    Diagnosis best;
    for (const Deviation* d : candidates(rest)) {
      // ties go to the one that came first
      Cases found = explained({d}, rest, int(rest.size() - best.cases.size()) - 1);
      if (found.size() > best.cases.size()) best = {{d}, sum(d, found), {}, {}, found};
      if (best.cases.size() == rest.size()) return best;
    }
    for (auto& [pair, log_ratio] : pairs(best.cases, rest)) {
      Cases found = explained(pair, rest, int(rest.size() - best.cases.size()) - 1);
      if (found.size() > best.cases.size()) best = {pair, log_ratio, {}, {}, found};
    }
    return best;
  }

  // Where the best does not explain all, an alternative that explains more; or as many as a pair does. A
  // number that explains few of `all` failures may be an accident.
  void consider_alternatives(Diagnosis& best, const Cases& rest, std::size_t all) const {
    if (best.cases.size() == rest.size() && best.deviations.size() == 1) return;
    std::vector<Failing> failing;
    for (int i : rest) failing.push_back({evidence_[i].request, evidence_[i].outputs});
    auto found = nearest_neighbour(failing, int(best.cases.size()) - (best.deviations.size() == 2 ? 1 : 0),
                                   candidates(rest));
    // Arithmetic is asked only where nothing explains more than half of the cases, or only something
    // far-fetched does.
    const std::size_t explained = found ? found->cases.size() : best.cases.size();
    const bool is_far_fetched = found && plumbline::is_far_fetched(*found);
    if (2 * explained <= rest.size() || is_far_fetched)
      if (auto coarser = explained_by_arithmetic(failing, int(explained) - is_far_fetched))
        found = std::move(coarser);
    if (found && plumbline::is_far_fetched(*found) && 2 * found->cases.size() <= all) found.reset();
    if (!found) return;
    best = {.log_ratio = found->log_ratio};
    for (int k : found->cases) best.cases.push_back(rest[std::size_t(k)]);
    if (const Deviation* d = known(found->id))
      best.deviations = {d};
    else
      best.alternative = std::move(found);
  }

  static const Deviation* known(const std::string& id) {
    for (const Deviation& d : deviations())
      if (d.id == id) return &d;
    return nullptr;
  }

  void say_which_arithmetic(const Cases& coarser, std::vector<Diagnosis>& out) const {
    std::vector<Failing> failing;
    for (int i : coarser) failing.push_back({evidence_[i].request, evidence_[i].outputs});
    auto found = explained_by_arithmetic(failing, int(failing.size()) / 2);
    if (!found) return;
    out.push_back({.log_ratio = found->log_ratio});
    for (int k : found->cases) out.back().cases.push_back(coarser[std::size_t(k)]);
    out.back().alternative = std::move(found);
  }

  // The likeliest deviations and those that single cases name, the likeliest first. Cases that agree count
  // too: they tell deviations apart that failures do not.
  Deviations candidates(const Cases& rest) const {
    LogRatios sums;
    for (int i : rest) add(sums, verdict(i).log_ratios);
    Deviations out = likeliest(sums, decisive);
    for (int i : rest)
      if (!verdict(i).deviation.empty())
        if (const Deviation* d = &find_deviation(verdict(i).deviation); !contains(out, d)) out.push_back(d);
    const Cases agreeing = of(Finding::agrees);
    std::map<const Deviation*, double> total;
    for (const Deviation* d : out) total[d] = sums[d] + sum(d, agreeing);
    std::stable_sort(out.begin(), out.end(), [&](auto a, auto b) { return total[a] > total[b]; });
    return out;
  }

  using Pair = std::pair<Deviations, double>;

  // Pairs that explain some of the smallest few cases which no single deviation does, those that explain most
  // of them first. The second deviation is the one that the first one's judge finds likeliest.
  std::vector<Pair> pairs(const Cases& by_one, Cases rest) const {
    take(by_one, rest);
    std::stable_sort(rest.begin(), rest.end(), [&](int a, int b) { return size(a) < size(b); });
    if (int(rest.size()) > most_sampled) rest.resize(most_sampled);
    LogRatios sums;
    for (int i : rest) add(sums, verdict(i).log_ratios);
    std::map<int, std::vector<Pair>, std::greater<>> found;  // by how many they explain
    for (const Deviation* first : likeliest(sums, decisive)) {
      LogRatios seconds;
      for (int i : rest)
        if (const auto judge = judge_of({first}, *evidence_[i].request))
          add(seconds, judge->log_ratios(as_read_by(*first, *evidence_[i].outputs)));
      for (const Deviation* second : likeliest(seconds, decisive)) {
        if (second == first) continue;
        const Deviations pair{first, second};
        if (const auto n = explained(pair, rest, int(rest.size())).size())
          found[int(n)].push_back({pair, sums[first] + seconds[second]});
      }
    }
    std::vector<Pair> out;
    for (auto& [n, some] : found) out.insert(out.end(), some.begin(), some.end());
    return out;
  }

  Eigen::Index size(int i) const {
    Eigen::Index n = 0;
    for (const auto& [name, value] : *evidence_[i].outputs) n += value.size();
    return n;
  }

  // What else explains the same cases, which coarser ones are explained too, and where the deviation
  // is absent.
  void complete(Diagnosis& best, const Cases& coarser) const {
    if (best.deviations.size() == 1) {
      const Deviation* d = best.deviations[0];
      for (const Deviation& other : deviations())
        if (&other != d && same(d, &other, best.cases)) best.same.push_back(&other);
      for (const Deviation* other : candidates(best.cases))
        if (other != d && !contains(best.same, other) && !explained({other}, best.cases, 0).empty())
          best.possible.push_back(other);
      for (int i : of(Finding::agrees)) best.absent += log_ratio(d, i) < -decisive;
    }
    for (int i : coarser)
      if (best.alternative ? plumbline::explains(best, *evidence_[i].request, *evidence_[i].outputs)
                           : explains(best.deviations, i))
        best.cases.push_back(i);
  }

  // Whether both do the same to the output of each case: their likelihoods are equal to nine digits.
  bool same(const Deviation* a, const Deviation* b, const Cases& cases) const {
    return std::all_of(cases.begin(), cases.end(), [&](int i) {
      const double x = log_ratio(a, i), y = log_ratio(b, i);
      return std::abs(x - y) <= 1e-9 * std::abs(x);
    });
  }

  std::span<const Evidence> evidence_;
};

}  // namespace

std::vector<Diagnosis> diagnose(std::span<const Evidence> evidence) { return Diagnosing(evidence)(); }

bool explains(const Deviations& deviations, const Request& request, const Outputs& outputs) {
  const auto judge = judge_of(deviations, request);
  return judge && judge->p(as_read_by(deviations, outputs)) >= Judge::alpha;
}

bool explains(const Diagnosis& d, const Request& request, const Outputs& outputs) {
  return d.alternative ? d.alternative->explains({&request, &outputs})
                       : explains(d.deviations, request, outputs);
}

bool explains_gaps(const Deviations& deviations, const Request& request, const Outputs& outputs) {
  Question q = request.question;
  for (const Deviation* d : deviations) q = deviating(*d, q);
  const Matrix<double>& found = outputs.at("y");
  const Matrix<double> y =
      evaluate(q.spec, cast<double>(q.inputs.parameters), cast<double>(q.inputs.x), q.batch);
  const auto gaps = [](const auto& m) {
    return m.unaryExpr([](double v) { return std::isfinite(v) ? 0.0 : 1.0; }).eval();
  };
  const Matrix<double> expected = gaps(y.leftCols(found.cols()));
  return expected.any() && expected == gaps(found);
}

}  // namespace plumbline
