#include "plumbline/cases/recipes.hpp"

#include "plumbline/block/evaluate.hpp"
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/block/run.hpp"
#include "plumbline/cases/edges.hpp"
#include "plumbline/cases/given.hpp"
#include "plumbline/cases/recurrence.hpp"
#include "plumbline/cases/watched.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

Dimensions ordinary_dimensions(int width) { return {.d = width, .n_heads = 4, .d_ff = 2 * width}; }

Dimensions rich_dimensions(Draw& draw, int width) {
  const int n_kv_heads = draw.whole(1, 2), n_heads = n_kv_heads * draw.whole(2, 3);
  const int head_dim = 2 * draw.whole(2, 5);
  return {.d = width - 1 - 2 * draw.whole(0, 4),
          .n_layers = 1,
          .n_heads = n_heads,
          .n_kv_heads = n_kv_heads,
          .head_dim = head_dim,
          .d_ff = 2 * width - 1 - 2 * draw.whole(0, 6)};
}

// Some rows far from 0, some with almost no variance, as hidden states have them.
Matrix<double> rich_rows(Draw& draw, int rows, int cols, const Profile& profile) {
  Matrix<double> x = draw.matrix(rows, cols);
  for (int t = 0; t < rows; ++t) switch (t % 4) {
      case 1: x.row(t).array() += 4; break;
      case 2: x.row(t) *= std::ldexp(1.0, std::max(-draw.whole(5, 9), least_root(profile))); break;
      case 3: x.row(t) = (x.row(t).array() * 0.25 - 2).matrix(); break;
      default: break;
    }
  return x;
}

CaseInputs drawn(Draw& draw, const QuestionSettings& s, const Profile& profile) {
  const bool rich = s.recipe != Recipe::ordinary;
  const int rows = s.batch * s.tokens;
  const auto input = [&](int n, int cols) {
    if (s.recipe == Recipe::edges) return edge_rows(draw, n, cols, s.spec, profile);
    return rich ? rich_rows(draw, n, cols, profile) : draw.matrix(n, cols);
  };
  CaseInputs in;
  in.x = input(rows, input_width(s.spec));
  const int keys = s.key_tokens.value_or(s.tokens);
  for (const ParameterShape& p : other_inputs(s.spec, rows, s.batch * keys, s.batch)) {
    if (chooses_keys(s.spec, p.name)) continue;
    in.parameters[p.name] = is_given_mask(p.name) ? draw.matrix(p.rows, p.cols) : input(p.rows, p.cols);
  }
  keep_states_small(in.parameters, s.spec);
  draw_given(in.parameters, s.spec, {s.batch, s.tokens, keys},
             [&](int least, int most) { return draw.whole(least, most); });
  for (const ParameterShape& p : parameter_shapes(s.spec)) {
    const double spread = p.role == Role::weight                         ? 1 / std::sqrt(p.cols)
                          : p.role == Role::sink || p.role == Role::rate ? 1
                          : rich                                         ? 0.3
                                                                         : 0;
    in.parameters[p.name] = draw.matrix(p.rows, p.cols, spread, p.role == Role::gain ? 1 - p.gain_offset : 0);
  }
  in.cotangent = draw.matrix(rows, output_width(s.spec));
  return in;
}

void scale(const BlockSpec& s, CaseInputs& in, Module module, double factor) {
  for (const ParameterShape& p : parameter_shapes(s))
    if (p.module == module) in.parameters.at(p.name) *= factor;
}

// Row t of x has about the variance eps times 2^(-4 ... 8), and no branch adds more than that.
void bring_near_eps(Draw& draw, const BlockSpec& s, const Profile& profile, CaseInputs& in) {
  double size = 0;  // at the largest eps of a norm on the stream
  for_each_norm_slot(s, [&](const std::string&, const NormSlot& slot) {
    const auto& [attn, ffn] = s.norm_slots;
    const bool is_within =
        &slot == &attn.q || &slot == &attn.k || &slot == &attn.v || &slot == &attn.mid || &slot == &ffn.mid;
    if (!is_within && slot && has_statistics(*slot)) size = std::max(size, size_of_eps(*slot));
  });
  const double least = std::ldexp(1.0, 6 - info(profile.storage).max_exponent);
  if (!(size > least)) return;  // nothing but subnormal numbers would be left
  if (size < std::ldexp(1.0, least_root(profile))) return;
  const auto shrink = [&](Matrix<double>& x) {
    for (int t = 0; t < x.rows(); ++t) {
      const int power = draw.whole(-2, 3);  // two draws in one expression come in any order
      x.row(t) = draw.matrix(1, int(x.cols()), std::ldexp(size * (1 + draw.uniform()), power));
    }
  };
  shrink(in.x);
  for (const TokenTensor& t : inputs_beside_x(s)) shrink(in.parameters.at(std::string(t.name)));
  scale(s, in, Module::o_proj, size);
  scale(s, in, Module::down_proj, size);
  const auto shrink_before = [&](const NormSlot& norm, Module projection) {
    if (norm && size_of_eps(*norm) > 0) scale(s, in, projection, 3 * size_of_eps(*norm));
  };
  shrink_before(s.norm_slots.attn.q, Module::q_proj);
  shrink_before(s.norm_slots.attn.k, Module::k_proj);
  shrink_before(s.norm_slots.attn.v, Module::v_proj);
}

// Scores spread over `caps` times the softcap, or, without one, over `otherwise`.
void spread_scores(const BlockSpec& s, CaseInputs& in, double caps, double otherwise) {
  const auto& cap = s.attention.softcap.cap;
  const double factor = std::sqrt(cap ? caps * *cap : otherwise);
  scale(s, in, s.norm_slots.attn.q ? Module::norm_q : Module::q_proj, factor);
  scale(s, in, s.norm_slots.attn.k ? Module::norm_k : Module::k_proj, factor);
  if (weighs(s)) in.x *= factor * factor;
  if (activates(s)) in.x *= std::max(4.0, 2 * s.ffn.limit.value_or(0));  // into both tails
  if (const TokenTensor* keys = part_of(s).keys())
    in.x *= factor, in.parameters.at(std::string(keys->name)) *= factor;
}

// Gains, biases and rows of projections that are 0, as where a unit is switched off, pruned, or not
// yet trained. Not of routers: of two experts with equal scores either may be chosen.
void set_to_zero(Draw& draw, const BlockSpec& s, const Profile& profile, CaseInputs& in) {
  const bool rows_too = takes_zeros(s, profile);
  for (const ParameterShape& p : parameter_shapes(s)) {
    Matrix<double>& value = in.parameters.at(p.name);
    for (int i = 0; p.is_vector() && i < p.cols; ++i)
      if (draw.one_in(8)) value(0, i) = draw.one_in(2) ? 0 : -p.gain_offset;  // the weight is 0, or the gain
    const bool chooses = p.module == Module::router;
    for (int i = 0; !p.is_vector() && !chooses && rows_too && i < p.rows; ++i)
      if (draw.one_in(8)) value.row(i).setZero();
  }
}

// One key takes almost all of a softmax, and activations are 0 or x, almost: tanh 4 is 0.9993, exp(-sqrt 32)
// 0.003. Factors here and below are chosen.
void saturate(const BlockSpec& s, CaseInputs& in) {
  spread_scores(s, in, 4, 32);
  scale(s, in, s.ffn.kind == FeedForwardKind::glu ? Module::gate_proj : Module::up_proj, 8);
}

// What was stored last at that place.
Matrix<double> stored_at(const std::string& place, const QuestionSettings& s, const CaseInputs& in) {
  Matrix<double> found;
  run_watched(s.spec, in.parameters, in.x, s.batch, [&](const Matrix<double>& x, const Place& at) {
    if (at.path == place) found = x;
  });
  return found;
}

// All tokens are near one vector of signs, so a feed-forward reads about the same row h for each; with the
// weights s_j h / |h|^2, unit j sees s_j, from -6 to 0.5, where the forms of GELU differ most. down_proj
// times 8 amplifies the activation's error in y. What tokens and units differ by, 0.15 and 0.05, is chosen.
void sweep_activation(Draw& draw, const QuestionSettings& s, CaseInputs& in) {
  if (activates(s.spec)) {
    in.x = (-2.75 + 3.25 * in.x.array()).matrix();
    return;
  }
  if (!feeds(s.spec) || s.spec.ffn.activation == Activation::relu) return;  // a kink is to be kept away from
  const int width = int(in.x.cols());
  Matrix<double> signs(1, width);
  for (int j = 0; j < width; ++j) signs(0, j) = draw.whole(0, 1) ? 1 : -1;
  for (int t = 0; t < in.x.rows(); ++t) in.x.row(t) = signs + draw.matrix(1, width, 0.15);
  scale(s.spec, in, Module::o_proj, 0.05);
  scale(s.spec, in, Module::down_proj, 8);
  const Module unit = s.spec.ffn.kind == FeedForwardKind::glu ? Module::gate_proj : Module::up_proj;
  for (const ParameterShape& p : parameter_shapes(s.spec)) {
    if (p.module != unit || p.role != Role::weight) continue;
    const std::string linear = p.name.substr(0, p.name.rfind('.'));
    const Matrix<double> h = stored_at(linear + ".input", s, in).colwise().mean();
    Matrix<double>& weight = in.parameters.at(p.name);
    const int units = int(weight.rows());
    for (int j = 0; j < units; ++j)
      weight.row(j) = (-6 + 6.5 * (j + 0.5) / units) / h.squaredNorm() * h + 0.05 * weight.row(j);
  }
}

// float16 overflows at 65,504, and gradients are as large as their cotangent makes them: it is scaled, by a
// power of two, so that they leave room for what is between them. (Training scales its loss likewise.)
void leave_room(const QuestionSettings& s, CaseInputs& in) {
  const auto g = gradients(s.spec, in.parameters, in.x, in.cotangent, s.batch);
  double largest = g.x.cwiseAbs().maxCoeff();
  for (const auto& [name, value] : g.parameters) largest = std::max(largest, value.cwiseAbs().maxCoeff());
  constexpr double room = 64, most = 65504 / room;
  if (largest > most && std::isfinite(largest))
    in.cotangent *= std::exp2(std::floor(std::log2(most / largest)));
}

Question question_from(Draw& draw, const QuestionSettings& s, const Profile& profile) {
  CaseInputs in = drawn(draw, s, profile);
  if (s.recipe == Recipe::near_eps) bring_near_eps(draw, s.spec, profile, in);
  if (s.recipe == Recipe::hot_scores) spread_scores(s.spec, in, 1.5, 4);
  if (s.recipe == Recipe::sweep) sweep_activation(draw, s, in);
  if (s.recipe == Recipe::edges) {
    set_to_zero(draw, s.spec, profile, in);
    if (draw.one_in(2)) saturate(s.spec, in);
  }
  if (s.gradients && profile.storage == Dtype::f16) leave_room(s, in);
  return {s.spec, rounded_to(in, profile.storage), s.batch, s.gradients};
}

}  // namespace

QuestionSettings settings_of(const Question& q) {
  QuestionSettings s{.spec = q.spec, .batch = q.batch, .gradients = q.gradients};
  s.tokens = int(q.inputs.x.rows()) / q.batch;
  s.key_tokens = key_tokens_of(q);
  return s;
}

Question question_from(const QuestionSettings& settings, const Profile& profile) {
  Draw draw(settings.seed);
  return question_from(draw, settings, profile);
}

Question question_from(std::string_view preset, Recipe recipe, const Profile& profile, bool gradients,
                       std::uint64_t seed, int width) {
  Draw draw(seed);
  const bool ordinary = recipe == Recipe::ordinary;
  QuestionSettings s{
      .spec = find_preset(preset).small(ordinary ? ordinary_dimensions(width) : rich_dimensions(draw, width)),
      .gradients = gradients,
      .recipe = recipe,
      .seed = seed};
  validate(s.spec);
  s.batch = ordinary ? 1 : 2;
  s.tokens = ordinary ? 8 : draw.whole(5, 7);
  return question_from(draw, s, profile);
}

}  // namespace plumbline
