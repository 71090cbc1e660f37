// The rotary embedding as a part of its own: by angles, and by tables that are given.
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/laws/positions_by_definition.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Scope turning_heads =
    attention_alone("speaks of the rotary embedding alone, which every layout with attention shares");

constexpr int turned_sequences = 2, turned_tokens = 4, turned_heads_of_all = 3, turned_channels = 6;

// Of some channels, or of all.
Instance draw_turning(const Subject& f, RopeTables tables, int rotary_dim) {
  Instance at;
  at.batch = turned_sequences;
  BlockSpec& s = at.spec = draw_spec(f.cell());
  s.part = Part::rope;
  s.attention.n_heads = s.attention.n_kv_heads = turned_heads_of_all;
  s.attention.head_dim = turned_channels;
  s.d = turned_heads_of_all * turned_channels;
  s.position = {};
  s.position.rope = RopeSpec{.style = *rc::gen::element(RopeStyle::half, RopeStyle::interleaved),
                             .rotary_dim = rotary_dim,
                             .sign = *rc::gen::element(1, -1),
                             .tables = tables};
  at.x = draw_matrix(turned_sequences * turned_tokens, s.d);
  if (tables == RopeTables::given)
    for (const char* name : {"cos", "sin"}) at.parameters[name] = draw_matrix(at.x.rows(), rotary_dim / 2);
  return at;
}
Instance draw_turning(const Subject& f, RopeTables tables) {
  return draw_turning(f, tables, *rc::gen::element(4, 6));
}

// The two channels of a pair, of all heads side by side.
std::pair<int, int> pair_of(const RopeSpec& r, int head, int j) {
  const int first = head * turned_channels;
  if (r.style == RopeStyle::half) return {first + j, first + j + r.rotary_dim / 2};
  return {first + 2 * j, first + 2 * j + 1};
}

// f(row, head, pair).
template <class F>
void for_each_pair(const Instance& at, F f) {
  for (int row = 0; row < at.x.rows(); ++row)
    for (int head = 0; head < turned_heads_of_all; ++head)
      for (int j = 0; j < at.spec.position.rope->rotary_dim / 2; ++j) f(row, head, j);
}

void part_turns_by_angles(const Subject& f) {
  const Instance at = draw_turning(f, RopeTables::computed, 4);
  Matrix<I> y = at.x;
  for (int row = 0; row < y.rows(); ++row)
    for (int head = 0; head < turned_heads_of_all; ++head) {
      Matrix<I> one = y.row(row).middleCols(head * turned_channels, turned_channels);
      turn(*at.spec.position.rope, row % turned_tokens, turned_tokens, one);
      y.row(row).middleCols(head * turned_channels, turned_channels) = one;
    }
  RC_ASSERT(equal(f.value(at), y));
}

void part_turns_by_tables(const Subject& f) {
  const Instance at = draw_turning(f, RopeTables::given);
  const RopeSpec& r = *at.spec.position.rope;
  Matrix<I> y = at.x;
  for_each_pair(at, [&](int row, int head, int j) {
    const auto [p, q] = pair_of(r, head, j);
    const I c = at.parameters.at("cos")(row, j), s = I(r.sign) * at.parameters.at("sin")(row, j);
    y(row, p) = c * at.x(row, p) - s * at.x(row, q);
    y(row, q) = s * at.x(row, p) + c * at.x(row, q);
  });
  RC_ASSERT(equal(f.value(at), y));
}

// cos and sin of angles w_j t: of what an angle is this is all that a turn keeps lengths by.
void give_angles(Instance& at) {
  Matrix<I>&c = at.parameters["cos"], &s = at.parameters["sin"];
  for (int row = 0; row < c.rows(); ++row)
    for (int j = 0; j < c.cols(); ++j) {
      const I angle = I(row % turned_tokens) / I(j + 1);
      c(row, j) = cos(angle), s(row, j) = sin(angle);
    }
}

void part_keeps_lengths(const Subject& f) {
  const bool has_tables = *rc::gen::arbitrary<bool>();
  Instance at = draw_turning(f, has_tables ? RopeTables::given : RopeTables::computed);
  if (has_tables) give_angles(at);
  const Matrix<I> y = f.value(at);
  for_each_pair(at, [&](int row, int head, int j) {
    const auto [p, q] = pair_of(*at.spec.position.rope, head, j);
    RC_ASSERT(equal(I(y(row, p) * y(row, p) + y(row, q) * y(row, q)),
                    I(at.x(row, p) * at.x(row, p) + at.x(row, q) * at.x(row, q))));
  });
  RC_ASSERT(equal(f.pull_back(at, y).x, at.x));
}

// All rows of x are alike.
void products_are_of_distances(const Subject& f) {
  Instance at = draw_turning(f, RopeTables::given);
  give_angles(at);
  for (Eigen::Index t = 1; t < at.x.rows(); ++t) at.x.row(t) = at.x.row(0).eval();
  const Matrix<I> y = f.value(at);
  for (int distance = 1; distance < turned_tokens - 1; ++distance)
    for (int t = 1; t + distance < turned_tokens; ++t)
      RC_ASSERT(equal(dot(y.row(t), y.row(t + distance)), dot(y.row(0), y.row(distance))));
}

}  // namespace

const std::vector<Law>& turning_laws() {
  static const std::vector<Law> laws{
      {"TURN-ANGLES",
       "part rope turns pair j of token t by t base^(-2j/rotary_dim), and leaves further channels alone",
       turning_heads,
       part_turns_by_angles,
       {"rope/base", "rope/exponent-of-head-dim", "rope/missing", "rope/sign", "rope/style"}},
      {"TURN-TABLES",
       "part rope makes (a c - b s, a s + b c) of a pair, c and s of tables that are given",
       turning_heads,
       part_turns_by_tables,
       {"rope/missing", "rope/sign", "rope/style", "rope/tables-in-other-style",
        "rope/tables-of-first-sequence", "rope/tables-swapped"}},
      {"TURN-LENGTHS",
       "part rope keeps the length of each pair, and its backward pass turns back",
       turning_heads,
       part_keeps_lengths,
       {"rope/gradient-not-turned-back", "rope/style"}},
      {"TURN-DISTANCES",
       "products of like rows that part rope turned depend on the distance of their tokens alone",
       turning_heads,
       products_are_of_distances,
       {"rope/tables-in-other-style"}},
  };
  return laws;
}

}  // namespace plumbline::properties
