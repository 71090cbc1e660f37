// What the size of the branches says about a block: its singular values, its determinant, its output.
#include "properties/certified.hpp"
#include "properties/laws/stacks.hpp"

namespace plumbline::properties {
namespace {

const Scope bounded_branches = both_norms({"pre_norm"}, "speaks of branches beside a free identity route"),
            bounded_output =
                layer_norm_only({"post_norm"}, "the variance is LayerNorm's", "speaks of post-norm alone"),
            row_local = both_norms(
                {"pre_norm"}, "its Jacobian is far from I, where elimination needs pivots",
                {{"norm", {}, "no token sees another one"}, {"ffn", {}, "no token sees another one"}});

void no_direction_grows_or_shrinks_more_than_the_branch(const Subject& f) {
  const Instance at = draw_gentle(f);
  const Branches b = branch_jacobians(at);
  const I attention = norm_bound(b.attention), ffn = norm_bound(b.ffn);
  RC_ASSERT(upper(attention) < 1 && upper(ffn) < 1);
  const Matrix<I> v = draw_like(at.x);
  const I length = frobenius(f.push_forward(at, v)), before = frobenius(v);
  RC_ASSERT(at_most(length, (I(1) + attention) * (I(1) + ffn) * before));
  RC_ASSERT(at_most((I(1) - attention) * (I(1) - ffn) * before, length));
}

// One sublayer alone: the feed-forward is silent.
Instance draw_gentle_attention(const Subject& f) {
  Instance at = draw_gentle(f);
  silence(at, "layers.0.ffn.down_proj");
  return at;
}

void the_symmetric_part_bounds_closer(const Subject& f) {
  const Instance at = draw_gentle_attention(f);
  const Matrix<I> a = branch_jacobians(at).attention, symmetric = (a + a.transpose()) / I(2);
  const I most = largest_eigenvalue_bound(symmetric), least = -largest_eigenvalue_bound(-symmetric);
  const I norm = norm_bound(a);
  const Matrix<I> v = draw_like(at.x), moved = f.push_forward(at, v);
  const I length = dot(moved, moved), before = dot(v, v);
  RC_ASSERT(at_most(length, (I(1) + I(2) * most + norm * norm) * before));
  RC_ASSERT(at_most((I(1) + I(2) * least) * before, length));
}

void determinant_is_bounded(const Subject& f) {
  const Instance at = draw_gentle(f);
  const Branches b = branch_jacobians(at);
  const I n(static_cast<int>(at.x.size())), alpha = frobenius(b.attention), beta = frobenius(b.ffn);
  const I attention = norm_bound(b.attention), ffn = norm_bound(b.ffn);
  RC_ASSERT(upper(attention) < 1 && upper(ffn) < 1);
  const I value = log_abs_det(f.jacobian_at(at));
  RC_ASSERT(at_most(value, n * (log(I(I(1) + alpha / sqrt(n))) + log(I(I(1) + beta / sqrt(n))))));
  RC_ASSERT(at_most(n * (log(I(I(1) - attention)) + log(I(I(1) - ffn))), value));
}

// ln det(I + A) = sum_{k < K} (-1)^(k+1) tr A^k / k + rest,
// |rest| <= n sum_{k >= K} a^k/k <= n a^K/(K (1 - a)).
void determinant_is_a_series_of_traces(const Subject& f) {
  const Instance at = draw_gentle_attention(f);
  const Matrix<I> a = branch_jacobians(at).attention;
  const int terms = 12;
  Matrix<I> power = a;
  I sum(0), bound = norm_bound(a), tail(static_cast<int>(a.rows()));
  RC_ASSERT(upper(bound) < 1);
  for (int k = 1; k < terms; ++k) {
    sum += I(power.trace()) / I(k % 2 ? k : -k);
    power = product(power, a);
  }
  for (int k = 0; k < terms; ++k) tail *= bound;
  tail /= I(terms) * (I(1) - bound);
  RC_ASSERT(equal(log_abs_det(f.jacobian_at(at)), sum + tail * hull(I(-1), I(1))));
}

// prod (I + A_l) is the sum over all subsets of the ordered products of their A; what is left out by stopping
// at order k is at most sum_{j > k} e_j(a_1 .. a_L), e_j the elementary symmetric polynomials of the norms.
void the_jacobian_is_a_sum_over_paths(const Subject& f) {
  const Instance at = draw_gentle(f, 2);
  std::vector<Matrix<I>> branches;
  for (const Instance& layer : trajectory(at)) {
    const Branches b = branch_jacobians(layer);
    branches.insert(branches.end(), {b.attention, b.ffn});
  }
  const Eigen::Index n = at.x.size();
  std::vector<Matrix<I>> by_order{identity(n)};  // sums of the ordered products of that many branches
  std::vector<I> symmetric{I(1)};
  for (const Matrix<I>& a : branches) {
    by_order.push_back(filled(n, n, 0));
    symmetric.push_back(I(0));
    for (std::size_t k = by_order.size() - 1; k > 0; --k) {
      by_order[k] += product(a, by_order[k - 1]);
      symmetric[k] += norm_bound(a) * symmetric[k - 1];
    }
  }
  Matrix<I> rest = f.jacobian_at(at);
  I left_out(0);
  for (const I& e : symmetric) left_out += e;
  const Matrix<I> v = draw_matrix(n, 1);
  for (std::size_t k = 0; k < by_order.size(); ++k) {
    rest -= by_order[k];
    left_out -= symmetric[k];
    if (k + 1 < by_order.size())
      RC_ASSERT(at_most(frobenius(product(rest, v)), left_out * frobenius(v)));
    else
      RC_ASSERT(vanishes(rest));
  }
}

void causal_determinant_is_that_of_the_tokens(const Subject& f) {
  const Instance at = draw_gentle(f);
  const int d = at.spec.d;
  const Matrix<I> j = f.jacobian_at(at);
  I tokens(0);
  for (int t = 0; t < 3; ++t) tokens += log_abs_det(j.block(t * d, t * d, d, d));
  RC_ASSERT(equal(log_abs_det(j), tokens));
}

// The longest row that a norm can write: sqrt(d) max |gamma| + |beta|.
I longest_row(const Instance& at, const std::string& norm) {
  const Matrix<I>& gain = at.parameters.at(norm + ".weight");
  I bound = sqrt(I(at.spec.d)) * norm_bound(Matrix<I>(gain.cwiseAbs().rowwise().maxCoeff()));
  if (const auto bias = at.parameters.find(norm + ".bias"); bias != at.parameters.end())
    bound += frobenius(bias->second);
  return bound;
}

I affine_bound(const Instance& at, const std::string& projection, const I& length) {
  return norm_bound(at.parameters.at(projection + ".weight")) * length +
         frobenius(at.parameters.at(projection + ".bias"));
}

// Attention averages values, head by head; |GELU(z)| <= |z|. So neither branch writes more than C whatever x.
void the_stream_grows_linearly(const Subject& f) {
  Instance at = draw_gentle(f, 2);
  at.x *= I(*rc::gen::element(1.0, 0x1p30));
  I written(0);
  for (const Instance& layer : trajectory(at)) {
    const I value = affine_bound(layer, "layers.0.attn.v_proj", longest_row(layer, "layers.0.attn.norm_in"));
    const I heads = sqrt(I(layer.spec.attention.n_heads)) * value;
    const I hidden = affine_bound(layer, "layers.0.ffn.up_proj", longest_row(layer, "layers.0.ffn.norm_in"));
    written += affine_bound(layer, "layers.0.attn.o_proj", heads) +
               affine_bound(layer, "layers.0.ffn.down_proj", hidden);
  }
  const Matrix<I> y = f.value(at);
  for (Eigen::Index t = 0; t < y.rows(); ++t)
    RC_ASSERT(at_most(frobenius(y.row(t)), frobenius(at.x.row(t)) + written));
}

// For var(x) = 1, s_0 = sd(x + f) lies between |1 - sd f| and 1 + sd f. 1/s is read off a direction w that
// the norm only divides: the derivative in the last bias along w, orthogonal to 1 and to y.
void the_two_factors_of_post_norm_are_coupled(const Subject& f) {
  BlockSpec spec = draw_small_spec(f.cell());
  spec.norm_slots.ffn.post->eps = 0;
  spec.norm_slots.ffn.post->gain = spec.norm_slots.ffn.post->bias = false;
  spec.norm_slots.attn.post.reset();
  Instance at = draw_quiet(spec, 1);
  silence(at, "layers.0.attn.o_proj");
  for (const char* leaf : {".weight", ".bias"})
    at.parameters.at("layers.0.ffn.down_proj" + std::string(leaf)) /= I(16);
  at.x = reference.value(norm_alone(at, spec.norm_slots.ffn.post, "", at.x));
  const I branch = sqrt(variance(reference.value(part_alone(at, Part::ffn, at.x))));
  const Matrix<I> y = f.value(at), any = draw_like(at.x);
  Matrix<I> w = (any.array() - mean(any)).matrix();
  w -= y * I(dot(w, y) / dot(y, y));
  const Matrix<I> still = filled(1, spec.d, 0);
  const I moved = frobenius(f.push_forward(at, still, {{"layers.0.ffn.down_proj.bias", w}}));
  RC_ASSERT(at_most(frobenius(w), (I(1) + branch) * moved));
  RC_ASSERT(at_most(abs(I(I(1) - branch)) * moved, frobenius(w)));
}

void post_norm_is_bounded_by_its_smallest_deviation(const Subject& f) {
  Instance at = draw_stack(f, 1);
  for (const char* p : {"layers.0.attn.o_proj", "layers.0.ffn.down_proj"}) silence(at, p);
  at.spec.norm_slots.attn.post->eps = at.spec.norm_slots.ffn.post->eps = 0x1p-10;
  at.x /= I(256);
  I bound(1);
  Matrix<I> stream = at.x;
  for (const char* norm : {"layers.0.attn.norm_post", "layers.0.ffn.norm_post"}) {
    I smallest = variance(stream.row(0));
    for (Eigen::Index t = 1; t < stream.rows(); ++t)
      if (const I v = variance(stream.row(t)); lower(v) < lower(smallest)) smallest = v;
    const Matrix<I>& gain = at.parameters.at(norm + std::string(".weight"));
    bound *= norm_bound(Matrix<I>(gain.cwiseAbs().rowwise().maxCoeff())) / sqrt(I(smallest + I(0x1p-10)));
    stream = reference.value(norm_alone(at, at.spec.norm_slots.attn.post, norm, stream));
  }
  const Matrix<I> v = draw_like(at.x);
  RC_ASSERT(at_most(frobenius(f.push_forward(at, v)), bound * frobenius(v)));
}

}  // namespace

const std::vector<Law>& bound_laws() {
  static const std::vector<Law> laws{
      {"PRE-7",
       "pre-norm: (1-a)(1-b) |v| <= |J v| <= (1+a)(1+b) |v|, a and b certified norms of the branches",
       bounded_branches,
       no_direction_grows_or_shrinks_more_than_the_branch,
       {"residual/attn-doubled", "residual/attn-dropped", "residual/ffn-dropped", "residual/ffn-doubled"}},
      {"PRE-7b",
       "pre-norm sublayer: 1 + 2 lambda_min(sym A) <= |(I + A) v|^2/|v|^2 <= 1 + 2 lambda_max(sym A) + a^2",
       bounded_branches,
       the_symmetric_part_bounds_closer,
       {"residual/attn-doubled", "residual/attn-dropped", "residual/ffn-dropped", "residual/ffn-doubled"}},
      {"PRE-8",
       "pre-norm, gentle branches: n ln(1-a) <= ln det J <= n ln(1 + |A|_F/sqrt n), summed over the "
       "sublayers",
       bounded_branches,
       determinant_is_bounded,
       {"residual/attn-doubled", "residual/ffn-doubled", "residual/attn-dropped"}},
      {"PRE-8b",
       "pre-norm sublayer: ln det(I + A) = sum (-1)^(k+1) tr A^k/k, the rest after 11 terms bounded",
       bounded_branches,
       determinant_is_a_series_of_traces,
       {"residual/attn-doubled", "residual/attn-dropped", "norm/variance-detached", "scale/missing",
        "tape/softmax-without-sum", "tape/column-constant"}},
      {"PRE-10",
       "pre-norm: J is the sum over all paths; what longer paths add is at most the symmetric polynomials of "
       "the branches' norms",
       bounded_branches,
       the_jacobian_is_a_sum_over_paths,
       {"residual/attn-doubled", "residual/ffn-block-input", "residual/normed", "norm/variance-detached"}},
      {"PRE-12",
       "pre-norm: a row grows by at most what bounded branches can write, however large x is",
       bounded_branches,
       the_stream_grows_linearly,
       {"residual/attn-doubled", "residual/ffn-doubled", "norm/multiplied-by-std"}},
      {"CAUS-1",
       "causal attention: det J is the product of the determinants of its diagonal blocks",
       row_local,
       causal_determinant_is_that_of_the_tokens,
       {"mask/missing", "mask/sees-next", "mask/after-softmax"}},
      {"POST-5",
       "post-norm, silent branches: |J v| <= |gamma| / s_min |v| at every norm",
       bounded_output,
       post_norm_is_bounded_by_its_smallest_deviation,
       {"norm/divided-by-variance"}},
      {"POST-5b",
       "post-norm of a row of variance 1: |1 - sd f| <= s <= 1 + sd f",
       bounded_output,
       the_two_factors_of_post_norm_are_coupled,
       {"residual/ffn-doubled", "residual/ffn-dropped", "norm/sum-for-mean", "norm/divided-by-variance"}},
  };
  return laws;
}

}  // namespace plumbline::properties
