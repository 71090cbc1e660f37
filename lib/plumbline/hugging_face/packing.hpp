// Several projections in one tensor of a file, and how each lies in it.
#pragma once

namespace plumbline {

// Of a tensor [g group_rows, in], which is g groups of rows: the same `count` rows of each, from `first` on.
struct Slice {
  int groups, group_rows, first, count;

  int all_rows() const { return groups * group_rows; }                         // of the tensor
  int row(int i) const { return i / count * group_rows + first + i % count; }  // where row i of the slice is
};

// How queries, keys and values lie: all of each one after the other; in groups, each of the queries of one
// head for keys and values, its keys, its values, which for one query a group is [q, k, v] of each head; or
// in four groups, each a quarter of the queries, of the values, of the keys.
enum class QkvPacking { concat, per_group, four_of_qvk };

// Which of the projections in a tensor; whole where it stands alone. A gate before what it is multiplied by,
// or in turns with it; of each head its queries, then the gate of what it answers.
enum class Piece { whole, q, k, v, gate, up, even_gate, odd_up, gated_q, gate_of_q };

// Where q, k or v lies; of the whole, q.
inline Slice qkv_slice(QkvPacking packing, Piece piece, int n_heads, int n_kv_heads, int head_dim) {
  if (packing == QkvPacking::four_of_qvk) {
    const int quarter = n_heads * head_dim / 4;
    return {4, 3 * quarter, piece == Piece::q ? 0 : piece == Piece::v ? quarter : 2 * quarter, quarter};
  }
  const int groups = packing == QkvPacking::per_group ? n_kv_heads : 1;
  const int q = n_heads / groups * head_dim, kv = n_kv_heads / groups * head_dim;
  const Slice all{groups, q + 2 * kv, 0, q};
  if (piece == Piece::k) return {groups, all.group_rows, q, kv};
  if (piece == Piece::v) return {groups, all.group_rows, q + kv, kv};
  return all;
}

// Where a gate lies, or what it is multiplied by: one behind the other, or row by row in turns.
inline Slice gate_up_slice(Piece piece, int d_ff) {
  if (piece == Piece::even_gate || piece == Piece::odd_up)
    return {d_ff, 2, piece == Piece::odd_up ? 1 : 0, 1};
  return {1, 2 * d_ff, piece == Piece::up ? d_ff : 0, d_ff};
}

// Where the queries of all heads lie, or the gates of their answers.
inline Slice gated_q_slice(Piece piece, int n_heads, int head_dim) {
  return {n_heads, 2 * head_dim, piece == Piece::gate_of_q ? head_dim : 0, head_dim};
}

}  // namespace plumbline
