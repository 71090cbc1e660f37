// Several projections in one tensor of a file, and how each lies in it.
#pragma once

namespace plumbline {

// Of a tensor [g group_rows, in], which is g groups of rows: the same `count` rows of each, from `first` on.
struct Slice {
  int groups, group_rows, first, count;

  int all_rows() const { return groups * group_rows; }                         // of the tensor
  int row(int i) const { return i / count * group_rows + first + i % count; }  // where row i of the slice is
};

// How queries, keys and values lie: all of each one after the other; or in groups, each of the queries of one
// head for keys and values, its keys, its values, which for one query a group is [q, k, v] of each head.
enum class QkvPacking { concat, per_group };

// Which of the projections in a tensor; whole where it stands alone.
enum class Piece { whole, q, k, v, gate, up };

// Where q, k or v lies; of the whole, q.
inline Slice qkv_slice(QkvPacking packing, Piece piece, int n_heads, int n_kv_heads, int head_dim) {
  const int groups = packing == QkvPacking::per_group ? n_kv_heads : 1;
  const int q = n_heads / groups * head_dim, kv = n_kv_heads / groups * head_dim;
  const Slice all{groups, q + 2 * kv, 0, q};
  if (piece == Piece::k) return {groups, all.group_rows, q, kv};
  if (piece == Piece::v) return {groups, all.group_rows, q + kv, kv};
  return all;
}

// The gate, then what it is multiplied by.
inline Slice gate_up_slice(Piece piece, int d_ff) {
  return {1, 2 * d_ff, piece == Piece::up ? d_ff : 0, d_ff};
}

}  // namespace plumbline
