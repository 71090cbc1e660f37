#include "plumbline/cases/tied_experts.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <sstream>

#include "plumbline/algebra/plain_impl.hpp"
#include "plumbline/block/moe.hpp"
#include "plumbline/cases/nothing_to_judge.hpp"
#include "plumbline/cases/watched.hpp"

namespace plumbline {
namespace {

// Scores are sums of some hundred products: their rounding errors in double are below this.
constexpr double least_gap = 0x1p-45;

struct Tie {
  int first, second;
  double score;
};

// The last of those numbers that is among the k largest and the first that is not, where these are equal;
// `among` is left with the k.
std::optional<Tie> tie_at_border(const std::vector<double>& scores, std::vector<int>& among, int k) {
  const auto score = [&](int e) { return scores[std::size_t(e)]; };
  std::stable_sort(among.begin(), among.end(), [&](int i, int j) { return score(i) > score(j); });
  std::optional<Tie> tie;
  if (k < int(among.size())) {
    const int last = among[std::size_t(k - 1)], next = among[std::size_t(k)];
    const double scale = std::max(std::abs(score(among.front())), std::abs(score(among.back())));
    if (score(last) - score(next) <= least_gap * scale)
      tie = Tie{std::min(last, next), std::max(last, next), score(last)};
  }
  among.resize(std::size_t(k));
  return tie;
}

struct TieAmong {
  Tie tie;
  const char* what;
};

std::optional<TieAmong> tie_of(const MoeSpec& m, const std::vector<double>& scores) {
  std::vector<int> allowed(std::size_t(m.experts));
  std::iota(allowed.begin(), allowed.end(), 0);
  if (m.groups > 1) {
    const int each = m.experts / m.groups, best = m.group_score == GroupScore::largest ? 1 : 2;
    std::vector<double> of_groups;
    for (int g = 0; g < m.groups; ++g) {
      std::vector<double> members(scores.begin() + g * each, scores.begin() + (g + 1) * each);
      std::sort(members.rbegin(), members.rend());
      of_groups.push_back(std::accumulate(members.begin(), members.begin() + best, 0.0));
    }
    std::vector<int> chosen(std::size_t(m.groups));
    std::iota(chosen.begin(), chosen.end(), 0);
    if (const auto tie = tie_at_border(of_groups, chosen, m.chosen_groups)) return TieAmong{*tie, "groups"};
    std::erase_if(allowed, [&](int e) { return std::ranges::find(chosen, e / each) == chosen.end(); });
  }
  if (const auto tie = tie_at_border(scores, allowed, m.top_k)) return TieAmong{*tie, "experts"};
  return std::nullopt;
}

std::string score_text(double score) {
  std::ostringstream text;
  text << score;
  return text.str();
}

// What the router under that prefix makes of its input, row by row.
void refuse_ties(const Question& q, const std::string& prefix, const Matrix<double>& input) {
  const MoeSpec& m = *q.spec.ffn.moe;
  Plain<double> a;
  const ParameterView<Plain<double>> p{q.inputs.parameters, prefix};
  const Matrix<double> logits = linear(a, p.under("router"), m.router_bias, input);
  const Matrix<double> scores = detail::corrected_scores(a, m, p, detail::expert_scores(a, m, logits));
  const Eigen::Index tokens = q.inputs.x.rows() / q.batch;
  for (Eigen::Index t = 0; t < scores.rows(); ++t) {
    std::vector<double> row(std::size_t(m.experts));
    for (int e = 0; e < m.experts; ++e) row[std::size_t(e)] = scores(t, e);
    const auto found = tie_of(m, row);
    if (!found) continue;
    const auto& [tie, what] = *found;
    throw NothingToJudge(
        prefix + "router: sequence " + std::to_string(t / tokens) + ", token " + std::to_string(t % tokens) +
        ": expected scores that differ where a choice ends, found " + what + " " + std::to_string(tie.first) +
        " and " + std::to_string(tie.second) + " with the score " + score_text(tie.score) +
        " each: either choice is right, so there is nothing to judge");
  }
}

}  // namespace

void refuse_tied_experts(const Question& q) {
  if (!q.spec.ffn.moe || !(feeds(q.spec) || routes(q.spec))) return;
  const std::string input = "router.input";
  run_watched(q.spec, q.inputs.parameters, q.inputs.x, q.batch,
              [&](const Matrix<double>& x, const Place& at) {
                if (at.site == Site::input && at.path.ends_with("." + input))
                  refuse_ties(q, at.path.substr(0, at.path.size() - input.size()), x);
              });
}

}  // namespace plumbline
