#include "plumbline/locate/locate.hpp"

#include <algorithm>
#include <cmath>

#include "plumbline/judge/statistics.hpp"
#include "plumbline/judge/verdict.hpp"
#include "plumbline/locate/fit.hpp"
#include "plumbline/number/grid.hpp"

namespace plumbline {
namespace {

constexpr int most_worst = 10;

std::span<const double> all(const Matrix<double>& x) { return {x.data(), std::size_t(x.size())}; }

std::vector<std::ptrdiff_t> index_of(const View& view, std::ptrdiff_t e) {
  std::vector<std::ptrdiff_t> out(view.size());
  for (std::size_t a = view.size(); a-- > 0; e /= view[a].size) out[a] = e % view[a].size;
  return out;
}

// Of the entries of one output in the second set of members, which sets no scale.
double tail_inflation_of(const Calibration& c, int output, double dof) {
  const Matrix<double>& sigma = c.sigma()[output];
  double largest = 0;
  for (int k = c.members(); k < int(c.member_errors().size()); ++k)
    for (Eigen::Index e = 0; e < sigma.size(); ++e)
      if (sigma.data()[e] > 0)
        largest = std::max(largest, std::abs(c.member_errors()[k][output].data()[e]) / sigma.data()[e]);
  return tail_inflation(largest, c.members() * double(sigma.size()), dof);
}

// One tensor while it is looked at.
struct Looked {
  const OutputTensor* tensor;
  Matrix<double> truth, found, limit;
  std::vector<bool> wrong;

  Compared compared() const { return {all(truth), all(found), all(limit), tensor->views[0]}; }
};

bool is_wrong(double error, double limit) { return !(std::abs(error) <= limit); }

// What a tensor could hold instead: an input of its size, or what is right of another output.
Suspects suspects_of(const Looked& l, std::span<const Looked> others, const Question& q) {
  Suspects out;
  for (const Looked& o : others)
    if (o.tensor->name != l.tensor->name && o.truth.rows() == l.truth.rows() &&
        o.truth.cols() == l.truth.cols())
      out["what is right of " + o.tensor->name] = o.truth;
  const bool is_output = !l.tensor->name.starts_with("grad.");
  if (is_output && q.inputs.x.size() == l.truth.size()) out["the input"] = q.inputs.x;
  if (!is_output && q.inputs.cotangent.size() == l.truth.size()) out["the cotangent"] = q.inputs.cotangent;
  for (const auto& [name, value] : q.inputs.parameters)
    if (value.size() == l.truth.size()) out["the input " + name] = value;
  return out;
}

std::string sentence(const Region& r, const std::string& what, const std::string& otherwise) {
  const std::string are = r.plural ? " are " : " is ";
  if (!r.is_mostly_marked())
    return std::to_string(r.marked) + " of the " + std::to_string(r.size) + " entries in " +
           (r.exception    ? "all but "
            : r.everything ? "all"
                           : "") +
           (r.everything ? "" : r.text) + (r.marked == 1 ? " is " : " are ") + what;
  if (r.exception) return "only " + r.text + are + otherwise;
  return r.text + are + what;
}

// Zeros and what is no number first, where they fill a region of their own; then all else that is wrong.
class Telling {
 public:
  Telling(const Looked& l, Suspects suspects) : l_(l), suspects_(std::move(suspects)), rest_(l.wrong) {}

  std::vector<std::string> operator()() {
    tell_apart([](double x) { return !std::isfinite(x); }, "a number");
    tell_apart([](double x) { return x == 0; }, "not 0");
    if (std::count(rest_.begin(), rest_.end(), true) == 0) return out_;
    const std::string what = fit(l_.compared(), rest_, suspects_);
    Region r = region(rest_);
    if (!out_.empty() && r.is_mostly_marked() && (r.exception || r.everything)) {
      r = region(l_.wrong);  // what was told is wrong too, and no exception
      if (r.everything) return out_.push_back("all else is " + (what.empty() ? "wrong" : what)), out_;
    }
    if (what.empty())
      out_.push_back(sentence(r, "wrong", "right"));
    else
      out_.push_back(sentence(r, what, r.is_mostly_marked() ? "right; the others are " + what : ""));
    return out_;
  }

 private:
  Region region(const std::vector<bool>& these) const {
    const double needed = std::log(double(these.size())) - std::log(Judge::alpha);
    return region_of(l_.tensor->views, these, {surprises(l_.compared()), needed});
  }

  template <class Is>
  void tell_apart(const Is& is, const std::string& otherwise) {
    std::vector<bool> these(rest_.size());
    for (std::size_t e = 0; e < rest_.size(); ++e) these[e] = rest_[e] && is(l_.found.data()[e]);
    if (std::count(these.begin(), these.end(), true) == 0) return;
    // Where the whole tensor is so, entries that are right by chance belong to it too.
    if (std::all_of(l_.found.data(), l_.found.data() + l_.found.size(), is)) these.assign(these.size(), true);
    const Region r = region_of(l_.tensor->views, these);
    const bool numbers = is(0.0);  // zeros are told apart only where there is nothing else in their region
    for (std::size_t e = 0; e < these.size(); ++e)
      if (numbers && r.holds[e] && !is(l_.found.data()[e])) return;
    const std::string what = fit(l_.compared(), these, {});
    out_.push_back(sentence(r, what, otherwise));
    for (std::size_t e = 0; e < these.size(); ++e)
      if (these[e]) rest_[e] = false;
  }

  const Looked& l_;
  Suspects suspects_;
  std::vector<bool> rest_;
  std::vector<std::string> out_;
};

std::vector<EntryError> worst_of(const Looked& l, Dtype storage) {
  const Grid<double> grid(storage);
  const auto in_limits = [&](std::ptrdiff_t e) {
    const double error = std::abs(l.found.data()[e] - l.truth.data()[e]);
    return std::isfinite(error) ? error / std::max(l.limit.data()[e], 1e-300) : INFINITY;
  };
  std::vector<std::ptrdiff_t> order;
  for (std::ptrdiff_t e = 0; e < l.truth.size(); ++e)
    if (l.found.data()[e] != l.truth.data()[e]) order.push_back(e);
  const auto end = order.begin() + std::min<std::ptrdiff_t>(most_worst, std::ssize(order));
  std::partial_sort(order.begin(), end, order.end(), [&](auto a, auto b) {
    return std::pair(-in_limits(a), a) < std::pair(-in_limits(b), b);
  });
  std::vector<EntryError> out;
  for (auto it = order.begin(); it != end; ++it) {
    const double expected = l.truth.data()[*it], found = l.found.data()[*it];
    out.push_back({index_of(l.tensor->views[0], *it), expected, found,
                   std::abs(found - expected) / grid.unit(expected), in_limits(*it)});
  }
  return out;
}

std::vector<std::vector<std::ptrdiff_t>> wrong_along(const View& view, const std::vector<bool>& wrong) {
  std::vector<std::vector<std::ptrdiff_t>> out;
  for (const Axis& a : view) out.emplace_back(std::size_t(a.size));
  for (std::ptrdiff_t e = 0; e < std::ssize(wrong); ++e)
    if (wrong[e]) {
      const auto index = index_of(view, e);
      for (std::size_t a = 0; a < view.size(); ++a) ++out[a][index[a]];
    }
  return out;
}

double largest_ulps(const Matrix<double>& error, const Matrix<double>& truth, const Grid<double>& grid) {
  double out = 0;
  for (Eigen::Index e = 0; e < truth.size(); ++e)
    if (truth.data()[e] != 0) out = std::max(out, std::abs(error.data()[e]) / grid.unit(truth.data()[e]));
  return out;
}

Nearness nearness_of(const Calibration& c, const OutputTensor& t, const Matrix<double>& error) {
  Nearness n{.output = t.name};
  if (c.has_no_scale(t.output)) return n;
  const Grid<double> grid(c.profile().storage);
  const Matrix<double> truth = t.of(cast<double>(c.truth()[t.output]));
  n.ulps = largest_ulps(error, truth, grid);
  n.least = INFINITY;
  for (const auto& member : c.member_errors()) {
    const double ulps = largest_ulps(t.of(member[t.output]), truth, grid);
    n.least = std::min(n.least, ulps);
    n.most = std::max(n.most, ulps);
  }
  return n;
}

std::vector<Looked> look(const Calibration& c, const std::vector<OutputTensor>& tensors,
                         const Outputs& found) {
  const std::vector<Matrix<double>> limits = entry_limits(c);
  std::vector<Looked> out;
  for (const OutputTensor& t : tensors) {
    Looked l{&t,
             t.of(cast<double>(c.truth()[t.output])),
             t.of(found.at(c.names()[t.output])),
             t.of(limits[t.output]),
             {}};
    for (Eigen::Index e = 0; e < l.truth.size(); ++e)
      l.wrong.push_back(is_wrong(l.found.data()[e] - l.truth.data()[e], l.limit.data()[e]));
    out.push_back(std::move(l));
  }
  return out;
}

// Whether a holds in all its entries, wrong or not, what is right of b.
bool holds(const Looked& a, const Looked& b) {
  if (a.truth.rows() != b.truth.rows() || a.truth.cols() != b.truth.cols()) return false;
  for (Eigen::Index e = 0; e < a.truth.size(); ++e)
    if (is_wrong(a.found.data()[e] - b.truth.data()[e], std::max(a.limit.data()[e], b.limit.data()[e])))
      return false;
  return true;
}

}  // namespace

bool Location::found_any() const {
  return std::any_of(tensors.begin(), tensors.end(), [](const Located& t) { return !t.is_right(); });
}

std::optional<WorstEntry> worst_entry(const Location& location) {
  std::optional<WorstEntry> out;
  for (const Located& t : location.tensors)
    if (!t.is_right() && (!out || t.worst.front().in_limits > out->entry.in_limits))
      out = {t.name, t.worst.front()};
  return out;
}

std::vector<Matrix<double>> entry_limits(const Calibration& c) {
  const double dof = c.members(), guarded = guard(c.profile(), c.question().gradients);
  double entries = 0;
  for (const auto& s : c.sigma()) entries += double(s.size());
  const double t = t_quantile_of_tail(Judge::alpha / (2 * entries), dof);
  std::vector<Matrix<double>> out;
  for (int k = 0; k < int(c.sigma().size()); ++k) {
    const double times = guarded * t * tail_inflation_of(c, k, dof);
    const double without_scale = guarded * t * c.largest_error(k);
    out.push_back(c.sigma()[k].unaryExpr([&](double s) { return s > 0 ? times * s : without_scale; }));
  }
  return out;
}

Location locate(const Calibration& c, const Outputs& found) {
  const std::vector<OutputTensor> tensors = output_tensors(c.question());
  const std::vector<Looked> looked = look(c, tensors, found);
  Location out;
  for (const Looked& l : looked) {
    Located t{.name = l.tensor->name, .storage = c.profile().storage, .view = l.tensor->views[0]};
    t.entries = l.truth.size();
    t.wrong = std::count(l.wrong.begin(), l.wrong.end(), true);
    if (t.wrong > 0) t.statements = Telling(l, suspects_of(l, looked, c.question()))();
    t.worst = worst_of(l, t.storage);
    t.nearness = nearness_of(c, *l.tensor, l.found - l.truth);
    t.wrong_along = wrong_along(t.view, l.wrong);
    out.tensors.push_back(std::move(t));
  }
  for (std::size_t a = 0; a < looked.size(); ++a)
    for (std::size_t b = a + 1; b < looked.size(); ++b)
      if (!out.tensors[a].is_right() && !out.tensors[b].is_right() && holds(looked[a], looked[b]) &&
          holds(looked[b], looked[a]))
        out.exchanged.emplace_back(looked[a].tensor->name, looked[b].tensor->name);
  return out;
}

Nearness nearness(const Calibration& c, const Outputs& found) {
  const auto error = c.error(found);
  Nearness farthest;
  for (const OutputTensor& t : output_tensors(c.question())) {
    const Nearness n = nearness_of(c, t, t.of(error[t.output]));
    if (n.is_known() && (!farthest.is_known() || n.ratio() > farthest.ratio())) farthest = n;
  }
  return farthest;
}

}  // namespace plumbline
