// The relations of lib/plumbline/relations, which implementations are asked to obey, on enclosures.
#include "properties/laws/relation_laws.hpp"

#include <deque>

#include "plumbline/cases/nothing_to_judge.hpp"
#include "plumbline/spec/presets.hpp"
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

using Doubles = Matrix<double>;

class EnclosedRunner : public RelationRunner {
 public:
  explicit EnclosedRunner(const Subject& subject) : f_(subject) {}

  Held unchanged(const Question& q, const Question& other, const AffineMap& keep) override {
    const Matrix<I> before = answer(q, "y"), after = answer(other, "y");
    if (equal(before, after)) throw NothingToJudge("what is changed shows nowhere in y");
    return {equal(keep(before), keep(after))};
  }
  Held same_rows(const Question& q, const AffineMap& of_q, const Question& other, const AffineMap& of_other,
                 const std::vector<std::string>& outputs) override {
    for (const std::string& name : outputs)
      if (!equal(of_q(answer(q, name)), of_other(answer(other, name)))) return {false, name};
    return {};
  }
  Held same_answer(const Question& q, const Question& other, const AffineMap& pulled) override {
    return {equal(answer(q, "y"), pulled(answer(other, "y")))};
  }
  Held image_is(const Question& q, const std::string& output, const AffineMap& map,
                const Doubles& expected) override {
    return {equal(map(answer(q, output)), map.without_constant()(cast<I>(expected)))};
  }
  Held is_input(const Question& q) override { return {equal(answer(q, "y"), cast<I>(q.inputs.x))}; }
  Held is_right(const Question& q) override {
    return {equal(answer(q, "y"), reference.value(instance_of(q)))};
  }
  // What is evaluated twice is the same twice.
  Held is_repeated(const Question&) override { return {}; }
  void require_open(std::string_view, const Json&, const Json&) override {}
  void require_representable(const Question&) override {}

 private:
  static Instance instance_of(const Question& q) {
    return {q.spec, cast<I>(q.inputs.parameters), cast<I>(q.inputs.x), q.batch};
  }
  Matrix<I> answer(const Question& asked, const std::string& output) const {
    const Question q = f_.read(asked);
    const Instance at = instance_of(q);
    if (output == "y") return f_.value(at);
    const Gradients<I> g = f_.pull_back(at, cast<I>(q.inputs.cotangent));
    return output == "grad.x" ? g.x : g.parameters.at(output.substr(std::string_view("grad.").size()));
  }

  const Subject& f_;
};

void try_relation(const Relation& relation, const Subject& f) {
  QuestionSettings s{.spec = draw_rich_spec(f.cell()),
                     .batch = draw_number_from(1, 2),
                     .tokens = draw_number_from(2, 4),
                     .gradients = relation.gradients,
                     .recipe = *rc::gen::element(Recipe::rich, Recipe::hot_scores)};
  s.spec.attention.n_heads = 4, s.spec.attention.n_kv_heads = 2;  // with one they share it in any order
  s.seed = *rc::gen::noShrink(rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint32_t>()));
  RC_PRE(relation.applies(s));
  try {
    RC_ASSERT(held_on_enclosures(relation, f, question_from(s, find_profile("float64"))).holds);
  } catch (const NothingToJudge& e) {
    RC_DISCARD(e.what());
  }
}

// Whether the relation speaks of some question about a block of that cell.
bool speaks_of(const Relation& relation, const Cell& cell) {
  for (const MaskKind mask : {MaskKind::bidirectional, MaskKind::causal, MaskKind::causal_sliding}) {
    BlockSpec s = spec_of(cell);
    s.attention.mask.kind = mask;
    if (mask == MaskKind::causal_sliding) s.attention.mask.window = 2;
    if (relation.applies({.spec = s, .batch = 2, .tokens = 4})) return true;
  }
  return false;
}

Law law_of(const Relation& relation) {
  static std::deque<std::string> reasons;  // a law refers to its own
  Scope scope;
  for (const Cell& cell : cells())
    if (speaks_of(relation, cell)) scope.tried.push_back(cell);
  scope.gaps.push_back({"", {}, reasons.emplace_back("speaks of " + std::string(relation.premise))});
  return {relation.id, relation.statement, scope,
          [&relation](const Subject& f) { try_relation(relation, f); }, relation.mutants};
}

}  // namespace

Held held_on_enclosures(const Relation& relation, const Subject& f, const Question& q) {
  EnclosedRunner runner(f);
  return relation.check(runner, q);
}

// Those that no mutant breaks are about programs, not about functions.
const std::vector<Law>& relation_laws() {
  static const std::vector<Law> laws = [] {
    std::vector<Law> out;
    for (const Relation* r : relations())
      if (!r->mutants.empty()) out.push_back(law_of(*r));
    return out;
  }();
  return laws;
}

}  // namespace plumbline::properties
