#include "plumbline/cases/edges.hpp"

namespace plumbline {
namespace {

// Where a norm reads x before anything else does, so that no large entry reaches a product.
bool norms_read_x(const BlockSpec& s) {
  if (!is_block(s)) return is_one_norm(s);
  return s.norm_slots.attn.in && (s.parallel_shared_norm || s.norm_slots.ffn.in || s.norm_slots.attn.post);
}

// The size of one large entry, or the norm of d equal ones. Where statistics are float16 its square is at
// most a quarter of the largest number; otherwise it is some thousands, as streams have in some channels
// (arXiv 2402.17762).
double large_entry(Draw& draw, const Profile& profile) {
  constexpr int seen = 13;
  return std::ldexp(1 + draw.uniform(), std::min(seen, info(profile.statistics).max_exponent / 2 - 1) - 1);
}

}  // namespace

bool takes_zeros(const BlockSpec& s, const Profile& profile) {
  constexpr int room = 5;  // powers of two for what multiplies the slope
  const double least =
      std::ldexp(1.0, std::max(room - info(profile.storage).max_exponent, least_root(profile)));
  bool has_room = true;
  for_each_norm_slot(s, [&](const std::string&, const NormSlot& n) {
    has_room = has_room && !(n && has_statistics(*n) && size_of_eps(*n) < least);
  });
  if (!has_room || (is_block(s) && is_lerp(s.residual))) return false;
  return !(feeds(s) || activates(s)) || s.ffn.activation != Activation::relu;
}

Matrix<double> edge_rows(Draw& draw, int rows, int cols, const BlockSpec& s, const Profile& profile) {
  Matrix<double> x = draw.matrix(rows, cols);
  const double spread =
      std::ldexp(1.0, std::max({-8, 2 - info(profile.storage).precision, least_root(profile)}));
  for (int t = 0; t < rows; ++t) {
    const double large = large_entry(draw, profile), sign = draw.one_in(2) ? 1 : -1;
    const Matrix<double> nearly_1 = (1 + spread * x.row(t).array()).matrix();
    switch (draw.whole(0, 4)) {
      case 0:
        if (norms_read_x(s)) x(t, draw.whole(0, cols - 1)) = sign * large;
        break;
      case 1: x.row(t) = sign * 3 * nearly_1; break;
      case 2:
        if (norms_read_x(s)) x.row(t) = sign * large / std::sqrt(cols) * nearly_1;
        break;
      case 3:
        if (takes_zeros(s, profile)) x.row(t).setZero();
        break;
    }
  }
  return x;
}

}  // namespace plumbline
