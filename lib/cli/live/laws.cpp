#include "cli/live/laws.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/live/noise.hpp"
#include "cli/live/related.hpp"
#include "plumbline/algebra/grid.hpp"
#include "plumbline/oracle/members.hpp"
#include "plumbline/oracle/verdict.hpp"

namespace plumbline::cli {
namespace {

using M = Matrix<double>;
using Finding = Law::Finding;

// An answer that is none, or "unsupported": the law cannot be tried.
struct NotAnswered {
  Answer answer;
};

// An answer with an entry that is no number, to a question on which correct code does not overflow.
struct NotFinite {
  Answer answer;
  std::string what;
};

std::optional<std::string> not_finite(const Outputs& outputs) {
  for (const auto& [name, value] : outputs)
    for (Eigen::Index i = 0; i < value.size(); ++i)
      if (!std::isfinite(value.data()[i]))
        return fmt::format("{}[{}, {}]: expected a finite number, found {}", name, i / value.cols(),
                           i % value.cols(), value.data()[i]);
  return std::nullopt;
}

// ---- what the spec is like

bool is_block(const BlockSpec& s) { return s.part == Part::stack || s.part == Part::block; }
bool attends(const BlockSpec& s) { return is_block(s) || s.part == Part::attention || s.part == Part::sdpa; }
bool is_layer_norm(const NormSlot& n) { return n && n->kind == NormKind::layer_norm; }
bool is_causal(const BlockSpec& s) { return attends(s) && s.attention.mask != MaskKind::bidirectional; }

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

// ---- comparing answers

// Entries that must have equal bits: what the rounding of a right implementation cannot tell apart. Where the
// implementation does not even repeat itself, they may differ by what rounding does.
Finding equal_bits(Asking& ask, const Question& q, const M& a, const M& b, const std::vector<M>& noise,
                   const char* where) {
  if (a == b) return {};
  if (ask.repeats(q)) {
    Eigen::Index i, j;
    (a - b).cwiseAbs().maxCoeff(&i, &j);
    return {false, fmt::format("{}[{}, {}]: expected the same bits, found {:.9g} and {:.9g}", where, i, j,
                               a(i, j), b(i, j))};
  }
  const auto beyond = beyond_noise(a - b, noise, guard(ask.profile(), false));
  if (beyond) return {false, where + *beyond};
  return {true, "the implementation does not repeat itself bit for bit"};
}

// y of one question must be `pulled(y)` of another: to the bit, or as well as rounding allows.
template <class Pull>
Finding same_answer(Asking& ask, const Question& q, const Question& other, Pull pull,
                    const char* output = "y") {
  const M a = ask(q).at(output), b = ask(other).at(output);
  const M residual = pull(b) - a;
  if (residual.isZero(0)) return {};
  std::vector<M> noise = errors_of_members(q, ask.profile(), output, 1);
  const std::vector<M> others = errors_of_members(other, ask.profile(), output, 2);
  // the pull is affine; what it adds cancels in the difference of an answer and the zero answer
  const M zero = pull(M::Zero(b.rows(), b.cols()));
  for (std::size_t k = 0; k < noise.size(); ++k) noise[k] = pull(others[k]) - zero - noise[k];
  if (const auto beyond = beyond_noise(residual, noise, guard(ask.profile(), q.gradients)))
    return {false, output + *beyond};
  return {};
}

constexpr auto as_it_is = [](const M& y) -> M { return y; };

// A linear functional of an output must have that value.
template <class Functional>
Finding functional_is(Asking& ask, const Question& q, const char* output, Functional functional,
                      const M& value) {
  const M found = functional(ask(q).at(output)) - value;
  std::vector<M> noise = errors_of_members(q, ask.profile(), output, 1);
  for (M& e : noise) e = functional(e);
  if (const auto beyond = beyond_noise(found, noise, guard(ask.profile(), q.gradients)))
    return {false, fmt::format("over the channels of {}: {}", output, *beyond)};
  return {};
}

// ---- the laws

Finding repeats(Asking& ask, const Question& q) {
  const M a = ask(q).at("y"), b = ask(q).at("y");
  if (a == b) return {};
  const std::vector<M> one = errors_of_members(q, ask.profile(), "y", 1),
                       two = errors_of_members(q, ask.profile(), "y", 2);
  std::vector<M> noise;
  for (std::size_t k = 0; k < one.size(); ++k) noise.push_back(two[k] - one[k]);
  if (const auto beyond = beyond_noise(b - a, noise, guard(ask.profile(), false)))
    return {false, "y" + *beyond};
  return {true, fmt::format("not bit for bit: by up to {:.2g}", (b - a).cwiseAbs().maxCoeff())};
}

// All rows but the last of each sequence.
M without_last_rows(const M& y, int batch) {
  const Eigen::Index tokens = y.rows() / batch;
  M out(y.rows() - batch, y.cols());
  for (int b = 0; b < batch; ++b)
    out.middleRows(b * (tokens - 1), tokens - 1) = y.middleRows(b * tokens, tokens - 1);
  return out;
}

std::vector<M> differences(const Question& q, const Question& other, const Profile& profile) {
  std::vector<M> out = errors_of_members(other, profile, "y", 2);
  const std::vector<M> minus = errors_of_members(q, profile, "y", 1);
  for (std::size_t k = 0; k < out.size(); ++k) out[k] -= minus[k];
  return out;
}

// `keep`: the rows that must not change.
template <class Keep>
Finding unchanged(Asking& ask, const Question& q, const Question& other, Keep keep) {
  const M a = keep(ask(q).at("y")), b = keep(ask(other).at("y"));
  if (a == b) return {};
  std::vector<M> noise = differences(q, other, ask.profile());
  for (M& e : noise) e = keep(e);
  return equal_bits(ask, q, a, b, noise, "unaffected rows of y");
}

Finding last_token_is_not_seen(Asking& ask, const Question& q) {
  return unchanged(ask, q, with_other_last_token(q),
                   [&](const M& y) { return without_last_rows(y, q.batch); });
}

int reach(const BlockSpec& s) { return s.n_layers * (*s.attention.window - 1) + 1; }

Finding window_ends(Asking& ask, const Question& q) {
  const int tokens = tokens_of(q), far = tokens - reach(q.spec);
  return unchanged(ask, q, with_other_first_token(q), [=, batch = q.batch](const M& y) {
    M out(batch * far, y.cols());
    for (int b = 0; b < batch; ++b) out.middleRows(b * far, far) = y.middleRows((b + 1) * tokens - far, far);
    return out;
  });
}

Finding sequences_are_apart(Asking& ask, const Question& q) {
  return unchanged(ask, q, with_other_first_sequence(q),
                   [n = q.inputs.x.rows() - tokens_of(q)](const M& y) -> M { return y.bottomRows(n); });
}

Finding zero_branches_leave_x(Asking& ask, const Question& drawn) {
  Question q = drawn;
  for (const char* place : {"o_proj", "down_proj", "norm_out.bias"}) scale_parameters(q, place, 0);
  const M y = ask(q).at("y");
  if (y == q.inputs.x) return {};
  Eigen::Index i, j;
  (y - q.inputs.x).cwiseAbs().maxCoeff(&i, &j);
  return {false,
          fmt::format("y[{}, {}]: expected x = {:.9g}, found {:.9g}", i, j, q.inputs.x(i, j), y(i, j))};
}

Finding constant_branches(Asking& ask, const Question& drawn) {
  Question q = drawn;
  scale_parameters(q, "o_proj.weight", 0);
  scale_parameters(q, "down_proj.weight", 0);
  const Judge judge(q, ask.profile());
  const Verdict v = judge(ask(q));
  if (v.finding == plumbline::Finding::agrees || v.finding == plumbline::Finding::inconclusive) return {};
  return {false, describe(v)};
}

Finding shift(Asking& ask, const Question& drawn) {
  const Question q = on_a_coarse_grid(drawn);
  if (has_constant_row(q)) throw NothingToJudge("a row is constant");
  Question other = q;
  const M c = shifts(q);
  other.inputs.x += c;
  const bool invariant = !is_block(q.spec) || q.spec.final_norm;
  return same_answer(ask, q, other, [&](const M& y) -> M { return invariant ? y : M(y - c); });
}

Finding scaling(Asking& ask, const Question& q) {
  Question other = q;
  other.inputs.x *= 2;
  other.spec.attn_norms.in->eps *= 4;
  if (!is_representable(other, ask.profile()))
    throw NothingToJudge("the scaled numbers are not of the storage type");
  return same_answer(ask, q, other, as_it_is);
}

Finding hyperplane(Asking& ask, const Question& q) {
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

Finding permutation(Asking& ask, const Question& q) {
  Question other = q;
  other.inputs.x = reversed_tokens(q.inputs.x, q.batch);
  return same_answer(ask, q, other, [&](const M& y) { return reversed_tokens(y, q.batch); });
}

Finding grouped_heads(Asking& ask, const Question& q) {
  return same_answer(ask, q, without_grouped_heads(q), as_it_is);
}

Finding gauge(Asking& ask, const Question& q) {
  Question other = q;
  scale_parameters(other, "q_proj", 2);
  scale_parameters(other, "k_proj", 0.5);
  if (!is_representable(other, ask.profile()))
    throw NothingToJudge("the scaled numbers are not of the storage type");
  return same_answer(ask, q, other, as_it_is);
}

Finding gradient_sums(Asking& ask, const Question& q) {
  const bool carried = is_block(q.spec) && !q.spec.final_norm;
  const M value = carried ? M(q.inputs.cotangent.rowwise().sum()) : M::Zero(q.inputs.x.rows(), 1);
  return functional_is(
      ask, q, "grad.x", [](const M& g) -> M { return g.rowwise().sum(); }, value);
}

bool shifts_predictably(const QuestionSettings& q) {
  const BlockSpec& s = q.spec;
  if (s.part == Part::norm) return is_layer_norm(s.attn_norms.in);
  return reads_layer_norms(s) && (!s.final_norm || is_layer_norm(s.final_norm));
}

constexpr Law table[] = {
    {"repeat", "the same question is answered alike", false, [](const QuestionSettings&) { return true; },
     repeats},
    {"ATT-9", "a later token changes no earlier row", false,
     [](const QuestionSettings& q) { return is_causal(q.spec) && q.tokens > 1; }, last_token_is_not_seen},
    {"ATT-10", "a token beyond the window changes nothing", false,
     [](const QuestionSettings& q) {
       const BlockSpec& s = q.spec;
       return is_causal(s) && s.part != Part::sdpa && s.attention.mask == MaskKind::causal_sliding &&
              q.tokens > reach(s);
     },
     window_ends},
    {"batch", "one sequence changes nothing in another", false,
     [](const QuestionSettings& q) { return q.batch > 1; }, sequences_are_apart},
    {"FFN-3", "one token changes nothing in another", false,
     [](const QuestionSettings& q) { return !attends(q.spec) && q.tokens > 1; }, last_token_is_not_seen},
    {"PRE-2", "branches that are 0 leave x as it is", false,
     [](const QuestionSettings& q) {
       const AttentionNorms& a = q.spec.attn_norms;
       const FeedForwardNorms& f = q.spec.ffn_norms;
       return carries_x(q.spec) && !q.spec.final_norm && !(a.out && a.out->eps == 0) &&
              !(f.out && f.out->eps == 0);
     },
     zero_branches_leave_x},
    {"wiring", "branches that are constant show where norms and residuals stand", false,
     [](const QuestionSettings& q) { return is_block(q.spec); }, constant_branches},
    {"PRE-3", "layer norms do not see a constant added to a token", false, shifts_predictably, shift},
    {"LN-3", "N(2 x) with 4 eps is N(x)", false,
     [](const QuestionSettings& q) { return q.spec.part == Part::norm; }, scaling, "eps"},
    {"POST-1", "what a layer norm puts out lies in a plane", false,
     [](const QuestionSettings& q) { return last_layer_norm(q.spec).has_value(); }, hyperplane},
    {"ATT-8", "tokens in another order give the same rows in that order", false,
     [](const QuestionSettings& q) {
       return attends(q.spec) && q.spec.part != Part::sdpa && !is_causal(q.spec) && !q.spec.rope &&
              q.tokens > 1;
     },
     permutation},
    {"ATT-11", "grouped heads are repeated heads", false,
     [](const QuestionSettings& q) {
       const AttentionSpec& a = q.spec.attention;
       const NormSlot& k = q.spec.attn_norms.k;
       return attends(q.spec) && a.n_kv_heads < a.n_heads && !(k && k->width == NormWidth::full_heads);
     },
     grouped_heads, "n_kv_heads"},
    {"gauge", "2 W_Q and W_K / 2 give the same scores", false,
     [](const QuestionSettings& q) {
       return attends(q.spec) && q.spec.part != Part::sdpa && !q.spec.attn_norms.q && !q.spec.attn_norms.k;
     },
     gauge},
    {"PRE-4", "gradients keep the sum over channels, or lose it in a norm", true, shifts_predictably,
     gradient_sums},
};

}  // namespace

std::span<const Law> laws() { return table; }

const Law& find_law(std::string_view id) {
  for (const Law& law : table)
    if (law.id == id) return law;
  throw Error("law: expected a known id, found \"" + std::string(id) + "\"");
}

Outputs Asking::operator()(const Question& q) {
  last_ = ask_({id_, profile_, q});
  if (last_.kind != Answer::Kind::outputs) throw NotAnswered{last_};
  if (const auto what = not_finite(last_.outputs)) {
    errors_of_members(q, profile_, "y", 1);  // throws where correct code overflows too
    throw NotFinite{last_, *what};
  }
  return last_.outputs;
}

Examination examine_law(const Law& law, const Implementation& implementation, Request r) {
  r.question.gradients = law.gradients;
  if (!law.applies(settings_of(r.question)))
    return {Outcome::untried, "the law says nothing about this question"};
  Asking ask(implementation, r.profile, r.id);
  try {
    const Finding f = law.check(ask, r.question);
    const std::string id(law.id);
    if (f.holds) return {Outcome::holds, f.what, "", ask.last()};
    return {Outcome::broken, id + ", " + std::string(law.statement) + "; " + f.what, "broken " + id,
            ask.last()};
  } catch (const NotAnswered& e) {
    if (e.answer.kind == Answer::Kind::unsupported) return {Outcome::skipped, e.answer.reason, "", e.answer};
    return {Outcome::invalid, e.answer.reason, "invalid in " + std::string(law.id), e.answer};
  } catch (const NotFinite& e) {
    return {Outcome::wrong, e.what, "wrong not finite", e.answer};
  } catch (const NothingToJudge& e) {
    return {Outcome::untried, e.what()};
  }
}

bool follows_from(const Deviations& deviations, const Law& law, const Request& request,
                  const Examination& failed) {
  const auto examined = [&](const Deviations& computed) {
    const auto member = [&](const Request& r) -> Answer {
      try {
        return {Answer::Kind::outputs, member_outputs(computed, r.question, r.profile, 1), ""};
      } catch (const Error& e) {  // the deviating block has no value
        return {.reason = e.what()};
      }
    };
    return examine_law(law, member, request);
  };
  const Examination e = examined(deviations);
  const bool alike =
      e.outcome == failed.outcome && (e.outcome == Outcome::broken || e.message == failed.message);
  return alike && examined({}).outcome == Outcome::holds;
}

}  // namespace plumbline::cli
