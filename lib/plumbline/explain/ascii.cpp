// The ASCII picture: first the columns, which all sublayers share, then one sublayer below the other.
#include "plumbline/explain/canvas.hpp"
#include "plumbline/explain/sublayer.hpp"

namespace plumbline {
namespace {

constexpr int box_height = 3;
constexpr int arrow = 3;        // the length of "-->" between boxes
constexpr int first_arrow = 6;  // and from the stream to the first box
constexpr int way_back = 4;     // columns between the last box and the line back to the stream

struct Artist {
  const Picture& picture;
  std::vector<Sublayer> sublayers = {};
  int stream = 0, back = 0;  // columns of the stream and of the line back to it
  Canvas canvas = {};

  std::string label(int node) const {
    const Node& n = picture.nodes[node];
    if (n.kind == NodeKind::scale) return "* " + picture.scales.at(node).name;
    return n.symbol + (n.notes.empty() ? "" : " (" + n.notes + ")");
  }
  bool is_box(int node) const { return picture.nodes[node].kind == NodeKind::box; }
  int width(int node) const { return static_cast<int>(label(node).size()) + 4; }
  int width(const std::vector<int>& items) const {
    int total = 0;
    for (const int node : items) total += width(node) + arrow;
    return items.empty() ? 0 : total - arrow;
  }
  // The column where the lanes of a sublayer begin: behind its trunk, or at the stream.
  int fork(const Sublayer& s) const {
    return s.trunk.empty() ? stream : stream + first_arrow + width(s.trunk) + arrow;
  }
  int lane_start(const Sublayer& s) const { return fork(s) + (s.trunk.empty() ? first_arrow : arrow + 1); }

  void choose_columns() {
    stream = 2;
    for (const Sublayer& s : sublayers)
      for (const auto* items : {&s.before, &s.residual.items, &s.after})
        for (const int node : *items)
          if (is_box(node)) stream = std::max(stream, (width(node) - 1) / 2 + 1);
    for (const Sublayer& s : sublayers)
      for (const Lane& lane : s.lanes)
        back = std::max(back, lane_start(s) + width(lane.items) + way_back - 1);
  }

  // Items one below the other on a vertical line at `col`, from `row` on; returns the first row below.
  int draw_down(int row, int col, const std::vector<int>& items) {
    for (const int node : items) {
      if (is_box(node)) {
        canvas.box(row, col - (width(node) - 1) / 2, label(node));
        row += box_height;
      } else {
        canvas.put(row++, col, label(node));
      }
      canvas.vertical(col, row, row);
      ++row;
    }
    return row;
  }
  // Items from left to right with their middle on `row`; the first box begins at `col`.
  int draw_right(int row, int col, const std::vector<int>& items) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) {
        canvas.put(row, col, "-->");
        col += arrow;
      }
      canvas.box(row - 1, col, label(items[i]));
      col += width(items[i]);
    }
    return col;
  }
  void draw_line(int row, int from, int to, const std::string& end) {
    canvas.put(row, from, std::string(to - from, '-'));
    canvas.put(row, to - static_cast<int>(end.size()) + 1, end);
  }

  // The trunk leaves the stream on `row`; returns after it has reached the fork.
  void draw_trunk(int row, const Sublayer& s) {
    canvas.put(row, stream, "+");
    draw_line(row, stream + 1, stream + first_arrow - 1, ">");
    const int end = draw_right(row, stream + first_arrow, s.trunk);
    draw_line(row, end, fork(s), "+");
  }
  void draw_lane(int row, const Sublayer& s, std::size_t number) {
    const Lane& lane = s.lanes[number];
    const int start = lane_start(s);
    const std::string* source = picture.name_of(lane.source);
    if (s.trunk.empty() && source && lane.source != stream_source) {
      canvas.put(row, stream + 2, *source);
      draw_line(row, stream + 2 + static_cast<int>(source->size()), start - 1, ">");
    } else {
      canvas.put(row, fork(s), "+");
      draw_line(row, fork(s) + 1, start - 1, ">");
    }
    const int end = draw_right(row, start, lane.items);
    draw_line(row, end, number == 0 ? back : back - 2, number == 0 ? "+" : ">");
    if (number > 0) canvas.put(row, back - 1, "(+)");
  }

  int stream_source = -1;  // the point at which the current sublayer's stream begins

  // From the line below the point's name to the line above the next one's; returns the next free row.
  int draw(int row, const Sublayer& s, int previous) {
    const int first = row;
    stream_source = previous;
    if (s.lanes.empty()) return finish(row, first, s);
    row = draw_down(row + 1, stream, s.before);

    const int top = row + 1;
    for (std::size_t i = 0; i < s.lanes.size(); ++i, row += box_height + 1) {
      if (i == 0 && !s.trunk.empty()) draw_trunk(row + 1, s);
      draw_lane(row + 1, s, i);
    }
    const int last = row - box_height;  // the middle of the last lane
    --row;
    if (fork(s) != stream) canvas.vertical(fork(s), top, last);
    const bool leaves = s.residual.source == previous;
    const int stream_end = leaves ? 0 : last;
    int join = row;  // where the stream goes on
    if (!leaves) {
      canvas.put(join + 1, stream, *picture.name_of(s.residual.source));
      join += 2;
    }
    canvas.vertical(back, top, last);
    if (!s.residual.items.empty() && is_box(s.residual.items[0])) ++join;
    const int left = draw_down(join, stream, s.residual.items), right = draw_down(row, back, s.tail);
    row = std::max({left, right, join + 1});
    canvas.vertical(back, last, row - 1);
    canvas.vertical(stream, first, leaves ? row - 1 : stream_end);
    if (!leaves) canvas.vertical(stream, join, row - 1);
    canvas.put(row, stream - 1, s.adds ? "(+)<" : "(~)<");
    draw_line(row, stream + 3, back, "+");
    return finish(row + 1, row + 1, s);
  }
  int finish(int row, int first, const Sublayer& s) {
    canvas.vertical(stream, row, row);
    row = draw_down(row + 1, stream, s.after);
    canvas.vertical(stream, first, row - 1);
    return row;
  }

  std::string draw() {
    for (std::size_t i = 1; i < picture.points.size(); ++i) sublayers.push_back(sublayer_of(picture, i));
    choose_columns();
    canvas.put(0, stream, picture.points[0].name);
    int row = 1;
    for (std::size_t i = 0; i < sublayers.size(); ++i) {
      const bool last = picture.final_norm && i + 1 == sublayers.size();
      if (last && picture.n_layers > 1) {
        canvas.put(row++, stream, "|");
        canvas.put(row++, stream, ":  after " + std::to_string(picture.n_layers) + " layers");
      }
      row = draw(row, sublayers[i], picture.points[i].node);
      canvas.put(row++, stream, picture.points[i + 1].name);
    }
    return canvas.text();
  }
};

}  // namespace

std::string ascii(const Picture& picture) { return Artist{picture}.draw(); }

}  // namespace plumbline
