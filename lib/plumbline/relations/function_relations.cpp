// What the function is like: where norms and residuals stand, what a norm forgets, what attention shares.
//
// A premise names what a block may have and refuses everything else: what a new feature changes, nobody has
// thought of here.
#include <nlohmann/json.hpp>
#include <optional>

#include "plumbline/cases/nothing_to_judge.hpp"
#include "plumbline/cases/related.hpp"
#include "plumbline/relations/relation.hpp"

namespace plumbline {
namespace {

using M = Matrix<double>;

bool is_layer_norm(const NormSlot& n) { return n && n->kind == NormKind::layer_norm; }

bool divides_by_a_size(const NormSpec& n) {
  return n.kind == NormKind::layer_norm || n.kind == NormKind::rms_norm;
}

// Without a shift a row of zeros stays one.
bool keeps_0(const NormSlot& n) {
  return !n || n->kind == NormKind::dyt || (divides_by_a_size(*n) && n->eps != 0);
}

// Whether of all that can be there nothing is but these: a member that is new is none of them.
template <class S, class... T>
bool has_only(S s, std::optional<T> S::*... these) {
  ((s.*these).reset(), ...);
  return s == S{};
}

using Attn = AttentionNorms;
using Ffn = FeedForwardNorms;

bool has_norms_on_branches_alone(const NormSlots& n) {
  return has_only(n.attn, &Attn::in, &Attn::q, &Attn::k, &Attn::v, &Attn::mid, &Attn::out) &&
         has_only(n.ffn, &Ffn::in, &Ffn::mid, &Ffn::out);
}

// The stream carries x itself to the end: y = x + (something that reads norms of the stream).
bool carries_x(const BlockSpec& s) {
  return is_block(s) && !s.streams && has_norms_on_branches_alone(s.norm_slots) &&
         s.residual_source == ResidualSource::stream && s.residual_scale == 1 && s.residual == ResidualSpec{};
}

bool keys_are_made_head_by_head(const AttentionNorms& n) {
  const auto by_head = [](const NormSlot& slot) { return !slot || slot->width == NormWidth::head_dim; };
  return has_only(n, &Attn::in, &Attn::q, &Attn::k, &Attn::v, &Attn::mid, &Attn::out, &Attn::post) &&
         by_head(n.k) && by_head(n.v);
}

// Scores read queries and keys by their products alone; positions turn these, or add something to them.
bool reads_products_alone(const BlockSpec& s) {
  return has_only(s.norm_slots.attn, &Attn::in, &Attn::v, &Attn::mid, &Attn::out, &Attn::post) &&
         has_only(s.position, &PositionSpec::rope, &PositionSpec::bias, &PositionSpec::buckets) &&
         !s.attention.latent && !(s.attention.given && s.attention.given->past > 0);
}

// The branches read the stream through layer norms, which do not see a shift.
bool reads_layer_norms(const BlockSpec& s) {
  return carries_x(s) && is_layer_norm(s.norm_slots.attn.in) &&
         (s.parallel_shared_norm || is_layer_norm(s.norm_slots.ffn.in));
}

bool shifts_predictably(const QuestionSettings& q) {
  const BlockSpec& s = q.spec;
  if (s.part == Part::norm) return is_layer_norm(s.norm_slots.attn.in);
  return reads_layer_norms(s) && (!s.final_norm || is_layer_norm(s.final_norm));
}

// The last operation is a layer norm; it, and what its parameters are called.
struct LastNorm {
  NormSpec norm;
  std::string name;
};
std::optional<LastNorm> last_layer_norm(const BlockSpec& s) {
  const auto if_layer_norm = [](const NormSlot& n, std::string name) -> std::optional<LastNorm> {
    if (!is_layer_norm(n)) return std::nullopt;
    return LastNorm{*n, std::move(name)};
  };
  if (s.part == Part::norm) return if_layer_norm(s.norm_slots.attn.in, "norm");
  const bool adds_behind_it = s.streams && s.streams->rule == StreamRule::resi_dual;
  if (!is_block(s) || adds_behind_it) return std::nullopt;
  if (s.final_norm) return if_layer_norm(s.final_norm, "final_norm");
  if (s.topology != Topology::sequential || s.streams || !(s.residual == ResidualSpec{})) return std::nullopt;
  return if_layer_norm(s.norm_slots.ffn.post, "layers." + std::to_string(s.n_layers - 1) + ".ffn.norm_post");
}

bool is_last_of_branch(const ParameterShape& p) {
  return p.module == Module::o_proj || p.module == Module::down_proj;
}

Held zero_branches_leave_x(RelationRunner& run, const Question& drawn) {
  Question q = drawn;
  scale_parameters(
      q, [](const ParameterShape& p) { return is_last_of_branch(p) || p.role == Role::shift; }, 0);
  return run.is_input(q);
}

Held constant_branches(RelationRunner& run, const Question& drawn) {
  Question q = drawn;
  scale_parameters(
      q, [](const ParameterShape& p) { return is_last_of_branch(p) && p.role == Role::weight; }, 0);
  return run.is_right(q);
}

Held shift(RelationRunner& run, const Question& drawn) {
  const Question q = on_a_coarse_grid(drawn);
  if (has_constant_row(q)) throw NothingToJudge("a row is constant");
  Question other = q;
  const M c = shifts(q);
  other.inputs.x += c;
  const bool invariant = !is_block(q.spec) || q.spec.final_norm;
  return run.same_answer(q, other, {.minus = invariant ? M() : c});
}

Held doubling(RelationRunner& run, const Question& q) {
  Question other = q;
  other.inputs.x *= 2;
  other.spec.norm_slots.attn.in->eps *= 4;
  run.require_open("eps", q.spec.norm_slots.attn.in->eps, other.spec.norm_slots.attn.in->eps);
  run.require_representable(other);
  return run.same_answer(q, other, {});
}

Held plane(RelationRunner& run, const Question& q) {
  const auto [n, name] = *last_layer_norm(q.spec);
  M gain = M::Ones(1, q.inputs.x.cols()), bias = M::Zero(1, q.inputs.x.cols());
  if (n.gain) gain = q.inputs.parameters.at(name + ".weight").array() + n.gain_offset;
  if (n.bias) bias = q.inputs.parameters.at(name + ".bias");
  if ((gain.array() == 0).any()) throw NothingToJudge("a gain is 0");
  const AffineMap sum_over_gains{
      .minus = bias.replicate(q.inputs.x.rows(), 1), .over = gain, .times = M::Ones(q.inputs.x.cols(), 1)};
  return run.image_is(q, "y", sum_over_gains, M::Zero(q.inputs.x.rows(), q.inputs.x.cols()));
}

Held order(RelationRunner& run, const Question& q) {
  const std::vector<Eigen::Index> reversed = reversed_tokens(q);
  Question other = q;
  other.inputs.x = AffineMap{reversed}(q.inputs.x);
  return run.same_answer(q, other, {reversed});
}

Held grouped_heads(RelationRunner& run, const Question& q) {
  run.require_open("n_kv_heads", q.spec.attention.n_kv_heads, q.spec.attention.n_heads);
  return run.same_answer(q, without_grouped_heads(q), {});
}

Held gauge(RelationRunner& run, const Question& q) {
  Question other = q;
  scale_parameters(
      other, [](const ParameterShape& p) { return p.module == Module::q_proj; }, 2);
  scale_parameters(
      other, [](const ParameterShape& p) { return p.module == Module::k_proj; }, 0.5);
  run.require_representable(other);
  return run.same_answer(q, other, {});
}

Held gradient_sums(RelationRunner& run, const Question& q) {
  const bool carried = is_block(q.spec) && !q.spec.final_norm;
  const M& cotangent = q.inputs.cotangent;
  const M expected = carried ? cotangent : M::Zero(cotangent.rows(), cotangent.cols());
  return run.image_is(q, "grad.x", {.times = M::Ones(cotangent.cols(), 1)}, expected);
}

const std::vector<Relation> all_function_relations{
    {"silent",
     "branches that are 0 leave x as it is",
     "blocks whose stream carries x to the end",
     false,
     [](const QuestionSettings& q) {
       const auto& [attn, ffn] = q.spec.norm_slots;
       return carries_x(q.spec) && !q.spec.final_norm && keeps_0(attn.out) && keeps_0(ffn.out);
     },
     zero_branches_leave_x,
     {"residual/normed"}},
    {"wiring",
     "branches that are constant show where norms and residuals stand",
     "blocks",
     false,
     [](const QuestionSettings& q) { return is_block(q.spec) && !is_lerp(q.spec.residual); },
     constant_branches,
     {"layout/post-as-pre", "norm/eps-outside-sqrt", "norm/gain-before", "norm/not-centred",
      "norm/over-tokens", "residual/normed"}},
    {"shift",
     "layer norms do not see a constant added to a token",
     "layer norms, and blocks whose stream carries x to the end or to one",
     false,
     shifts_predictably,
     shift,
     {"norm/gain-before", "norm/not-centred", "norm/over-tokens", "residual/normed"}},
    {"doubling",
     "N(2 x) with 4 eps is N(x)",
     "norms that divide by a size",
     false,
     [](const QuestionSettings& q) {
       return q.spec.part == Part::norm && divides_by_a_size(*q.spec.norm_slots.attn.in);
     },
     doubling,
     {"norm/eps-outside-sqrt"}},
    {"plane",
     "what a layer norm puts out lies in a plane",
     "what ends in a layer norm",
     false,
     [](const QuestionSettings& q) { return last_layer_norm(q.spec).has_value(); },
     plane,
     {"layout/post-as-pre", "norm/gain-before", "norm/not-centred", "norm/over-tokens"}},
    {"order",
     "tokens in another order give the same rows in that order",
     "attention without any mask and without positions",
     false,
     [](const QuestionSettings& q) {
       return projects(q.spec) && q.spec.attention.mask.kind == MaskKind::bidirectional &&
              q.spec.position == PositionSpec{} && !q.spec.attention.given && q.tokens > 1;
     },
     order,
     {"misread/past-alone"}},
    {"grouped-heads",
     "grouped heads are repeated heads",
     "attention with fewer heads of keys than of queries",
     false,
     [](const QuestionSettings& q) {
       const AttentionSpec& a = q.spec.attention;
       return attends(q.spec) && a.n_kv_heads < a.n_heads &&
              keys_are_made_head_by_head(q.spec.norm_slots.attn);
     },
     grouped_heads,
     {"heads/tiled"}},
    {"gauge",
     "2 W_Q and W_K / 2 give the same scores",
     "attention without norms on queries and keys",
     false,
     [](const QuestionSettings& q) { return projects(q.spec) && reads_products_alone(q.spec); },
     gauge,
     {"misread/weights-on-a-grid"}},
    {"gradient-sums",
     "gradients keep the sum over channels, or lose it in a norm",
     "layer norms, and blocks whose stream carries x to the end or to one",
     true,
     shifts_predictably,
     gradient_sums,
     {"norm/gain-before", "norm/mean-detached", "norm/not-centred", "norm/over-tokens", "residual/normed"}},
};

}  // namespace

std::span<const Relation> function_relations() { return all_function_relations; }

}  // namespace plumbline
