// What a question says of its keys: masks as tensors, lengths, segments, and keys that were there before.
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Scope given_keys = attention_alone("speaks of the attention branch alone, which every layout shares");

constexpr int sequences = 2, queries = 3, keys = 5;

// Heads of queries, keys and values as they are, in two sequences.
Instance draw_heads(const Subject& f, MaskKind mask, const GivenSpec& given) {
  Instance at;
  at.batch = sequences;
  BlockSpec& s = at.spec = draw_spec(f.cell());
  s.part = Part::sdpa;
  s.attention.n_heads = 4, s.attention.n_kv_heads = 2;
  s.d = s.attention.n_heads * s.attention.head_dim;
  s.attention.mask.kind = mask;
  s.attention.given = given;
  at.x = draw_matrix(sequences * queries, s.d);
  for (const char* name : {"k", "v"})
    at.parameters[name] = draw_matrix(sequences * keys, s.attention.n_kv_heads * s.attention.head_dim);
  return at;
}

Matrix<I> numbers(int rows, int cols, const std::function<int(int row, int col)>& entry) {
  Matrix<I> x(rows, cols);
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < cols; ++j) x(i, j) = I(entry(i, j));
  return x;
}

// Whether query i of a sequence sees key j in a head, and what is added to its score.
using Sees = std::function<bool(int sequence, int head, int i, int j)>;
using Adds = std::function<I(int sequence, int head, int i, int j)>;

// The sums of the textbook; a query that sees no key has the row 0.
Matrix<I> heads_by_definition(const Instance& at, const Sees& sees, const Adds& adds) {
  const AttentionSpec& a = at.spec.attention;
  const Matrix<I>&k = at.parameters.at("k"), &v = at.parameters.at("v");
  const int h = a.head_dim;
  Matrix<I> y = filled(at.x.rows(), at.x.cols(), 0);
  for (int b = 0; b < sequences; ++b)
    for (int head = 0; head < a.n_heads; ++head)
      for (int i = 0; i < queries; ++i) {
        const int g = head * a.n_kv_heads / a.n_heads * h, row = b * queries + i;
        I total(0);
        for (int j = 0; j < keys; ++j) {
          if (!sees(b, head, i, j)) continue;
          I s = dot(at.x.row(row).middleCols(head * h, h), k.row(b * keys + j).middleCols(g, h)) / sqrt(I(h));
          if (a.softcap.cap) s = I(*a.softcap.cap) * tanh(I(s / I(*a.softcap.cap)));
          const I weight = exp(I(s + adds(b, head, i, j)));
          total += weight;
          y.row(row).middleCols(head * h, h) += weight * v.row(b * keys + j).middleCols(g, h);
        }
        if (lower(total) > 0) y.row(row).middleCols(head * h, h) /= total;
      }
  return y;
}

void are_their_definition(const Subject& f, const Instance& at, const Sees& sees) {
  RC_ASSERT(equal(f.value(at), heads_by_definition(at, sees, [](int, int, int, int) { return I(0); })));
}

// The last query stands at the last key.
bool is_past(int i, int j) { return j <= i + keys - queries; }

// Of each head of each sequence; the first two keys are not hidden alike anywhere.
int kept(int b, int head, int i, int j) {
  return j < 2 ? (j + b + head + i) % 2 : (b + 2 * head + i + j) % 3 > 0;
}

void boolean_mask_hides_keys(const Subject& f) {
  Instance at = draw_heads(f, MaskKind::causal,
                           {.mask = GivenMask::boolean, .mask_over = MaskOver::sequences_and_heads});
  at.parameters["mask"] = numbers(sequences * 4 * queries, keys, [](int row, int j) {
    return kept(row / (4 * queries), row / queries % 4, row % queries, j);
  });
  are_their_definition(f, at,
                       [](int b, int head, int i, int j) { return kept(b, head, i, j) && is_past(i, j); });
}

void additive_mask_is_added(const Subject& f) {
  Instance at =
      draw_heads(f, MaskKind::bidirectional, {.mask = GivenMask::additive, .mask_over = MaskOver::heads});
  at.spec.attention.softcap.cap = 2;
  at.parameters["mask"] = draw_matrix(4 * queries, keys);
  const Matrix<I> mask = at.parameters.at("mask");
  const Matrix<I> expected = heads_by_definition(
      at, [](int, int, int, int) { return true; },
      [&](int, int head, int i, int j) { return mask(head * queries + i, j); });
  RC_ASSERT(equal(f.value(at), expected));
}

void padding_is_not_seen(const Subject& f) {
  Instance at = draw_heads(f, MaskKind::bidirectional, {.lengths = true});
  const int lengths[] = {draw_number_from(1, keys - 1), draw_number_from(1, keys)};
  at.parameters["key_lengths"] = numbers(sequences, 1, [&](int b, int) { return lengths[b]; });
  are_their_definition(f, at, [&](int b, int, int, int j) { return j < lengths[b]; });
}

void lengths_align_queries(const Subject& f) {
  Instance at = draw_heads(f, MaskKind::causal, {.lengths = true});
  const int lengths[] = {queries, keys - 1};
  at.parameters["key_lengths"] = numbers(sequences, 1, [&](int b, int) { return lengths[b]; });
  are_their_definition(f, at, [&](int b, int, int i, int j) { return j <= i + lengths[b] - queries; });
}

void segments_are_apart(const Subject& f) {
  Instance at = draw_heads(f, MaskKind::bidirectional, {.segments = true});
  const int first[] = {draw_number_from(1, queries - 1), draw_number_from(1, keys - 1)};  // of segment 1
  at.parameters["q_segments"] = numbers(sequences, queries, [&](int, int i) { return i >= first[0]; });
  at.parameters["k_segments"] = numbers(sequences, keys, [&](int, int j) { return j >= first[1]; });
  are_their_definition(f, at, [&](int, int, int i, int j) { return (i >= first[0]) == (j >= first[1]); });
}

void nothing_seen_is_nothing(const Subject& f) {
  Instance at =
      draw_heads(f, MaskKind::bidirectional, {.mask = GivenMask::boolean, .empty_rows = EmptyRows::zeros});
  const int empty = draw_number_from(0, queries - 1);
  at.parameters["mask"] = numbers(queries, keys, [&](int i, int j) { return i != empty && j > 0; });
  const Matrix<I> y = f.value(at);
  for (int b = 0; b < sequences; ++b) RC_ASSERT(vanishes(y.row(b * queries + empty)));
}

// Rows of x through W, and a bias where there is one.
Matrix<I> projected_rows(const Instance& at, const std::string& name, const Matrix<I>& x) {
  Matrix<I> y = product(x, at.parameters.at("layers.0.attn." + name + ".weight").transpose());
  if (const auto b = at.parameters.find("layers.0.attn." + name + ".bias"); b != at.parameters.end())
    for (Eigen::Index t = 0; t < y.rows(); ++t) y.row(t) += b->second;
  return y;
}

// Keys as they stand in a cache: pairs (0, 2) and (1, 3) of each head of four channels turn.
void turn_keys(Matrix<I>& k) {
  for (Eigen::Index t = 0; t < k.rows(); ++t)
    for (Eigen::Index head = 0; head < k.cols(); head += 4)
      for (int j = 0; j < 2; ++j) {
        const I angle = I(int(t)) / (j == 0 ? I(1) : sqrt(I(10000)));
        const I a = k(t, head + j), b = k(t, head + j + 2);
        k(t, head + j) = a * cos(angle) - b * sin(angle);
        k(t, head + j + 2) = a * sin(angle) + b * cos(angle);
      }
}

void a_cache_changes_nothing(const Subject& f) {
  BlockSpec s = draw_spec(f.cell());
  s.attention.mask.kind = MaskKind::causal;
  s.position.rope = RopeSpec{.rotary_dim = 4};
  const Instance whole = draw_quiet(s, 5);
  const int past = draw_number_from(1, 3);
  Instance rest = whole;
  rest.spec.attention.given = GivenSpec{.past = past};
  rest.x = whole.x.bottomRows(5 - past);
  Matrix<I> k = projected_rows(whole, "k_proj", whole.x.topRows(past));
  turn_keys(k);
  rest.parameters["past_k"] = k;
  rest.parameters["past_v"] = projected_rows(whole, "v_proj", whole.x.topRows(past));
  RC_ASSERT(equal(f.value(rest), reference.value(whole).bottomRows(5 - past)));
}

}  // namespace

const std::vector<Law>& given_mask_laws() {
  static const std::vector<Law> laws{
      {"GIVEN-boolean",
       "attention through a boolean mask of each head and sequence is its definition, entry by entry",
       given_keys,
       boolean_mask_hides_keys,
       {"given/mask-added", "given/mask-inverted", "given/mask-missing", "given/mask-of-first-head",
        "given/mask-of-first-sequence"}},
      {"GIVEN-additive",
       "an additive mask is added to capped scores",
       given_keys,
       additive_mask_is_added,
       {"given/mask-before-scale", "given/mask-before-softcap", "given/mask-missing",
        "given/mask-of-first-head"}},
      {"GIVEN-lengths",
       "keys beyond the length of their sequence are not seen",
       given_keys,
       padding_is_not_seen,
       {"lengths/one-key-more", "lengths/padding-counted", "lengths/padding-seen"}},
      {"GIVEN-lengths-align",
       "of keys that are inputs, the last query stands at the last one that is no padding",
       given_keys,
       lengths_align_queries,
       {"mask/missing", "mask/sees-next", "mask/hides-self"}},
      {"GIVEN-segments",
       "keys of another segment are not seen",
       given_keys,
       segments_are_apart,
       {"segments/missing"}},
      {"GIVEN-empty",
       "where empty rows are zeros, a query that sees no key has the output 0",
       given_keys,
       nothing_seen_is_nothing,
       {"given/mask-missing", "given/mask-inverted", "given/mask-added"}},
      {"GIVEN-past",
       "the last tokens behind a cache of the others have the rows that they have among them",
       given_keys,
       a_cache_changes_nothing,
       {"rope/past-not-counted"}},
  };
  return laws;
}

}  // namespace plumbline::properties
