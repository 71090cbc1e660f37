// Linear attention is its definition, entry by entry, and where its rules meet one another and attention.
#include "plumbline/block/parameter_shapes.hpp"
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Scope states_alone = attention_alone("speaks of linear attention alone, whatever block it stands in");

constexpr int state_sequences = 2, state_tokens = 3, state_channels = 3;

Instance draw_linear(const Subject& f, const LinearAttentionSpec& linear, int value_channels) {
  Instance at;
  at.batch = state_sequences;
  BlockSpec& s = at.spec = draw_spec(f.cell());
  s.part = Part::linear_attention;
  s.attention.n_heads = 4, s.attention.n_kv_heads = 2, s.attention.head_dim = state_channels;
  if (value_channels != state_channels) s.attention.v_head_dim = value_channels;
  s.d = 4 * state_channels;
  s.attention.linear = linear;
  const int rows = state_sequences * state_tokens;
  at.x = draw_matrix(rows, s.d);
  for (const ParameterShape& p : other_inputs(s, rows, rows, state_sequences))
    at.parameters[p.name] = draw_matrix(p.rows, p.cols);
  return at;
}

// The state of one head of keys in one sequence, as a table of numbers.
Matrix<I> first_state_of(const Instance& at, int b, int g) {
  const AttentionSpec& a = at.spec.attention;
  if (!a.linear->state) return filled(a.head_dim, value_dim(a), 0);
  return at.parameters.at("state").middleRows((b * a.n_kv_heads + g) * a.head_dim, a.head_dim);
}

// One token, entry by entry: S_ij becomes e_i S_ij + k_i u_j, u_j = v_j, or beta (v_j - sum_i k_i e_i S_ij).
void write_token(const Instance& at, int row, int g, Matrix<I>& state) {
  const AttentionSpec& a = at.spec.attention;
  const LinearAttentionSpec& l = *a.linear;
  const Matrix<I> k = at.parameters.at("k").row(row).middleCols(g * a.head_dim, a.head_dim);
  const int width = value_dim(a);
  for (int i = 0; i < a.head_dim && decays(l); ++i) {
    const int column = l.decay_over == DecayOver::heads ? g : g * a.head_dim + i;
    state.row(i) *= exp(at.parameters.at("decay")(row, column));
  }
  for (int j = 0; j < width; ++j) {
    I u = at.parameters.at("v")(row, g * width + j);
    if (corrects(l)) {
      for (int i = 0; i < a.head_dim; ++i) u -= k(0, i) * state(i, j);
      u *= at.parameters.at("beta")(row, g);
    }
    for (int i = 0; i < a.head_dim; ++i) state(i, j) += k(0, i) * u;
  }
}

// scale q S of one query head.
void read_state(const Instance& at, int row, int head, const Matrix<I>& state, Matrix<I>& y) {
  const AttentionSpec& a = at.spec.attention;
  const int width = value_dim(a);
  for (int j = 0; j < width; ++j) {
    I sum(0);
    for (int i = 0; i < a.head_dim; ++i) sum += at.x(row, head * a.head_dim + i) * state(i, j);
    y(row, head * width + j) = sum / sqrt(I(a.head_dim));
  }
}

Matrix<I> linear_by_definition(const Instance& at) {
  const AttentionSpec& a = at.spec.attention;
  Matrix<I> y(at.x.rows(), a.n_heads * value_dim(a));
  const int shared = a.n_heads / a.n_kv_heads;
  for (int b = 0; b < state_sequences; ++b)
    for (int g = 0; g < a.n_kv_heads; ++g) {
      Matrix<I> state = first_state_of(at, b, g);
      for (int row = b * state_tokens; row < (b + 1) * state_tokens; ++row) {
        write_token(at, row, g, state);
        for (int head = g * shared; head < (g + 1) * shared; ++head) read_state(at, row, head, state, y);
      }
    }
  return y;
}

void gated_delta_is_its_definition(const Subject& f) {
  const Instance at =
      draw_linear(f, {.decay_over = *rc::gen::element(DecayOver::heads, DecayOver::channels), .state = true},
                  state_channels);
  RC_ASSERT(equal(f.value(at), linear_by_definition(at)));
}

void gated_is_its_definition(const Subject& f) {
  const LinearAttentionSpec gated{.rule = UpdateRule::gated,
                                  .decay_over = *rc::gen::element(DecayOver::heads, DecayOver::channels),
                                  .state = *rc::gen::arbitrary<bool>()};
  const Instance at = draw_linear(f, gated, 2);
  RC_ASSERT(equal(f.value(at), linear_by_definition(at)));
}

// The sum over keys of the past, without a softmax.
void linear_is_a_sum_over_keys(const Subject& f) {
  const Instance at = draw_linear(f, {.rule = UpdateRule::linear}, 2);
  const AttentionSpec& a = at.spec.attention;
  const Matrix<I>&k = at.parameters.at("k"), &v = at.parameters.at("v");
  Matrix<I> y = filled(at.x.rows(), a.n_heads * 2, 0);
  for (int row = 0; row < y.rows(); ++row)
    for (int head = 0; head < a.n_heads; ++head)
      for (int key = row - row % state_tokens; key <= row; ++key) {
        const int g = head / 2;
        const I score = dot(at.x.row(row).middleCols(head * state_channels, state_channels),
                            k.row(key).middleCols(g * state_channels, state_channels)) /
                        sqrt(I(state_channels));
        y.row(row).middleCols(head * 2, 2) += score * v.row(key).middleCols(g * 2, 2);
      }
  RC_ASSERT(equal(f.value(at), y));
}

void without_decay_gated_is_linear(const Subject& f) {
  Instance at = draw_linear(f, {.rule = UpdateRule::gated, .state = true}, 2);
  at.parameters.at("decay").setConstant(I(0));
  Instance linear = at;
  linear.spec.attention.linear->rule = UpdateRule::linear;
  linear.parameters.erase("decay");
  RC_ASSERT(equal(f.value(at), reference.value(linear)));
}

void without_beta_delta_keeps_the_state(const Subject& f) {
  Instance at = draw_linear(f, {.rule = UpdateRule::delta, .state = true}, state_channels);
  at.parameters.at("beta").setConstant(I(0));
  const AttentionSpec& a = at.spec.attention;
  Matrix<I> y(at.x.rows(), at.x.cols());
  for (int row = 0; row < y.rows(); ++row)
    for (int head = 0; head < a.n_heads; ++head)
      read_state(at, row, head, first_state_of(at, row / state_tokens, head / 2), y);
  RC_ASSERT(equal(f.value(at), y));
}

// Every key of every token is a unit vector, and so are the queries.
void delta_holds_the_last_value(const Subject& f) {
  Instance at = draw_linear(f, {.rule = UpdateRule::delta, .state = true}, 2);
  at.parameters.at("beta").setConstant(I(1));
  Matrix<I>& k = at.parameters.at("k");
  k.setConstant(I(0)), at.x.setConstant(I(0));
  for (int row = 0; row < k.rows(); ++row)
    for (int g = 0; g < 2; ++g) {
      const int at_channel = draw_number_from(0, state_channels - 1);
      k(row, g * state_channels + at_channel) = I(1);
      for (int head = 2 * g; head < 2 * g + 2; ++head) at.x(row, head * state_channels + at_channel) = I(1);
    }
  Matrix<I> y(at.x.rows(), 8);
  for (int head = 0; head < 4; ++head)
    y.middleCols(head * 2, 2) = at.parameters.at("v").middleCols(head / 2 * 2, 2) / sqrt(I(state_channels));
  RC_ASSERT(equal(f.value(at), y));
}

void lengths_are_taken_out(const Subject& f) {
  Instance at = draw_linear(f, {.qk_l2_eps = *rc::gen::element(1e-6, 0.5)}, 2);
  Instance divided = at;
  divided.spec.attention.linear->qk_l2_eps.reset();
  for (Matrix<I>* x : {&divided.x, &divided.parameters.at("k")})
    for (int row = 0; row < x->rows(); ++row)
      for (int first = 0; first < x->cols(); first += state_channels) {
        const Matrix<I> head = x->row(row).middleCols(first, state_channels);
        x->row(row).middleCols(first, state_channels) =
            head / sqrt(I(dot(head, head) + I(*at.spec.attention.linear->qk_l2_eps)));
      }
  RC_ASSERT(equal(f.value(at), linear_by_definition(divided)));
}

}  // namespace

const std::vector<Law>& linear_attention_laws() {
  static const std::vector<Law> laws{
      {"LIN-DELTA-DEF",
       "linear attention by the rule gated_delta is its definition, from a state that is given",
       states_alone,
       gated_delta_is_its_definition,
       {"heads/tiled", "linear-attention/beta-missing", "linear-attention/beta-on-values-alone",
        "linear-attention/decay-after-update", "linear-attention/decay-as-given",
        "linear-attention/decay-missing", "linear-attention/delta-before-decay",
        "linear-attention/delta-missing", "linear-attention/read-before-update",
        "linear-attention/state-missing", "linear-attention/state-transposed", "scale/missing"}},
      {"LIN-GATED-DEF",
       "linear attention by the rule gated is its definition, with a state or without",
       states_alone,
       gated_is_its_definition,
       {"linear-attention/decay-after-update", "linear-attention/decay-as-given",
        "linear-attention/decay-missing", "linear-attention/read-before-update"}},
      {"LIN-SUM",
       "linear attention by the rule linear is a sum over keys of the past, without a softmax",
       states_alone,
       linear_is_a_sum_over_keys,
       {"heads/tiled", "linear-attention/read-before-update", "scale/missing"}},
      {"LIN-GATED-0",
       "linear attention by the rule gated, with no decay anywhere, is that by the rule linear",
       states_alone,
       without_decay_gated_is_linear,
       {"linear-attention/decay-as-given", "linear-attention/state-missing"}},
      {"LIN-DELTA-0",
       "linear attention by the rule delta, with beta = 0, reads the state that is given",
       states_alone,
       without_beta_delta_keeps_the_state,
       {"linear-attention/beta-missing", "linear-attention/beta-on-values-alone",
        "linear-attention/state-missing", "linear-attention/state-transposed"}},
      {"LIN-DELTA-1",
       "linear attention by the rule delta, with beta = 1 and keys of length 1, holds the value of the last",
       states_alone,
       delta_holds_the_last_value,
       {"linear-attention/delta-missing", "linear-attention/read-before-update"}},
      {"LIN-L2",
       "linear attention with qk_l2_eps is that of q and k over their lengths",
       states_alone,
       lengths_are_taken_out,
       {"linear-attention/l2-missing"}},
  };
  return laws;
}

}  // namespace plumbline::properties
