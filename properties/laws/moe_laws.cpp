// Mixtures of experts: the definition, put together by hand from feed-forwards.
#include <algorithm>
#include <numeric>

#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Scope experts_alone = ffn_alone("speaks of the feed-forward branch alone, which every layout shares");
const std::string ffn_prefix = "layers.0.ffn.";

// What one expert answers, or the shared one, whose parameters stand below that name.
Matrix<I> expert_answer(const Instance& at, const std::string& name, int width, const Matrix<I>& x) {
  Instance one{at.spec, {}, x};
  one.spec.ffn.moe.reset();
  one.spec.ffn.d_ff = width;
  for (const auto& [parameter, value] : at.parameters)
    if (parameter.starts_with(ffn_prefix + name))
      one.parameters[ffn_prefix + parameter.substr(ffn_prefix.size() + name.size())] = value;
  return reference.value(one);
}

Matrix<I> routed(const Instance& at, const std::string& name, const Matrix<I>& x) {
  Matrix<I> y = product(x, at.parameters.at(ffn_prefix + name + ".weight").transpose());
  if (const auto bias = at.parameters.find(ffn_prefix + name + ".bias"); bias != at.parameters.end())
    y += bias->second;
  return y;
}

I sigma(const I& x) { return I(1) / (I(1) + exp(I(-x))); }

// The k largest of those entries; the case is discarded where an enclosure does not decide.
std::vector<int> largest_of(const std::vector<I>& scores, std::vector<int> among, int k) {
  std::ranges::sort(
      among, [&](int i, int j) { return lower(scores[std::size_t(i)]) > lower(scores[std::size_t(j)]); });
  for (std::size_t i = 1; i < among.size(); ++i)
    RC_PRE(lower(scores[std::size_t(among[i - 1])]) > upper(scores[std::size_t(among[i])]));
  among.resize(std::size_t(k));
  return among;
}

std::vector<int> numbers_below(int n) {
  std::vector<int> all(n);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// Of one token.
std::vector<int> chosen_experts(const MoeSpec& m, const std::vector<I>& corrected) {
  std::vector<int> allowed = numbers_below(m.experts);
  if (m.groups > 1) {
    const int each = m.experts / m.groups;
    std::vector<I> of_groups;
    for (int g = 0; g < m.groups; ++g) {
      std::vector<int> members = numbers_below(each);
      for (int& e : members) e += g * each;
      const std::vector<int> two = largest_of(corrected, members, 2);
      of_groups.push_back(corrected[std::size_t(two[0])] + corrected[std::size_t(two[1])]);
    }
    const std::vector<int> open = largest_of(of_groups, numbers_below(m.groups), m.chosen_groups);
    std::erase_if(allowed, [&](int e) { return std::ranges::find(open, e / each) == open.end(); });
  }
  return largest_of(corrected, allowed, m.top_k);
}

// As the head of block/moe.hpp says, one token after the other.
void is_a_mixture_by_definition(const Subject& f, const MoeSpec& m) {
  BlockSpec spec = draw_spec(f.cell());
  spec.ffn.moe = m;
  const Instance at = draw_instance(spec);
  Matrix<I> y(at.x.rows(), at.x.cols());
  for (Eigen::Index t = 0; t < y.rows(); ++t) {
    const Matrix<I> x = at.x.row(t), logits = routed(at, "router", x);
    std::vector<I> scores, corrected;
    I total(0);
    for (int e = 0; e < m.experts; ++e) total += exp(logits(0, e));
    for (int e = 0; e < m.experts; ++e) {
      const bool is_softmax = m.score == RouterScore::softmax;
      scores.push_back(is_softmax ? I(exp(logits(0, e)) / total) : sigma(logits(0, e)));
      const bool corrects = m.correction_bias;
      corrected.push_back(corrects ? I(scores.back() + at.parameters.at(ffn_prefix + "correction_bias")(0, e))
                                   : scores.back());
    }
    const std::vector<int> asked = chosen_experts(m, corrected);
    I sum(0);
    for (int e : asked) sum += scores[std::size_t(e)];
    Matrix<I> row = Matrix<I>::Constant(1, x.cols(), I(0));
    for (int e : asked) {
      const I weight = scores[std::size_t(e)] / (m.renormalise ? sum : I(1)) * I(m.scaling);
      row += expert_answer(at, "experts." + std::to_string(e) + ".", spec.ffn.d_ff, x) * weight;
    }
    if (m.shared_d_ff > 0) {
      Matrix<I> shared = expert_answer(at, "shared.", m.shared_d_ff, x);
      if (m.shared_gate) shared *= sigma(routed(at, "shared_gate", x)(0, 0));
      row += shared;
    }
    y.row(t) = row;
  }
  RC_ASSERT(equal(f.value(at), y));
}

void softmax_of_experts(const Subject& f) {
  is_a_mixture_by_definition(f, {.experts = 4,
                                 .router_bias = true,
                                 .renormalise = false,
                                 .scaling = 1.5,
                                 .shared_d_ff = 3,
                                 .shared_gate = true});
}

void groups_of_experts(const Subject& f) {
  is_a_mixture_by_definition(f, {.experts = 6,
                                 .top_k = 2,
                                 .score = RouterScore::sigmoid,
                                 .correction_bias = true,
                                 .groups = 3,
                                 .chosen_groups = 1});
}

}  // namespace

const std::vector<Law>& moe_laws() {
  static const std::vector<Law> laws{
      {"MOE-DEF",
       "experts weighed by a softmax, and a shared one, are their definition, token by token",
       experts_alone,
       softmax_of_experts,
       {"moe/every-expert", "moe/next-expert", "moe/renormalised", "moe/scaling-missing",
        "moe/shared-gate-missing", "moe/shared-missing"}},
      {"MOE-DEF-groups",
       "experts chosen by corrected scores from groups are their definition, token by token",
       experts_alone,
       groups_of_experts,
       {"moe/correction-in-weights", "moe/correction-missing", "moe/groups-missing", "moe/not-renormalised"}},
  };
  return laws;
}

}  // namespace plumbline::properties
