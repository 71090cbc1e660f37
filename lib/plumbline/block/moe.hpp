// A mixture of experts: a router gives each token to a few of many feed-forwards and weighs what they answer.
//   l = W x (+ b); s = softmax l, sigma(l) or sqrt(log(1 + exp l)); chosen are the top_k largest s (+ a
//   correction for choosing alone), of the chosen groups where experts stand in groups; w_e = s_e of the
//   chosen ones, over their sum where they are renormalised, times `scaling`; y = sum_e w_e FFN_e(x), and a
//   shared expert beside them, with a gate or without.
// A softmax over the chosen logits alone is the renormalised softmax over all.
// Sources: arXiv 2401.04088 (Mixtral), 2405.04434 and 2412.19437 (DeepSeek V2, V3); transformers,
// modeling_mixtral, modeling_qwen2_moe, modeling_deepseek_v3, modeling_gpt_oss,
// modeling_deepseek_v4 (sqrt_softplus).
#pragma once

#include "plumbline/block/linear.hpp"
#include "plumbline/block/part.hpp"
#include "plumbline/block/shares.hpp"

namespace plumbline {

// What scores are made of.
enum class RouterScore { softmax, sigmoid, sqrt_softplus };
PLUMBLINE_NAMES(RouterScore, {softmax, "softmax"}, {sigmoid, "sigmoid"}, {sqrt_softplus, "sqrt_softplus"})
// What a group of experts is chosen by: its largest score, or its two largest together.
enum class GroupScore { largest, top_two };
PLUMBLINE_NAMES(GroupScore, {largest, "largest"}, {top_two, "top_two"})
// Whose parameters an expert uses: its own, or those of the next one.
enum class ExpertOrder { own, next };
PLUMBLINE_NAMES(ExpertOrder, {own, "own"}, {next, "next"})

// A mixture of experts as data; each is a feed-forward of the block's own kind.
struct MoeSpec {
  int experts = 8, top_k = 2;
  RouterScore score = RouterScore::softmax;
  bool router_bias = false;
  bool correction_bias = false;
  bool renormalise = true;
  double scaling = 1;
  int groups = 1, chosen_groups = 1;
  GroupScore group_score = GroupScore::top_two;
  int shared_d_ff = 0;
  bool shared_gate = false;

  bool weighs_by_corrected = false;
  bool root_missing = false;
  ExpertOrder expert_order = ExpertOrder::own;
  bool operator==(const MoeSpec&) const = default;
};

namespace detail {
inline bool has_groups(const MoeSpec& m) { return m.groups > 1; }
inline bool shares_an_expert(const MoeSpec& m) { return m.shared_d_ff > 0; }
inline bool corrects(const MoeSpec& m) { return m.correction_bias; }
inline bool roots(const MoeSpec& m) { return m.score == RouterScore::sqrt_softplus; }
}  // namespace detail

template <>
inline constexpr auto knobs<MoeSpec> = std::tuple{
    knob("experts", &MoeSpec::experts, "how many").within({1, 4096}),
    knob("top_k", &MoeSpec::top_k, "how many a token is given to").within({1, 4096}),
    knob("score", &MoeSpec::score, "what scores are made of"),
    knob("router_bias", &MoeSpec::router_bias, "the router's logits have a bias"),
    knob("correction_bias", &MoeSpec::correction_bias,
         "added to scores where experts are chosen, not to weights"),
    knob("renormalise", &MoeSpec::renormalise, "weights are divided by their sum"),
    knob("scaling", &MoeSpec::scaling, "what weights are multiplied by"),
    knob("groups", &MoeSpec::groups, "in which experts stand, one behind the other").within({1, 4096}),
    knob("chosen_groups", &MoeSpec::chosen_groups, "of which experts are chosen")
        .within({1, 4096})
        .only_of(detail::has_groups),
    knob("group_score", &MoeSpec::group_score, "what groups are chosen by").only_of(detail::has_groups),
    knob("shared_d_ff", &MoeSpec::shared_d_ff, "width of an expert that every token is given to; 0: none")
        .within({0, largest_width}),
    knob("shared_gate", &MoeSpec::shared_gate, "that one is multiplied by sigma(w x)")
        .only_of(detail::shares_an_expert),
    knob("weighs_by_corrected", &MoeSpec::weighs_by_corrected, "the correction is in the weights too")
        .where_wrong()
        .only_of(detail::corrects),
    knob("root_missing", &MoeSpec::root_missing, "scores are log(1 + exp l)")
        .where_wrong()
        .only_of(detail::roots),
    knob("expert_order", &MoeSpec::expert_order, "whose parameters an expert uses").where_wrong()};

template <>
inline constexpr WrongChoice<MoeSpec> wrong_choices<MoeSpec>[] = {
    {"moe/correction-in-weights", "weights hold the correction that is for choosing alone", "",
     [](MoeSpec& m) { m.weighs_by_corrected = m.correction_bias; }},
    {"moe/correction-missing", "experts are chosen by their scores as they are", "",
     [](MoeSpec& m) { m.correction_bias = m.weighs_by_corrected = false; }},
    {"moe/every-expert", "every token is given to all experts", "",
     [](MoeSpec& m) { m.top_k = m.experts, m.groups = m.chosen_groups = 1; }},
    {"moe/groups-missing", "experts are chosen from all groups", "",
     [](MoeSpec& m) { m.groups = m.chosen_groups = 1; }},
    {"moe/next-expert", "expert e uses the parameters of e + 1", "",
     [](MoeSpec& m) {
       if (m.experts > 1) m.expert_order = ExpertOrder::next;
     }},
    {"moe/not-renormalised", "weights as the scores are", "",
     [](MoeSpec& m) {
       if (m.top_k < m.experts || m.score != RouterScore::softmax) m.renormalise = false;
     }},
    {"moe/renormalised", "weights over their sum where scores as they are are right", "",
     [](MoeSpec& m) {
       if (m.top_k < m.experts || m.score != RouterScore::softmax) m.renormalise = true;
     }},
    {"moe/root-missing", "log(1 + exp l) where its root is right", "",
     [](MoeSpec& m) { m.root_missing = true; }},
    {"moe/sigmoid-for-root", "sigma(l) where the root of log(1 + exp l) is right",
     "flashinfer-ai/flashinfer#5190",
     [](MoeSpec& m) {
       if (detail::roots(m)) m.score = RouterScore::sigmoid;
     }},
    {"moe/scaling-missing", "weights are not multiplied", "", [](MoeSpec& m) { m.scaling = 1; }},
    {"moe/shared-gate-missing", "the shared expert as it is", "", [](MoeSpec& m) { m.shared_gate = false; }},
    {"moe/shared-missing", "no shared expert", "",
     [](MoeSpec& m) { m.shared_d_ff = 0, m.shared_gate = false; }},
};

namespace detail {

// 1 for the k largest entries of a row among the columns that are allowed, else 0: those which fewer than k
// allowed ones are above. Counts are compared with k - 1/2: an ensemble knows of no sum that it is a whole
// number, and moves it.
template <Algebra A>
Tensor<A> top(A& a, const Tensor<A>& s, int k, const std::optional<Tensor<A>>& allowed = {}) {
  std::vector<Tensor<A>> ranks;
  for (int e = 0; e < a.cols(s); ++e) {
    // an enclosure of s_e - s_e is not 0, so that of the entry itself nothing is asked
    const Tensor<A> others =
        a.whole_numbers(a.rows(s), a.cols(s), [e](int, int j) { return j == e ? 0 : 1; });
    const Tensor<A> above = a.mul(a.above(a.sub_col(s, a.take_cols(s, e, 1)), {0}), others);
    ranks.push_back(a.row_sum(allowed ? a.mul(above, *allowed) : above));
  }
  const Tensor<A> first = a.above(a.add_scalar(a.scale(a.concat_cols(ranks), {-1}), {k - 0.5}), {0});
  return allowed ? a.mul(first, *allowed) : first;
}

// 1 for the experts whose group is chosen, [n, experts].
template <Algebra A>
Tensor<A> of_chosen_groups(A& a, const MoeSpec& m, const Tensor<A>& s) {
  const int each = m.experts / m.groups, best = m.group_score == GroupScore::largest ? 1 : 2;
  std::vector<Tensor<A>> scores;
  for (int g = 0; g < m.groups; ++g) {
    const Tensor<A> group = a.take_cols(s, g * each, each);
    scores.push_back(a.row_sum(a.mul(group, top(a, group, best))));
  }
  const Tensor<A> members =
      a.whole_numbers(m.groups, m.experts, [each](int g, int e) { return e / each == g ? 1 : 0; });
  return a.matmul(top(a, a.concat_cols(scores), m.chosen_groups), members);
}

template <Algebra A>
Tensor<A> expert_scores(A& a, const MoeSpec& m, const Tensor<A>& logits) {
  switch (m.score) {
    case RouterScore::softmax: break;
    case RouterScore::sigmoid: return logistic(a, logits);
    case RouterScore::sqrt_softplus: {
      const Tensor<A> s = a.activation(Activation::softplus, 0, logits);
      return m.root_missing ? s : a.reciprocal(a.rsqrt(s));
    }
  }
  return shares(a, logits);
}

// What experts are chosen by.
template <Algebra A>
Tensor<A> corrected_scores(A& a, const MoeSpec& m, const ParameterView<A>& p, const Tensor<A>& scores) {
  return m.correction_bias ? a.add_row(scores, p.at("correction_bias")) : scores;
}

// The weight of each expert, [n, experts].
template <Algebra A>
Tensor<A> expert_weights(A& a, const MoeSpec& m, const ParameterView<A>& p, const Tensor<A>& x) {
  const Tensor<A> logits = linear(a, p.under("router"), m.router_bias, x);
  // over their sum the chosen shares are those of the chosen logits alone
  const bool over_chosen = m.score == RouterScore::softmax && m.renormalise && !a.divides_shares_twice();
  const Tensor<A> scores = expert_scores(a, m, logits), corrected = corrected_scores(a, m, p, scores);
  std::optional<Tensor<A>> allowed;
  if (m.groups > 1) allowed = of_chosen_groups(a, m, corrected);
  const Tensor<A> weighs = m.weighs_by_corrected ? corrected : over_chosen ? a.exp(logits) : scores;
  Tensor<A> w = a.mul(weighs, top(a, corrected, m.top_k, allowed));
  if (m.renormalise) w = a.mul_col(w, a.reciprocal(a.row_sum(w)));
  if (m.scaling != 1) w = a.scale(w, {m.scaling});
  return a.store(w, p.place(Site::gates));
}

}  // namespace detail

// The experts' answers, weighed; expert(parameters) is the feed-forward of x with the parameters below a
// view.
//   formula: as the head of this file says
//   shapes: x [n, d] -> [n, d]
//   error: that of the algebra
//   bad input: throws Error where a parameter is missing; equal scores choose more experts than top_k
//   source: as the head of this file says
template <Algebra A, class Expert>
Tensor<A> mixture(A& a, const MoeSpec& m, const ParameterView<A>& p, const Tensor<A>& x, Expert expert) {
  const Tensor<A> w = detail::expert_weights(a, m, p, x);
  const int shift = m.expert_order == ExpertOrder::next ? 1 : 0;
  std::optional<Tensor<A>> sum;
  for (int e = 0; e < m.experts; ++e) {
    const Tensor<A> answer = expert(p.under("experts." + std::to_string((e + shift) % m.experts)));
    const Tensor<A> weighed = a.store(a.mul_col(answer, a.take_cols(w, e, 1)), p.place(Site::scaled_branch));
    sum = sum ? a.add(*sum, weighed) : weighed;
  }
  if (m.shared_d_ff > 0) {
    Tensor<A> shared = expert(p.under("shared"));
    if (m.shared_gate) shared = a.mul_col(shared, logistic(a, linear(a, p.under("shared_gate"), false, x)));
    sum = a.add(*sum, a.store(shared, p.place(Site::scaled_branch)));
  }
  return a.store(*sum, p.place(Site::branches));
}

// Those of the router.
inline void add_router_shapes(ParameterShapes& out, const std::string& prefix, const MoeSpec& m, int d) {
  add_linear_shapes(out, prefix + "router", Module::router, m.experts, d, m.router_bias);
  if (m.correction_bias)
    out.push_back({prefix + "correction_bias", 1, m.experts, Role::bias, Module::router});
}

// Its parameters; add_expert(prefix, width) lists those of one.
template <class AddExpert>
void add_moe_shapes(ParameterShapes& out, const std::string& prefix, const MoeSpec& m, int d, int d_ff,
                    AddExpert add_expert) {
  add_router_shapes(out, prefix, m, d);
  for (int e = 0; e < m.experts; ++e) add_expert(prefix + "experts." + std::to_string(e) + ".", d_ff);
  if (m.shared_d_ff > 0) add_expert(prefix + "shared.", m.shared_d_ff);
  if (m.shared_d_ff > 0 && m.shared_gate)
    add_linear_shapes(out, prefix + "shared_gate", Module::router, 1, d, false);
}

// The router alone: the weight of each expert, 0 of those that are not chosen. The whole mixture is part ffn.
template <>
struct PartOf<Part::router> {
  static constexpr PartRecord record{.routes = true, .prefix = "layers.0.ffn.", .y = {"y", Width::experts}};
  static void add_parameters(ParameterShapes& out, const auto& spec) {
    if (spec.ffn.moe) add_router_shapes(out, std::string(record.prefix), *spec.ffn.moe, spec.d);
  }
  template <Algebra A>
  static Tensor<A> run(A& a, const auto& spec, const ParameterView<A>& p, const Tensor<A>& x, int,
                       Stream<A>*) {
    const ParameterView<A> own{p.all, std::string(record.prefix)};
    return a.component(Component::feed_forward, "Router", x,
                       [&] { return detail::expert_weights(a, *spec.ffn.moe, own, x); });
  }
};

}  // namespace plumbline
