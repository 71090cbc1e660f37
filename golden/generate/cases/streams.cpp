#include "golden/generate/cases/cases.hpp"
#include "golden/generate/cases/specs.hpp"

namespace plumbline::golden {
namespace {

BlockSpec of_streams(StreamRule rule, int n_layers) {
  BlockSpec s = layout("pre_norm", 6, n_layers);
  heads(s, 2, 1);
  s.ffn.d_ff = 7;
  s.streams = StreamsSpec{.rule = rule};
  if (rule == StreamRule::mhc_lite) s.streams->head = StreamHead::sum;
  if (mixes(*s.streams)) return s;
  s.streams->count = 2;
  if (norms_streams(*s.streams)) s.streams->norm = layer_norm(1e-5);
  if (rule != StreamRule::resi_dual) return s;
  std::swap(s.norm_slots.attn.in, s.norm_slots.attn.post);
  std::swap(s.norm_slots.ffn.in, s.norm_slots.ffn.post);
  return s;
}

}  // namespace

void add_streams(List& list) {
  const auto add = [&](const char* name, StreamRule rule, int n_layers, void (*change)(BlockSpec&)) {
    BlockSpec s = of_streams(rule, n_layers);
    change(s);
    list.add(std::string("streams/") + name, s, Regime::plain, 3);
  };
  add("mhc", StreamRule::mhc, 2, [](BlockSpec& s) { s.streams->count = 3; });
  add("mhc-block", StreamRule::mhc, 1, [](BlockSpec& s) {
    s.part = Part::block;
    s.final_norm.reset();
    s.streams->sinkhorn_steps = 3, s.streams->eps = 1e-3, s.streams->norm_eps = 1e-5;
  });
  add("mhc-mean", StreamRule::mhc, 1, [](BlockSpec& s) { s.streams->head = StreamHead::mean; });
  add("mhc-collapse", StreamRule::mhc, 1, [](BlockSpec& s) { s.part = Part::collapse; });
  // streams that begin alike give its logits no gradient
  add("mhc-lite", StreamRule::mhc_lite, 1, [](BlockSpec& s) {
    s.part = Part::block;
    s.final_norm.reset();
    s.streams->count = 3;
  });
  add("mhc-lite-sum", StreamRule::mhc_lite, 1, [](BlockSpec& s) { s.part = Part::collapse; });
  add("resi-dual", StreamRule::resi_dual, 2, [](BlockSpec&) {});
  add("siamese", StreamRule::siamese, 2, [](BlockSpec& s) { s.branch_scale = 0.5; });
}

}  // namespace plumbline::golden
