#include "plumbline/cases/given.hpp"

#include <algorithm>

#include "plumbline/block/parameter_shapes.hpp"

namespace plumbline {
namespace {

std::vector<int> whole_numbers(const Parameters<double>& p, const char* name) {
  std::vector<int> out;
  if (const auto it = p.find(name); it != p.end())
    for (Eigen::Index i = 0; i < it->second.size(); ++i) out.push_back(int(it->second.data()[i]));
  return out;
}

class Drawing {
 public:
  Drawing(Parameters<double>& out, const BlockSpec& s, GivenSizes n, const DrawWhole& whole)
      : out_(out), s_(s), g_(*s.attention.given), n_(n), own_(has_own_keys(s)), whole_(whole) {
    keys_ = own_ ? n.keys : n.tokens + g_.past;
  }

  void operator()() {
    for (const ParameterShape& p :
         other_inputs(s_, n_.batch * n_.tokens, n_.batch * (own_ ? n_.keys : n_.tokens), n_.batch))
      if (chooses_keys(s_, p.name)) out_[p.name] = drawn(p);
    if (g_.empty_rows == EmptyRows::refused)
      for (int b = 0; b < n_.batch; ++b)
        for (int head = 0; head < s_.attention.n_heads; ++head) give_sight(b, head);
  }

 private:
  Matrix<double> drawn(const ParameterShape& p) {
    Matrix<double> x(p.rows, p.cols);
    const bool empties = g_.empty_rows == EmptyRows::zeros;
    for (int i = 0; i < p.rows; ++i) {
      const bool hides_all = p.name == "mask" && empties && whole_(1, 4) == 1;
      int segment = 0;
      for (int j = 0; j < p.cols; ++j) {
        if (p.name == "mask")
          x(i, j) = !hides_all && whole_(1, 3) > 1;
        else if (p.name == "key_lengths")
          x(i, j) = whole_(empties ? 0 : least_length(), keys_);
        else
          x(i, j) = segment += j > 0 && whole_(1, 3) == 1;
      }
    }
    return x;
  }

  // Where the last query stands at the last key that is no padding, none stands before the first key.
  int least_length() const {
    const bool reaches_back = own_ && s_.attention.mask.kind != MaskKind::bidirectional &&
                              s_.attention.mask.alignment == CausalAlignment::bottom_right;
    return std::min(reaches_back ? n_.tokens : 1, keys_);
  }

  Mask mask(const HeadAt& at, const GivenSpec& g) const {
    const Given given{g.mask == GivenMask::boolean ? whole_numbers(out_, "mask") : std::vector<int>(),
                      whole_numbers(out_, "key_lengths"),
                      whole_numbers(out_, own_ ? "q_segments" : "segments"),
                      whole_numbers(out_, own_ ? "k_segments" : "segments")};
    const MaskSpec& m = s_.attention.mask;
    const int first = first_position(m, g, given, at, own_);
    return with_given(mask_of(m, at.queries, at.keys, first), g, given, at);
  }

  // Without the boolean mask.
  Mask mask_of_positions(const HeadAt& at) const {
    GivenSpec g = g_;
    g.mask = GivenMask::none;
    return mask(at, g);
  }

  void give_sight(int b, int head) {
    const HeadAt at{b, head, s_.attention.n_heads, n_.tokens, keys_};
    Mask m = mask_of_positions(at);
    for (int i = 0; i < n_.tokens; ++i)
      if (!m.sees_any(i)) {
        forget_sequence(b);
        m = mask_of_positions(at);
        break;
      }
    if (g_.mask != GivenMask::boolean) return;
    const Mask whole = mask(at, g_);
    for (int i = 0; i < n_.tokens; ++i) {
      if (whole.sees_any(i)) continue;
      int j = m.last(i);
      while (j > m.first(i) && !m.sees(i, j)) --j;
      if (j >= 0 && j < keys_) out_.at("mask")(mask_row(g_, at) + i, j) = 1;
    }
  }

  void forget_sequence(int b) {
    for (const char* name : {"q_segments", "k_segments", "segments"})
      if (const auto it = out_.find(name); it != out_.end()) it->second.row(b).setZero();
    if (g_.lengths) out_.at("key_lengths")(b, 0) = keys_;
  }

  Parameters<double>& out_;
  const BlockSpec& s_;
  const GivenSpec& g_;
  GivenSizes n_;
  bool own_;
  int keys_;
  const DrawWhole& whole_;
};

}  // namespace

bool chooses_keys(const BlockSpec& s, std::string_view name) {
  const bool boolean = s.attention.given && s.attention.given->mask == GivenMask::boolean;
  return counts(name) || (name == "mask" && boolean);
}

void draw_given(Parameters<double>& out, const BlockSpec& s, GivenSizes sizes, const DrawWhole& whole) {
  if (attends(s) && s.attention.given) Drawing(out, s, sizes, whole)();
}

}  // namespace plumbline
