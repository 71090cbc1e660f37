// Which token may change which row: what is not seen changes no bit.
#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "cli/live/comparing.hpp"
#include "cli/live/related.hpp"
#include "plumbline/spec/parameters.hpp"

namespace plumbline::cli {
namespace {

using M = Matrix<double>;

// All rows but the last of each sequence.
M without_last_rows(const M& y, int batch) {
  const Eigen::Index tokens = y.rows() / batch;
  M out(y.rows() - batch, y.cols());
  for (int b = 0; b < batch; ++b)
    out.middleRows(b * (tokens - 1), tokens - 1) = y.middleRows(b * tokens, tokens - 1);
  return out;
}

Law::Finding last_token_is_not_seen(Asking& ask, const Question& q) {
  return unchanged(ask, q, with_other_last_token(q),
                   [&](const M& y) { return without_last_rows(y, q.batch); });
}

int reach(const BlockSpec& s) { return s.n_layers * (*s.attention.window - 1) + 1; }

Law::Finding window_ends(Asking& ask, const Question& q) {
  const int tokens = tokens_of(q), far = tokens - reach(q.spec);
  return unchanged(ask, q, with_other_first_token(q), [=, batch = q.batch](const M& y) {
    M out(batch * far, y.cols());
    for (int b = 0; b < batch; ++b) out.middleRows(b * far, far) = y.middleRows((b + 1) * tokens - far, far);
    return out;
  });
}

Law::Finding sequences_are_apart(Asking& ask, const Question& q) {
  return unchanged(ask, q, with_other_first_sequence(q),
                   [n = q.inputs.x.rows() - tokens_of(q)](const M& y) -> M { return y.bottomRows(n); });
}

// ---- batch invariance

// At least two sequences, which are not alike.
Question some_sequences(const Question& q) {
  return q.batch > 1 ? q : with_other_first_sequence(with_sequences(q, {0, 0}));
}

// The first two sequences alone, and at other places in batches of other sizes.
const std::vector<std::vector<int>> arrangements = {{0}, {1}, {1, 0}, {1, 1, 0}, {0, 1, 1, 1, 0, 1, 0}};

// In both answers, of one sequence, the rows of that output; what differs in a bit is told.
std::optional<std::string> difference(const std::string& output, const M& a, const M& b) {
  for (Eigen::Index i = 0; i < a.size(); ++i)
    if (std::memcmp(a.data() + i, b.data() + i, sizeof(double)) != 0)
      return fmt::format("{}[{}, {}]: expected the same bits, found {:.9g} and {:.9g}", output, i / a.cols(),
                         i % a.cols(), a.data()[i], b.data()[i]);
  return std::nullopt;
}

M rows_of_sequence(const M& all, int batch, int sequence) {
  const Eigen::Index n = all.rows() / batch;
  return all.middleRows(sequence * n, n);
}

Law::Finding same_bits(Asking& ask, const Question& base, const std::vector<int>& chosen,
                       const std::vector<std::string>& outputs, const Outputs& expected) {
  const Outputs found = ask(with_sequences(base, chosen));
  for (std::size_t at = 0; at < chosen.size(); ++at)
    for (const std::string& name : outputs) {
      const M a = rows_of_sequence(expected.at(name), base.batch, chosen[at]),
              b = rows_of_sequence(found.at(name), int(chosen.size()), int(at));
      if (const auto what = difference(name, a, b))
        return {false, fmt::format("{} as sequence {} of {} and {} of {}", *what, chosen[at] + 1, base.batch,
                                   at + 1, chosen.size())};
    }
  return {};
}

Law::Finding invariant(Asking& ask, const Question& q, const std::vector<std::string>& outputs) {
  const Question base = some_sequences(q);
  ask.require_open("batch", q.batch, base.batch);
  const Outputs expected = ask(base);
  std::string pinned;
  int tried = 0;
  for (const std::vector<int>& chosen : arrangements) try {
      ask.require_open("batch", q.batch, chosen.size());
      const Law::Finding f = same_bits(ask, base, chosen, outputs, expected);
      if (!f.holds) return f;
      ++tried;
    } catch (const NothingToJudge& e) {
      pinned = e.what();
    }
  if (tried == 0) throw NothingToJudge(pinned);
  return {true, pinned};
}

Law::Finding batch_invariance(Asking& ask, const Question& q) { return invariant(ask, q, {"y"}); }

// Of what belongs to a sequence; gradients of parameters are sums over the batch.
Law::Finding batch_invariance_of_gradients(Asking& ask, const Question& q) {
  std::vector<std::string> outputs{"grad." + std::string(input_name(q.spec))};
  for (const ParameterShape& p : other_inputs(q.spec, 1, 1)) outputs.push_back("grad." + p.name);
  return invariant(ask, q, outputs);
}

constexpr Law laws_of_tokens[] = {
    {"repeat", "the same question is answered alike", false, [](const QuestionSettings&) { return true; },
     repeated},
    {"causal", "a later token changes no earlier row", false,
     [](const QuestionSettings& q) { return is_causal(q.spec) && q.tokens > 1; }, last_token_is_not_seen},
    {"window", "a token beyond the window changes nothing", false,
     [](const QuestionSettings& q) {
       const BlockSpec& s = q.spec;
       return is_causal(s) && s.part != Part::sdpa && s.attention.mask == MaskKind::causal_sliding &&
              q.tokens > reach(s);
     },
     window_ends},
    {"batch", "one sequence changes nothing in another", false,
     [](const QuestionSettings& q) { return q.batch > 1; }, sequences_are_apart},
    {"tokens", "one token changes nothing in another", false,
     [](const QuestionSettings& q) { return !attends(q.spec) && q.tokens > 1; }, last_token_is_not_seen},
    {"batch-invariant", "a sequence has the same bits alone, and at every place in every batch", false,
     [](const QuestionSettings&) { return true; }, batch_invariance, "--batch-invariant"},
    {"batch-invariant-gradients", "so have the gradients of what belongs to it", true,
     [](const QuestionSettings&) { return true; }, batch_invariance_of_gradients, "--batch-invariant"},
};

}  // namespace

std::span<const Law> token_laws() { return laws_of_tokens; }

}  // namespace plumbline::cli
