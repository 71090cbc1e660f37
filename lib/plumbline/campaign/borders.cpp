#include "plumbline/campaign/borders.hpp"

#include <algorithm>

namespace plumbline {
namespace {

using Values = std::vector<int>;

const Values one_to_three = {1, 2, 3}, one = {1};
// Tiles of 16 to 256, just full and just not.
const Values tiles = {15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257};
// Rows beyond what one launch, one block of threads or one grid takes.
const Values many_rows = {511, 512, 513, 1023, 1024, 1025, 1027, 2049};
// Channels of a head or of the stream, multiples of 64 and of 16 and none.
const Values widths = {31, 32, 33, 63, 64, 65, 72, 80, 96, 100, 127, 128, 129, 160, 200, 256, 257};
const Values wide = {768, 1000, 1023, 1025, 2048}, very_wide = {4096};

Values joined(Values a, const Values& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// The first key is what it is about: without it there is no such border.
struct Theme {
  const char* about;
  Wishes wishes;
  bool beyond_window = false;
};

// Some tokens, so that a width does not always meet a sequence of one tile.
const Values few_tokens = {1, 2, 3, 16, 17, 33};

Theme tokens() { return {"T", {{"T", tiles}, {"batch", {1, 2}}}}; }
// So long that all else has to be narrow.
Theme long_sequence() {
  return {"T",
          {{"T", {127, 128, 129, 255, 256, 257}},
           {"d", {2, 4, 6, 8}},
           {"d_ff", {1, 2, 3, 5, 8}},
           {"n_heads", {1, 2}},
           {"n_kv_heads", one},
           {"head_dim", {2, 3, 4}},
           {"batch", one}}};
}
Theme keys() { return {"T_k", {{"T", one_to_three}, {"T_k", tiles}}}; }
Theme rows() {
  return {"T", {{"T", many_rows}, {"d", {1, 2, 3, 5, 8}}, {"d_ff", {1, 2, 3, 5}}, {"batch", {1, 2}}}};
}
Theme width() { return {"d", {{"d", widths}, {"T", few_tokens}, {"n_heads", {1, 2, 4}}}}; }
Theme great_width(const Values& d) { return {"d", {{"d", d}, {"T", one_to_three}, {"batch", one}}}; }
Theme head_width() {
  return {
      "head_dim",
      {{"head_dim", widths}, {"T", few_tokens}, {"n_heads", {1, 2}}, {"n_kv_heads", one}, {"batch", one}}};
}
Theme outputs() {
  return {"d_out", {{"d_out", joined(widths, {512, 1000, 1024})}, {"d", {2, 31, 64, 96}}, {"T", few_tokens}}};
}
Theme hidden_width() { return {"d_ff", {{"d_ff", joined(widths, {512, 1000, 1024})}, {"T", few_tokens}}}; }
Theme many_heads() {
  return {"n_heads",
          {{"n_heads", {16, 40, 71}},
           {"n_kv_heads", {1, 2, 8, 40, 71}},
           {"head_dim", {2, 3, 4, 8}},
           {"d", {16, 32, 40, 71, 80, 142}},
           {"T", one_to_three}}};
}
// Which key head belongs to which query head shows only where there are several, each of several queries.
Theme grouped_heads() {
  return {"n_kv_heads", {{"n_heads", {4, 6, 8, 12}}, {"n_kv_heads", {2, 3, 4}}, {"T", few_tokens}}};
}
// A tile of rows and a tile of channels at once.
Theme tile_of_both(const char* channels) {
  return {
      "T",
      {{"T", {16, 17, 32, 33, 64, 65}}, {channels, {64, 80, 96, 128}}, {"n_heads", {1, 2}}, {"batch", one}}};
}
// Code that takes one size for another is right where all sizes are equal, and wrong where all differ and
// none divides another.
Theme equal(int n) {
  return {"T",
          {{"T", {n}},
           {"T_k", {n}},
           {"d", {n}},
           {"d_ff", {n}},
           {"d_out", {n}},
           {"n_heads", {n}},
           {"head_dim", {n}},
           {"batch", one}}};
}
Theme coprime() {
  return {"T",
          {{"T", {7, 11, 13}},
           {"T_k", {17, 19}},
           {"d", {23, 29, 40}},
           {"d_ff", {37, 41}},
           {"d_out", {43, 47}},
           {"n_heads", {5}},
           {"n_kv_heads", {1, 5}},
           {"head_dim", {8, 9}},
           {"batch", {3}}}};
}
Theme narrow(const char* key) { return {key, {{key, one}, {"n_heads", {1, 2}}}}; }

Theme window() { return {"T", {{"n_heads", {1, 2}}, {"batch", one}}, true}; }

std::vector<Theme> themes(Part part, bool has_window) {
  std::vector<Theme> out;
  const PartRecord& p = record_of(part);
  const bool has_heads = p.attends || p.reads_heads();
  for (int i = 0; i < 2; ++i) {
    if (p.attends && has_window) out.push_back(window());
    out.push_back(tokens());
    if (has_heads) out.push_back(grouped_heads());
    out.push_back(has_heads && !p.has_residuals ? head_width() : width());
    if (p.keys()) out.push_back(keys());
    if (has_heads) out.push_back(head_width());
    out.push_back(has_heads ? long_sequence() : i == 0 ? rows() : tokens());
    out.push_back(tile_of_both(has_heads ? "head_dim" : "d"));
    if (!p.reads_heads()) out.push_back(p.is_of_rows() ? great_width(i == 0 ? wide : very_wide) : width());
    if (!p.reads_heads() && !p.is_of_rows()) out.push_back(hidden_width());
    if (p.maps) out.push_back(outputs());
    if (has_heads) out.push_back(many_heads());
    out.push_back(equal(i == 0 ? 6 : 16));
    out.push_back(i == 0 ? coprime() : tokens());
    for (const char* key : {"T", "head_dim", "d_ff", "d_out", "d"})
      if (i == 1) out.push_back(narrow(key));
  }
  return out;
}

}  // namespace

std::vector<Border> borders(const OpenSizes& open, Part part, bool has_window) {
  std::vector<Border> out;
  for (const Theme& t : themes(part, has_window)) {
    const auto it = open.find(t.about);
    if (it == open.end()) continue;
    if (t.beyond_window || !possible(t.wishes, t.about, it->second).empty())
      out.push_back({t.wishes, t.beyond_window});
  }
  return out;
}

std::vector<int> beyond_window(int w) {
  if (w > largest_size / 4) return {};
  return {w + 1, w + 2, 2 * w, 2 * w + 1, 3 * w, 3 * w + 1};
}

double most_work(Part part, const Border& border) {
  const PartRecord& p = record_of(part);
  const double usual = p.is_of_rows() ? 4e5 : p.projects ? 6e6 : 5e6;
  return border.beyond_window ? 12 * usual : usual;
}

// What the operations of one token and head cost however few numbers they have, about.
constexpr double small_operations = 4000;

double work_of(const QuestionSettings& q) {
  const BlockSpec& s = q.spec;
  const AttentionSpec& a = s.attention;
  const double rows = double(q.batch) * q.tokens, keys = q.key_tokens.value_or(q.tokens);
  const double heads = double(a.n_heads) * a.head_dim, kv_heads = double(a.n_kv_heads) * a.head_dim;
  double work = 8 * rows * s.d;
  if (attends(s)) work += rows * keys * a.n_heads * (2.0 * a.head_dim + 16);
  if (projects(s)) work += 2 * rows * s.d * (heads + kv_heads);
  if (recurs(s)) work += rows * a.n_heads * (6.0 * a.head_dim * value_dim(a) + small_operations);
  if (maps(s)) work += 2 * rows * s.d * width_of(s, part_of(s).y);
  if (activates(s) || weighs(s)) work += 16 * rows * s.d;
  const double experts = s.ffn.moe ? s.ffn.moe->experts + 1 : 1;
  if (feeds(s))
    work += experts * rows * s.ffn.d_ff * (s.d * (s.ffn.kind == FeedForwardKind::glu ? 3.0 : 2.0) + 16);
  return work * s.n_layers * (q.gradients ? 3 : 1);
}

}  // namespace plumbline
