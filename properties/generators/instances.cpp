#include "properties/generators/instances.hpp"

#include <algorithm>
#include <random>
#include <sstream>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
std::ostream& operator<<(std::ostream& out, Regime regime) { return out << name_of(regime) << " rows"; }
}  // namespace plumbline

namespace plumbline::properties {
namespace {

// Any seed whatever RapidCheck's size: at size 0 all draws would be one and the same matrix.
std::mt19937_64 draw_bits() {
  const auto any = rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint32_t>());
  return std::mt19937_64(*rc::gen::noShrink(any));
}

double uniform(std::mt19937_64& bits) { return (static_cast<double>(bits() >> 43) - 1048576.0) / 1048576.0; }

Matrix<double> uniform_matrix(std::mt19937_64& bits, int rows, int cols) {
  Matrix<double> x(rows, cols);
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = uniform(bits);
  return x;
}

// Parts are cut out of a pre-norm block.
std::string_view find_layout(std::string_view subject) {
  return std::ranges::count(every_layout, subject) ? subject : "pre_norm";
}

std::string eps_text(double eps) {
  std::ostringstream text;
  text << eps;
  return text.str();
}

double draw_eps() { return *rc::gen::element(1e-12, 1e-6, 1e-5, 1e-3, 0.1); }

struct Sizes {
  int d, n_heads, n_kv_heads, head_dim, d_ff;
};

Sizes draw_sizes() {
  const int n_kv_heads = 2;
  return {draw_number_from(5, 9), n_kv_heads * draw_number_from(1, 2), n_kv_heads, 4, draw_number_from(3, 7)};
}

Sizes draw_small_sizes() { return {draw_number_from(5, 6), 2, 1, 2, draw_number_from(3, 4)}; }

BlockSpec sized(const Cell& cell, const Sizes& n, double eps) {
  const std::string_view layout = find_layout(cell.subject);
  BlockSpec s = find_preset(layout).make(
      {.d = n.d, .n_heads = n.n_heads, .n_kv_heads = n.n_kv_heads, .head_dim = n.head_dim, .d_ff = n.d_ff});
  const NormKind kind = cell.norm.value_or(NormKind::layer_norm);
  s = with_layout(s, layout, {.kind = kind, .eps = eps, .bias = kind == NormKind::layer_norm});
  s.final_norm.reset();
  if (const auto part = find_named<Part>(cell.subject)) s.part = *part;  // otherwise a layout
  return s;
}

BlockSpec draw_sized(const Cell& cell, const Sizes& n) {
  const double eps = draw_eps();
  RC_CLASSIFY(cell.norm.has_value(), "eps " + eps_text(eps));
  return sized(cell, n, eps);
}

void note_what_dominates(const BlockSpec& spec, const Matrix<double>& x) {
  if (!spec.norm_slots.attn.in || !is_one_norm(spec)) return;
  const auto centred = (x.colwise() - x.rowwise().mean()).eval();
  const auto smallest = (centred.array().square().rowwise().mean()).minCoeff();
  RC_CLASSIFY(smallest < spec.norm_slots.attn.in->eps, "eps dominates the variance of a row");
}

Instance instance(const BlockSpec& spec, int tokens, Regime regime) {
  std::mt19937_64 bits = draw_bits();
  Parameters<I> parameters;
  for (const ParameterShape& s : parameter_shapes(spec)) {
    Matrix<double> p = uniform_matrix(bits, s.rows, s.cols);
    if (s.role == Role::gain) p = (p.array() * 0.5 + 1.25).matrix();
    parameters[s.name] = cast<I>(p);
  }
  Matrix<double> x = uniform_matrix(bits, tokens, input_width(spec));
  x = in_regime(std::move(x), regime);
  note_what_dominates(spec, x);
  return {spec, parameters, cast<I>(x)};
}

RopeScaling draw_scaling() {
  RopeScaling s;
  using enum RopeScalingKind;
  s.kind = *rc::gen::element(linear, llama3, yarn, longrope, dynamic);
  s.original_max_position = *rc::gen::element(16, 1024);
  return s;
}

// Each in one spec of four.
void draw_what_few_have(BlockSpec& s) {
  const auto now_and_then = [] { return draw_number_from(1, 4) == 1; };
  s.attention.sink.present = now_and_then();
  if (now_and_then()) s.attention.gate = *rc::gen::element(Activation::sigmoid, Activation::silu);
  if (now_and_then())
    s.norm_slots.attn.v = NormSpec{.kind = NormKind::rms_norm,
                                   .eps = 1e-3,
                                   .bias = false,
                                   .width = *rc::gen::element(NormWidth::full_heads, NormWidth::head_dim)};
  if (s.position.rope && now_and_then()) s.position.rope->sign = -1;
  if (s.position.rope && now_and_then()) s.position.rope->scaling = draw_scaling();
  s.ffn.squared = now_and_then();
  if (is_gated(s.ffn) && now_and_then()) s.ffn.up_offset = 1;
}

}  // namespace

int draw_number_from(int least, int most) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(least, most + 1));
}

Regime draw_regime() {
  const Regime regime =
      *rc::gen::element(Regime::plain, Regime::offset, Regime::tiny, Regime::large, Regime::spike);
  RC_TAG(regime);
  return regime;
}

BlockSpec spec_of(const Cell& cell) { return sized(cell, {5, 2, 1, 2, 3}, 1e-5); }
BlockSpec draw_spec(const Cell& cell) { return draw_sized(cell, draw_sizes()); }
BlockSpec draw_small_spec(const Cell& cell) { return draw_sized(cell, draw_small_sizes()); }

BlockSpec draw_rich_spec(const Cell& cell) {
  BlockSpec s = draw_small_spec(cell);
  if (is_one_norm(s)) return s;
  s.ffn.kind = *rc::gen::element(FeedForwardKind::mlp, FeedForwardKind::glu);
  s.ffn.activation = *rc::gen::element(Activation::gelu_erf, Activation::gelu_tanh, Activation::silu,
                                       Activation::quick_gelu);
  s.attention.mask.kind =
      *rc::gen::element(MaskKind::bidirectional, MaskKind::causal, MaskKind::causal_sliding);
  if (s.attention.mask.kind == MaskKind::causal_sliding) s.attention.mask.window = 2;
  s.attention.scale.mult = *rc::gen::element(1.0, 16.0);  // soft and steep weights
  if (*rc::gen::arbitrary<bool>()) s.attention.softcap.cap = 2;
  if (*rc::gen::arbitrary<bool>()) {
    if (*rc::gen::arbitrary<bool>())
      s.position.rope =
          RopeSpec{.style = *rc::gen::element(RopeStyle::half, RopeStyle::interleaved), .rotary_dim = 2};
    else
      s.position.bias = AlibiSpec{};
  }
  if (*rc::gen::arbitrary<bool>()) {
    const NormWidth width = *rc::gen::element(NormWidth::full_heads, NormWidth::head_dim);
    s.norm_slots.attn.q = s.norm_slots.attn.k =
        NormSpec{.kind = NormKind::rms_norm, .eps = 1e-3, .bias = false, .width = width};
  }
  if (*rc::gen::arbitrary<bool>())
    s.norm_slots.attn.mid = s.norm_slots.ffn.mid =
        NormSpec{.kind = *rc::gen::element(NormKind::layer_norm, NormKind::rms_norm, NormKind::dyt)};
  draw_what_few_have(s);
  RC_CLASSIFY(s.ffn.kind == FeedForwardKind::glu, "gated feed-forward");
  RC_CLASSIFY(s.position.rope.has_value(), "rotary positions");
  RC_CLASSIFY(s.position.bias.has_value(), "ALiBi");
  RC_CLASSIFY(s.attention.softcap.cap.has_value(), "softcap");
  RC_CLASSIFY(s.norm_slots.attn.q.has_value(), "norms on q and k");
  RC_CLASSIFY(s.norm_slots.attn.mid.has_value(), "norms within the branches");
  RC_CLASSIFY(s.attention.sink.present, "sinks");
  RC_CLASSIFY(s.attention.gate.has_value(), "gated heads");
  RC_CLASSIFY(s.norm_slots.attn.v.has_value(), "norms on v");
  RC_CLASSIFY(s.ffn.squared, "squared activation");
  return s;
}

Instance draw_instance(const BlockSpec& spec, int tokens) { return instance(spec, tokens, draw_regime()); }
Instance draw_instance(const BlockSpec& spec) { return draw_instance(spec, draw_number_from(3, 5)); }
Instance draw_quiet(const BlockSpec& spec, int tokens) { return instance(spec, tokens, Regime::plain); }

Matrix<I> draw_matrix(Eigen::Index rows, Eigen::Index cols) {
  std::mt19937_64 bits = draw_bits();
  return cast<I>(uniform_matrix(bits, static_cast<int>(rows), static_cast<int>(cols)));
}
Matrix<I> draw_like(const Matrix<I>& x) { return draw_matrix(x.rows(), x.cols()); }

void silence(Instance& at, const std::string& projection) {
  for (const char* leaf : {".weight", ".bias"})
    if (const auto it = at.parameters.find(projection + leaf); it != at.parameters.end())
      it->second.setConstant(I(0));
}

}  // namespace plumbline::properties
