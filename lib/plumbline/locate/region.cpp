#include "plumbline/locate/region.hpp"

#include <algorithm>
#include <numeric>

namespace plumbline {
namespace {

// Cells are what some of the axes tell apart: bit a of `axes` says that axis a is one of them.
class Cells {
 public:
  Cells(const View& view, unsigned axes) : view_(view), strides_(view.size()) {
    for (std::size_t a = view.size(); a-- > 0;) {
      if (!(axes >> a & 1)) continue;
      strides_[a] = count_;
      count_ *= view[a].size;
      axes_.push_back(a);
    }
  }

  std::ptrdiff_t count() const { return count_; }
  const std::vector<std::size_t>& axes() const { return axes_; }  // the fastest first
  std::ptrdiff_t index(std::size_t axis, std::ptrdiff_t cell) const {
    return cell / strides_[axis] % view_[axis].size;
  }

  // The cell of every entry, in order.
  std::vector<std::ptrdiff_t> of_entries() const {
    std::vector<std::ptrdiff_t> out{0};
    for (std::size_t a = 0; a < view_.size(); ++a) {
      std::vector<std::ptrdiff_t> next;
      next.reserve(out.size() * std::size_t(view_[a].size));
      for (const std::ptrdiff_t cell : out)
        for (std::ptrdiff_t i = 0; i < view_[a].size; ++i) next.push_back(cell + i * strides_[a]);
      out = std::move(next);
    }
    return out;
  }

 private:
  const View& view_;
  std::vector<std::ptrdiff_t> strides_;
  std::vector<std::size_t> axes_;
  std::ptrdiff_t count_ = 1;
};

struct Told {
  std::string text;
  bool plural;
  int cost;
};

// Whether this axis counts the channels of one head, and there are several.
bool has_heads(const View& view, std::size_t axis) {
  return axis > 0 && view[axis - 1].one == "head" && view[axis - 1].size > 1;
}

// Whether no index is left out; true also of an axis that is not looked at, whose shadow is empty.
bool is_whole(const Indices& shadow) { return std::count(shadow.begin(), shadow.end(), false) == 0; }

// The set of cells as a product of one index set for each axis, if it is one and there are words for it.
std::optional<Told> as_product(const View& view, const Cells& cells, const std::vector<bool>& set) {
  std::vector<Indices> shadow(view.size());
  for (const std::size_t a : cells.axes()) shadow[a].resize(std::size_t(view[a].size));
  std::ptrdiff_t n = 0;
  for (std::ptrdiff_t cell = 0; cell < cells.count(); ++cell)
    if (set[cell]) {
      ++n;
      for (const std::size_t a : cells.axes()) shadow[a][cells.index(a, cell)] = true;
    }
  std::ptrdiff_t product = 1;
  for (const std::size_t a : cells.axes()) product *= std::count(shadow[a].begin(), shadow[a].end(), true);
  if (n == 0 || n != product) return std::nullopt;

  Told told{"", true, 0};
  for (const std::size_t a : cells.axes()) {
    const auto words = words_for(view[a], shadow[a]);
    if (!words) return std::nullopt;
    if (words->text.empty()) continue;
    if (told.text.empty()) told.plural = words->plural;
    told.text += (told.text.empty() ? "" : " of ") + words->text;
    told.cost += words->cost;
    if (has_heads(view, a) && is_whole(shadow[a - 1])) told.text += " of every head";
  }
  return told;
}

Region everything(const std::vector<bool>& marked) {
  Region all;
  all.text = "every entry";
  all.plural = false;
  all.everything = true;
  all.holds.assign(marked.size(), true);
  all.size = std::ssize(marked);
  all.marked = std::count(marked.begin(), marked.end(), true);
  return all;
}

// Looks for ever smaller regions, or for those that are told in fewer words.
class Search {
 public:
  Search(const std::vector<bool>& marked, const Chance& chance)
      : marked_(marked), chance_(chance), best_(everything(marked)) {}

  void look(const View& view, unsigned axes, int cost_of_view) {
    const Cells cells(view, axes);
    const std::vector<std::ptrdiff_t> cell_of = cells.of_entries();
    std::vector<bool> set(std::size_t(cells.count()));
    for (std::size_t e = 0; e < marked_.size(); ++e)
      if (marked_[e]) set[cell_of[e]] = true;
    const auto in = std::count(set.begin(), set.end(), true);
    if (in == cells.count() || is_by_chance(cell_of, set)) return;
    Region r = best_;
    r.everything = r.exception = false;
    r.size = in * (std::ssize(marked_) / cells.count());
    if (r.size > best_.size) return;
    for (std::size_t e = 0; e < marked_.size(); ++e) r.holds[e] = set[cell_of[e]];
    consider(r, as_product(view, cells, set), cost_of_view);
    set.flip();
    r.exception = true;
    consider(r, as_product(view, cells, set), cost_of_view);
  }

  const Region& best() const { return best_; }

 private:
  bool is_by_chance(const std::vector<std::ptrdiff_t>& cell_of, const std::vector<bool>& set) const {
    if (chance_.surprise.empty()) return false;
    double sum = 0;
    for (std::size_t e = 0; e < cell_of.size(); ++e)
      if (!set[cell_of[e]]) sum += chance_.surprise[e];
    return sum < chance_.needed;
  }

  void consider(const Region& region, const std::optional<Told>& told, int cost_of_view) {
    if (!told || told->text.empty()) return;
    const int cost = told->cost + cost_of_view;
    if (region.size == best_.size && cost >= cost_) return;
    best_ = region;
    best_.text = told->text;
    best_.plural = told->plural;
    cost_ = cost;
  }

  const std::vector<bool>& marked_;
  const Chance& chance_;
  Region best_;
  int cost_ = 0;  // of everything
};

}  // namespace

Region region_of(std::span<const View> views, const std::vector<bool>& marked, const Chance& chance) {
  Search search(marked, chance);
  for (const View& view : views)
    for (unsigned axes = 1; axes < 1u << view.size(); ++axes)
      search.look(view, axes, &view == &views.front() ? 0 : 1);
  return search.best();
}

}  // namespace plumbline
