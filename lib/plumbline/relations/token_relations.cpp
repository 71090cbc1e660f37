// Which token may change which row: what is not seen changes no bit.
#include <nlohmann/json.hpp>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/cases/nothing_to_judge.hpp"
#include "plumbline/cases/related.hpp"
#include "plumbline/relations/relation.hpp"

namespace plumbline {
namespace {

Held repeat(RelationRunner& run, const Question& q) { return run.is_repeated(q); }

Held last_token_is_not_seen(RelationRunner& run, const Question& q) {
  return run.unchanged(q, with_other_last_token(q), {rows_of_sequences(q, 0, tokens_of(q) - 1)});
}

// A token that far behind is seen in no layer.
int reach(const BlockSpec& s) {
  int tokens = 1;
  for (int i = 0; i < s.n_layers; ++i) tokens += *layer_of(s, i).attention.mask.window - 1;
  return tokens;
}

Held window_ends(RelationRunner& run, const Question& q) {
  const int first = reach(q.spec);
  return run.unchanged(q, with_other_first_token(q), {rows_of_sequences(q, first, tokens_of(q) - first)});
}

Held sequences_are_apart(RelationRunner& run, const Question& q) {
  std::vector<Eigen::Index> others;
  for (Eigen::Index row = tokens_of(q); row < q.inputs.x.rows(); ++row) others.push_back(row);
  return run.unchanged(q, with_other_first_sequence(q), {others});
}

// ---- batch invariance

// At least two sequences, which are not alike.
Question some_sequences(const Question& q) {
  return q.batch > 1 ? q : with_other_first_sequence(with_sequences(q, {0, 0}));
}

// The first two sequences alone, and at other places in batches of other sizes.
const std::vector<std::vector<int>> arrangements = {{0}, {1}, {1, 0}, {1, 1, 0}, {0, 1, 1, 1, 0, 1, 0}};

Held as_in(RelationRunner& run, const Question& base, const std::vector<int>& chosen,
           const std::vector<std::string>& outputs) {
  const Question other = with_sequences(base, chosen);
  std::vector<Eigen::Index> rows;
  for (int sequence : chosen)
    for (int t = 0; t < tokens_of(base); ++t) rows.push_back(sequence * tokens_of(base) + t);
  Held held = run.same_rows(base, {rows}, other, {}, outputs);
  if (!held.holds)
    held.what += " as one of " + std::to_string(base.batch) + " sequences and as one of " +
                 std::to_string(chosen.size());
  return held;
}

Held invariant(RelationRunner& run, const Question& q, const std::vector<std::string>& outputs) {
  const Question base = some_sequences(q);
  run.require_open("batch", q.batch, base.batch);
  std::string pinned;
  int tried = 0;
  for (const std::vector<int>& chosen : arrangements) try {
      run.require_open("batch", q.batch, chosen.size());
      const Held held = as_in(run, base, chosen, outputs);
      if (!held.holds) return held;
      ++tried;
    } catch (const NothingToJudge& e) {
      pinned = e.what();
    }
  if (tried == 0) throw NothingToJudge(pinned);
  return {true, pinned};
}

Held batch_invariance(RelationRunner& run, const Question& q) { return invariant(run, q, {"y"}); }

// Of what belongs to a sequence; gradients of parameters are sums over the batch.
Held batch_invariance_of_gradients(RelationRunner& run, const Question& q) {
  std::vector<std::string> outputs{"grad." + std::string(input_name(q.spec))};
  for (const ParameterShape& p : other_inputs(q.spec, 1, 1))
    if (!is_given_mask(p.name)) outputs.push_back("grad." + p.name);
  return invariant(run, q, outputs);
}

bool always(const QuestionSettings&) { return true; }

// Code that gathers the tokens of an expert multiplies a matrix whose size, and so its bits, others decide.
bool rows_are_apart(const BlockSpec& s) {
  return every_layer(s, [](const BlockSpec& layer) { return !layer.ffn.moe; });
}

bool slides(const BlockSpec& s) {
  return every_layer(s, [](const BlockSpec& layer) {
    return projects(layer) && layer.attention.mask.kind == MaskKind::causal_sliding;
  });
}

const std::vector<Relation> all_token_relations{
    {"repeat", "the same question is answered alike", "everything", false, always, repeat, {}},
    {"causal",
     "a later token changes no earlier row",
     "causal or linear attention over two tokens or more",
     false,
     [](const QuestionSettings& q) { return rows_are_apart(q.spec) && is_causal(q.spec) && q.tokens > 1; },
     last_token_is_not_seen,
     {"mask/missing", "norm/over-tokens"}},
    {"window",
     "a token beyond the window changes nothing",
     "attention with a window that some token is beyond",
     false,
     [](const QuestionSettings& q) {
       const BlockSpec& s = q.spec;
       return rows_are_apart(s) && slides(s) && q.tokens > reach(s);
     },
     window_ends,
     {"mask/missing", "mask/window-too-long", "norm/over-tokens"}},
    {"batch",
     "one sequence changes nothing in another",
     "batches of two sequences or more",
     false,
     [](const QuestionSettings& q) { return rows_are_apart(q.spec) && q.batch > 1; },
     sequences_are_apart,
     {"norm/over-tokens"}},
    {"tokens",
     "one token changes nothing in another",
     "what does not attend, over two tokens or more",
     false,
     [](const QuestionSettings& q) {
       return rows_are_apart(q.spec) && !attends(q.spec) && !recurs(q.spec) && q.tokens > 1;
     },
     last_token_is_not_seen,
     {"norm/over-tokens"}},
    {"batch-invariant",
     "a sequence has the same bits alone, and at every place in every batch",
     "everything",
     false,
     always,
     batch_invariance,
     {"norm/over-tokens"},
     "--batch-invariant"},
    {"batch-invariant-gradients",
     "so have the gradients of what belongs to it",
     "everything",
     true,
     always,
     batch_invariance_of_gradients,
     {"norm/over-tokens"},
     "--batch-invariant"},
};

}  // namespace

std::span<const Relation> token_relations() { return all_token_relations; }

}  // namespace plumbline
