// Several residual streams: each rule is its definition, put together by hand from the parts of a block.
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

using Streams = std::vector<Matrix<I>>;

const Scope around_pre_norm = both_norms(
                {"pre_norm"}, "streams stand around sublayers, and one placement of norms is enough"),
            around_post_norm = both_norms(
                {"post_norm"}, "streams stand around sublayers, and one placement of norms is enough");

I opening(const I& x) { return I(1) / (I(1) + exp(I(-x))); }

// What a mixer decides of a token: r, w, and C by rows.
struct Gates {
  Matrix<I> read, write, mixing;
};

// Of the token's streams side by side, [1, n d].
struct Mixer {
  const StreamsSpec& spec;
  const Instance& at;
  std::string name;

  I logit(const Matrix<I>& m, int i, int scale) const {
    return m(0, i) * at.parameters.at(name + "scale")(0, scale) + at.parameters.at(name + "bias")(0, i);
  }
  Matrix<I> channels(const Matrix<I>& all) const {
    const I square = dot(all, all) / I(double(all.cols()));
    return product(Matrix<I>(all / sqrt(I(square + I(spec.norm_eps)))),
                   at.parameters.at(name + "weight").transpose());
  }
  Matrix<I> reading(const Matrix<I>& m) const {
    Matrix<I> r(1, spec.count);
    for (int i = 0; i < spec.count; ++i) r(0, i) = opening(logit(m, i, 0)) + I(spec.eps);
    return r;
  }
  // Rows and columns in turn, by sums of the matrix as it is.
  Matrix<I> balanced(Matrix<I> c) const {
    for (int step = 0; step < spec.sinkhorn_steps; ++step) {
      for (int j = 0; step > 0 && j < spec.count; ++j) c.row(j) /= I(c.row(j).sum() + I(spec.eps));
      for (int k = 0; k < spec.count; ++k) c.col(k) /= I(c.col(k).sum() + I(spec.eps));
    }
    return c;
  }
  Gates operator()(const Matrix<I>& all) const {
    const int n = spec.count;
    const Matrix<I> m = channels(all);
    Gates g{reading(m), Matrix<I>(1, n), Matrix<I>(n, n)};
    for (int k = 0; k < n; ++k) g.write(0, k) = I(2) * opening(logit(m, n + k, 1));
    for (int j = 0; j < n; ++j) {
      for (int k = 0; k < n; ++k) g.mixing(j, k) = exp(logit(m, 2 * n + j * n + k, 2));
      const I sum = g.mixing.row(j).sum();
      for (int k = 0; k < n; ++k) g.mixing(j, k) = g.mixing(j, k) / sum + I(spec.eps);
    }
    g.mixing = balanced(g.mixing);
    return g;
  }
};

Matrix<I> side_by_side(const Streams& x, Eigen::Index t) {
  Matrix<I> all(1, Eigen::Index(x.size()) * x[0].cols());
  for (std::size_t k = 0; k < x.size(); ++k)
    all.middleCols(Eigen::Index(k) * x[0].cols(), x[0].cols()) = x[k].row(t);
  return all;
}

Matrix<I> branch_of(const Instance& at, Part part, const std::string& name, const Matrix<I>& x) {
  const NormSlot& in = part == Part::attention ? at.spec.norm_slots.attn.in : at.spec.norm_slots.ffn.in;
  return reference.value(
      part_alone(at, part, in ? reference.value(norm_alone(at, in, name + "norm_in", x)) : x));
}

// Both sublayers, each with its part and what its parameters begin with.
const std::pair<Part, const char*> sublayers[] = {{Part::attention, "layers.0.attn."},
                                                  {Part::ffn, "layers.0.ffn."}};

void mixed_by_hand(const Subject& f) {
  BlockSpec spec = draw_small_spec(f.cell());
  spec.streams = StreamsSpec{.count = 3, .norm_eps = 1e-3, .eps = 1e-2, .sinkhorn_steps = 3};
  const Instance at = draw_quiet(spec, 2);
  Streams x(3, at.x);
  for (const auto& [part, name] : sublayers) {
    const Mixer mixer{*spec.streams, at, std::string(name) + "mixer."};
    std::vector<Gates> gates;
    Matrix<I> read = at.x;
    for (Eigen::Index t = 0; t < at.x.rows(); ++t) {
      gates.push_back(mixer(side_by_side(x, t)));
      read.row(t) = gates.back().read(0, 0) * x[0].row(t);
      for (int i = 1; i < 3; ++i) read.row(t) += gates.back().read(0, i) * x[std::size_t(i)].row(t);
    }
    const Matrix<I> b = branch_of(at, part, name, read);
    Streams next = x;
    for (Eigen::Index t = 0; t < at.x.rows(); ++t)
      for (int k = 0; k < 3; ++k) {
        const Gates& g = gates[std::size_t(t)];
        Matrix<I> sum = g.write(0, k) * b.row(t);
        for (int j = 0; j < 3; ++j) sum += g.mixing(j, k) * x[std::size_t(j)].row(t);
        next[std::size_t(k)].row(t) = sum;
      }
    x = next;
  }
  Matrix<I> y = at.x;
  const Mixer head{*spec.streams, at, "streams."};
  for (Eigen::Index t = 0; t < y.rows(); ++t) {
    const Matrix<I> r = head.reading(head.channels(side_by_side(x, t)));
    y.row(t) = r(0, 0) * x[0].row(t);
    for (int i = 1; i < 3; ++i) y.row(t) += r(0, i) * x[std::size_t(i)].row(t);
  }
  RC_ASSERT(equal(f.value(at), y));
}

void dual_by_hand(const Subject& f) {
  BlockSpec spec = draw_small_spec(f.cell());
  spec.streams = StreamsSpec{.rule = StreamRule::resi_dual, .count = 2};
  spec.final_norm = spec.norm_slots.attn.post;
  const Instance at = draw_quiet(spec, 3);
  Matrix<I> x = at.x, carried = at.x;
  for (const auto& [part, name] : sublayers) {
    const Matrix<I> b = branch_of(at, part, name, x);
    carried += b;
    const NormSlot& post = spec.norm_slots.attn.post;
    x = reference.value(norm_alone(at, post, std::string(name) + "norm_post", Matrix<I>(x + b)));
  }
  const Matrix<I> last = reference.value(norm_alone(at, spec.final_norm, "final_norm", carried));
  RC_ASSERT(equal(f.value(at), Matrix<I>(x + last)));
}

void siamese_by_hand(const Subject& f) {
  BlockSpec spec = draw_small_spec(f.cell());
  spec.streams = StreamsSpec{.rule = StreamRule::siamese, .count = 2, .norm = spec.norm_slots.attn.in};
  spec.branch_scale = 0.25;
  const Instance at = draw_quiet(spec, 3);
  Matrix<I> first = at.x, second = at.x;
  const auto normed = [&](const std::string& name, const Matrix<I>& x) {
    return reference.value(norm_alone(at, spec.streams->norm, name, x));
  };
  for (const auto& [part, name] : sublayers) {
    const std::string mixer = std::string(name) + "mixer.";
    const Matrix<I> kept = normed(mixer + "norm_1", first);
    const Matrix<I> b = branch_of(at, part, name, Matrix<I>(kept + normed(mixer + "norm_2", second)));
    first = kept + b * I(0.25);
    second += b;
  }
  RC_ASSERT(
      equal(f.value(at), Matrix<I>(normed("streams.norm_1", first) + normed("streams.norm_2", second))));
}

}  // namespace

const std::vector<Law>& stream_laws() {
  static const std::vector<Law> laws{
      {"MIX-DEF",
       "streams that are mixed by matrices balanced by Sinkhorn's steps are their definition",
       around_pre_norm,
       mixed_by_hand,
       {"streams/eps-missing", "streams/head-is-mean", "streams/mixing-from-sigmoid",
        "streams/mixing-missing", "streams/sinkhorn-once", "streams/transposed",
        "streams/write-not-doubled"}},
      {"MIX-DEF-dual",
       "two streams, of which one is normalized and one adds up branches, are their definition",
       around_post_norm,
       dual_by_hand,
       {"final-norm/missing", "layout/ffn-first"}},
      {"MIX-DEF-siamese",
       "two streams that are read through norms of their own are their definition",
       around_pre_norm,
       siamese_by_hand,
       {"layout/ffn-first"}},
  };
  return laws;
}

}  // namespace plumbline::properties
