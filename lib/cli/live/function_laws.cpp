// What the function is like: where norms and residuals stand, what a norm forgets, what attention shares.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/live/comparing.hpp"
#include "cli/live/related.hpp"
#include "plumbline/oracle/verdict.hpp"

namespace plumbline::cli {
namespace {

using M = Matrix<double>;

bool is_layer_norm(const NormSlot& n) { return n && n->kind == NormKind::layer_norm; }

bool has_norm_after(const BlockSpec& s) { return s.attn_norms.post || s.ffn_norms.post; }

// The stream carries x itself to the end: y = x + (something that reads norms of the stream).
bool carries_x(const BlockSpec& s) {
  return is_block(s) && !has_norm_after(s) && s.residual_source == ResidualSource::stream &&
         s.residual_scale == 1;
}

// The branches read the stream through layer norms, which do not see a shift.
bool reads_layer_norms(const BlockSpec& s) {
  return carries_x(s) && is_layer_norm(s.attn_norms.in) &&
         (s.parallel_shared_norm || is_layer_norm(s.ffn_norms.in));
}

bool shifts_predictably(const QuestionSettings& q) {
  const BlockSpec& s = q.spec;
  if (s.part == Part::norm) return is_layer_norm(s.attn_norms.in);
  return reads_layer_norms(s) && (!s.final_norm || is_layer_norm(s.final_norm));
}

// The last operation is a layer norm; what its parameters are called.
std::optional<std::string> last_layer_norm(const BlockSpec& s) {
  if (s.part == Part::norm && is_layer_norm(s.attn_norms.in)) return "norm";
  if (!is_block(s)) return std::nullopt;
  if (s.final_norm)
    return is_layer_norm(s.final_norm) ? std::optional<std::string>("final_norm") : std::nullopt;
  if (s.topology == Topology::sequential && is_layer_norm(s.ffn_norms.post))
    return "layers." + std::to_string(s.n_layers - 1) + ".ffn.norm_post";
  return std::nullopt;
}

void require_representable(const Question& q, const Profile& profile) {
  if (!is_representable(q, profile)) throw NothingToJudge("the scaled numbers are not of the storage type");
}

Law::Finding zero_branches_leave_x(Asking& ask, const Question& drawn) {
  Question q = drawn;
  for (const char* place : {"o_proj", "down_proj", "norm_out.bias"}) scale_parameters(q, place, 0);
  const M y = ask(q).at("y");
  if (y == q.inputs.x) return {};
  Eigen::Index i, j;
  (y - q.inputs.x).cwiseAbs().maxCoeff(&i, &j);
  return {false,
          fmt::format("y[{}, {}]: expected x = {:.9g}, found {:.9g}", i, j, q.inputs.x(i, j), y(i, j))};
}

Law::Finding constant_branches(Asking& ask, const Question& drawn) {
  Question q = drawn;
  scale_parameters(q, "o_proj.weight", 0);
  scale_parameters(q, "down_proj.weight", 0);
  const Judge judge(q, ask.profile());
  const Verdict v = judge(ask(q));
  if (v.finding == Finding::inconclusive) throw NothingToJudge(v.reason);
  if (v.finding == Finding::agrees) return {};
  return {false, describe(v)};
}

Law::Finding shift(Asking& ask, const Question& drawn) {
  const Question q = on_a_coarse_grid(drawn);
  if (has_constant_row(q)) throw NothingToJudge("a row is constant");
  Question other = q;
  const M c = shifts(q);
  other.inputs.x += c;
  const bool invariant = !is_block(q.spec) || q.spec.final_norm;
  return same_answer(ask, q, other, [&](const M& y) -> M { return invariant ? y : M(y - c); });
}

Law::Finding doubling(Asking& ask, const Question& q) {
  Question other = q;
  other.inputs.x *= 2;
  other.spec.attn_norms.in->eps *= 4;
  ask.require_open("eps", q.spec.attn_norms.in->eps, other.spec.attn_norms.in->eps);
  require_representable(other, ask.profile());
  return same_answer(ask, q, other, as_it_is);
}

Law::Finding hyperplane(Asking& ask, const Question& q) {
  const std::string name = *last_layer_norm(q.spec);
  const NormSpec& n = q.spec.part == Part::norm ? *q.spec.attn_norms.in
                      : q.spec.final_norm       ? *q.spec.final_norm
                                                : *q.spec.ffn_norms.post;
  M gain = M::Ones(1, q.inputs.x.cols()), bias = M::Zero(1, q.inputs.x.cols());
  if (n.gain) gain = q.inputs.parameters.at(name + ".weight").array() + n.gain_offset;
  if (n.bias) bias = q.inputs.parameters.at(name + ".bias");
  if ((gain.array() == 0).any()) throw NothingToJudge("a gain is 0");
  const M weights = gain.cwiseInverse().transpose();
  const M value = M::Constant(q.inputs.x.rows(), 1, (bias * weights)(0, 0));
  return functional_is(
      ask, q, "y", [&](const M& y) -> M { return y * weights; }, value);
}

Law::Finding permutation(Asking& ask, const Question& q) {
  Question other = q;
  other.inputs.x = reversed_tokens(q.inputs.x, q.batch);
  return same_answer(ask, q, other, [&](const M& y) { return reversed_tokens(y, q.batch); });
}

Law::Finding grouped_heads(Asking& ask, const Question& q) {
  ask.require_open("n_kv_heads", q.spec.attention.n_kv_heads, q.spec.attention.n_heads);
  return same_answer(ask, q, without_grouped_heads(q), as_it_is);
}

Law::Finding gauge(Asking& ask, const Question& q) {
  Question other = q;
  scale_parameters(other, "q_proj", 2);
  scale_parameters(other, "k_proj", 0.5);
  require_representable(other, ask.profile());
  return same_answer(ask, q, other, as_it_is);
}

Law::Finding gradient_sums(Asking& ask, const Question& q) {
  const bool carried = is_block(q.spec) && !q.spec.final_norm;
  const M value = carried ? M(q.inputs.cotangent.rowwise().sum()) : M::Zero(q.inputs.x.rows(), 1);
  return functional_is(
      ask, q, "grad.x", [](const M& g) -> M { return g.rowwise().sum(); }, value);
}

constexpr Law laws_of_the_function[] = {
    {"silent", "branches that are 0 leave x as it is", false,
     [](const QuestionSettings& q) {
       const AttentionNorms& a = q.spec.attn_norms;
       const FeedForwardNorms& f = q.spec.ffn_norms;
       return carries_x(q.spec) && !q.spec.final_norm && !(a.out && a.out->eps == 0) &&
              !(f.out && f.out->eps == 0);
     },
     zero_branches_leave_x},
    {"wiring", "branches that are constant show where norms and residuals stand", false,
     [](const QuestionSettings& q) { return is_block(q.spec); }, constant_branches},
    {"shift", "layer norms do not see a constant added to a token", false, shifts_predictably, shift},
    {"doubling", "N(2 x) with 4 eps is N(x)", false,
     [](const QuestionSettings& q) { return q.spec.part == Part::norm; }, doubling},
    {"plane", "what a layer norm puts out lies in a plane", false,
     [](const QuestionSettings& q) { return last_layer_norm(q.spec).has_value(); }, hyperplane},
    {"order", "tokens in another order give the same rows in that order", false,
     [](const QuestionSettings& q) {
       return attends(q.spec) && q.spec.part != Part::sdpa && !is_causal(q.spec) && !q.spec.rope &&
              q.tokens > 1;
     },
     permutation},
    {"grouped-heads", "grouped heads are repeated heads", false,
     [](const QuestionSettings& q) {
       const AttentionSpec& a = q.spec.attention;
       const NormSlot& k = q.spec.attn_norms.k;
       return attends(q.spec) && a.n_kv_heads < a.n_heads && !(k && k->width == NormWidth::full_heads);
     },
     grouped_heads},
    {"gauge", "2 W_Q and W_K / 2 give the same scores", false,
     [](const QuestionSettings& q) {
       return attends(q.spec) && q.spec.part != Part::sdpa && !q.spec.attn_norms.q && !q.spec.attn_norms.k;
     },
     gauge},
    {"gradient-sums", "gradients keep the sum over channels, or lose it in a norm", true, shifts_predictably,
     gradient_sums},
};

}  // namespace

std::span<const Law> function_laws() { return laws_of_the_function; }

}  // namespace plumbline::cli
