#include "plumbline/relations/relation.hpp"

#include <algorithm>
#include <cmath>

#include "plumbline/base/excerpt.hpp"
#include "plumbline/base/nearest.hpp"
#include "plumbline/block/parameter_shapes.hpp"

namespace plumbline {
namespace {

// Weights on a grid that does not follow their size, as 8-bit weights with one scale for all have.
void weights_on_a_grid(Question& q) {
  for (const ParameterShape& p : parameter_shapes(q.spec))
    if (p.role == Role::weight)
      q.inputs.parameters[p.name] =
          q.inputs.parameters[p.name].unaryExpr([](double w) { return std::nearbyint(16 * w) / 16; });
}

void past_alone(Question& q) {
  MaskKind& kind = q.spec.attention.mask.kind;
  if (kind == MaskKind::bidirectional) kind = MaskKind::causal;
  if (kind == MaskKind::sliding) kind = MaskKind::causal_sliding;
}

constexpr Misreading all_misreadings[] = {
    {"misread/past-alone", "every query sees the past alone", past_alone},
    {"misread/weights-on-a-grid", "weights are rounded to multiples of 1/16", weights_on_a_grid},
};

}  // namespace

std::span<const Misreading> misreadings() { return all_misreadings; }

bool applies(const Relation& relation, const QuestionSettings& q) {
  const std::span<const Relation> of_tokens = token_relations();
  const bool is_of_tokens =
      std::any_of(of_tokens.begin(), of_tokens.end(), [&](const Relation& r) { return &r == &relation; });
  return (is_of_tokens || q.spec.layers.empty()) && relation.applies(q);
}

const std::vector<const Relation*>& relations() {
  static const std::vector<const Relation*> all = [] {
    std::vector<const Relation*> out;
    for (const auto half : {token_relations(), function_relations()})
      for (const Relation& r : half) out.push_back(&r);
    return out;
  }();
  return all;
}

const Relation& find_relation(std::string_view id) {
  std::vector<std::string_view> known;
  for (const Relation* r : relations()) {
    if (r->id == id) return *r;
    known.push_back(r->id);
  }
  throw Error("law: unknown law " + shown(std::string(id)) + "; " + suggestion(id, known));
}

}  // namespace plumbline
