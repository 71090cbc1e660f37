// Points at which there is no value, and those beside them: rows without spread at eps = 0, NaN and
// infinities, queries that see no key, numbers next to 0.
#include <limits>

#include "plumbline/base/error.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN(),
                 infinity = std::numeric_limits<double>::infinity();

const Scope single_norm = both_norms({"norm"}, "speaks of a norm alone"),
            every_part =
                both_norms({"norm", "attention", "ffn"}, "what holds of its parts holds of a layout"),
            single_attention = attention_alone("speaks of the attention branch alone"),
            every_cell{{cells().begin(), cells().end()}, {}};

bool none_is_certain(const Matrix<I>& y) {
  return std::all_of(y.data(), y.data() + y.size(), [](const I& v) { return v.domain() != Domain::def; });
}
bool all_are_certain(const Matrix<I>& y) {
  return std::all_of(y.data(), y.data() + y.size(), [](const I& v) { return is_bounded(v); });
}

// 0/0: the spread of the row is 0.
void a_row_without_spread_has_no_norm(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  spec.norm_slots.attn.in->eps = 0;
  Instance at = draw_quiet(spec, 2);
  const bool centres = spec.norm_slots.attn.in->kind == NormKind::layer_norm;
  at.x.row(0).setConstant(
      I(centres ? *rc::gen::element(0.0, -0.0, 3.0, 0x1p-1074, -0x1p1000) : *rc::gen::element(0.0, -0.0)));
  const Matrix<I> y = f.value(at);
  RC_ASSERT(none_is_certain(y.row(0)));
  RC_ASSERT(all_are_certain(y.row(1)));
}

// Subnormal numbers are numbers, and so are those whose squares overflow.
void a_norm_at_eps_0_ignores_a_scale_of_any_size(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  spec.norm_slots.attn.in->eps = 0;
  const Instance at = draw_quiet(spec, 2);
  const double scale = *rc::gen::element(0x1p-1054, 0x1p-1022, 0x1p1000);
  RC_ASSERT(equal(f.value(at, at.x * I(scale)), f.value(at)));
}

bool row_is_read(const BlockSpec& s, Eigen::Index i, Eigen::Index j) {
  if (!attends(s)) return i == j;
  if (s.attention.mask.kind == MaskKind::bidirectional) return true;
  return j <= i && (s.attention.mask.kind == MaskKind::causal || j > i - *s.attention.mask.window);
}

// That a query's output is marked although the row is hidden from it is no contradiction: its weight is 0,
// and 0 times what is no number is none.
void what_is_no_number_is_seen(const Subject& f) {
  Instance at = draw_quiet(draw_rich_spec(f.cell()), 3);
  const int t = draw_number_from(0, 2), channel = draw_number_from(0, at.spec.d - 1);
  at.x(t, channel) = I(*rc::gen::element(nan, infinity, -infinity));
  const Matrix<I> y = f.value(at);
  for (Eigen::Index i = 0; i < y.rows(); ++i) {
    if (row_is_read(at.spec, i, t)) RC_ASSERT(none_is_certain(y.row(i)));
    if (!attends(at.spec) && i != t) RC_ASSERT(all_are_certain(y.row(i)));
  }
}

void every_parameter_is_read(const Subject& f) {
  Instance at = draw_quiet(draw_rich_spec(f.cell()), 3);
  std::vector<std::string> names;
  for (const auto& [name, value] : at.parameters) names.push_back(name);
  Matrix<I>& p = at.parameters.at(*rc::gen::elementOf(names));
  p.data()[draw_number_from(0, static_cast<int>(p.size()) - 1)] = I(nan);
  const Matrix<I> y = f.value(at);
  RC_ASSERT(!all_are_certain(y));
  RC_ASSERT(std::any_of(y.data(), y.data() + y.size(), [](const I& v) { return v.domain() == Domain::ill; }));
}

bool throws_an_error(const Subject& f, const Instance& at) {
  try {
    f.value(at);
    return false;
  } catch (const Error&) {
    return true;
  }
}

void a_query_that_sees_no_key_has_no_value(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  spec.attention.mask.kind = MaskKind::causal_sliding;
  spec.attention.mask.window = draw_number_from(1, 2);
  spec.attention.mask.offset = -*spec.attention.mask.window;
  const Instance at = draw_quiet(spec, 3);
  RC_ASSERT(throws_an_error(f, at));
}

}  // namespace

const std::vector<Law>& special_point_laws() {
  static const std::vector<Law> laws{
      {"SPEC-1",
       "at eps = 0, LayerNorm of a constant row and RMSNorm of a zero row have no value",
       single_norm,
       a_row_without_spread_has_no_norm,
       {"enclosure/rsqrt-unmarked", "norm/not-centred"}},
      {"SPEC-2",
       "at eps = 0, N(c x) = N(x) for c that make x subnormal or its squares overflow in double",
       single_norm,
       a_norm_at_eps_0_ignores_a_scale_of_any_size,
       {"norm/multiplied-by-std", "norm/divided-by-variance"}},
      {"SPEC-3",
       "NaN or an infinity in a row: what sees the row has no value, in every channel",
       every_part,
       what_is_no_number_is_seen,
       {"enclosure/sum-unmarked", "enclosure/division-unmarked", "enclosure/matmul-unmarked"}},
      {"SPEC-4",
       "NaN in one entry of one parameter: some output has no value",
       every_cell,
       every_parameter_is_read,
       {"enclosure/activation-unmarked", "enclosure/matmul-unmarked", "enclosure/softmax-unmarked",
        "bias/q-missing", "bias/k-missing", "norm/gain-missing", "norm/bias-missing"}},
      {"SPEC-5",
       "a query that sees no key has no value: an error",
       single_attention,
       a_query_that_sees_no_key_has_no_value,
       {"mask/sees-next", "mask/missing", "mask/after-softmax", "mask/finite", "mask/zero-score"}},
  };
  return laws;
}

}  // namespace plumbline::properties
