#include "plumbline/identify/stages.hpp"

#include <algorithm>

#include "plumbline/identify/norm_knobs.hpp"

namespace plumbline::identify {
namespace {

// Gives every norm that kind, but for those that their alpha gives one, and the gain weight or 1 + weight.
void set_norms(BlockSpec& s, NormKind kind, int gain_offset) {
  for (const NamedSlot& n : filled_slots(s)) {
    if (!has_alpha(**n.slot)) (*n.slot)->kind = kind;
    (*n.slot)->gain_offset = (*n.slot)->gain ? gain_offset : 0;
  }
}

// Norms without parameters are not among the names and shapes: any layout can have them.
std::vector<BlockSpec> with_bare_norms(const BlockSpec& s) {
  std::vector<BlockSpec> out{s};
  NormSpec bare;
  bare.gain = bare.bias = false;
  for (auto [in, other, post] : {std::tuple(1, 0, 0), {0, 1, 0}, {0, 0, 1}, {1, 1, 0}}) {
    BlockSpec t = s;
    if (in) t.norm_slots.attn.in = t.norm_slots.ffn.in = bare;
    if (other) t.norm_slots.attn.out = t.norm_slots.ffn.out = bare;
    if (post && s.topology == Topology::parallel) continue;
    if (post) t.norm_slots.attn.post = t.norm_slots.ffn.post = bare;
    out.push_back(t);
    if (t.final_norm) continue;
    t.final_norm = bare;
    out.push_back(t);
  }
  return out;
}

// The same with ALiBi.
std::vector<Candidate> with_alibi(const std::vector<Candidate>& candidates) {
  std::vector<Candidate> out;
  for (const Candidate& c : candidates)
    for (const AlibiSpec& bias : usual_alibis()) {
      out.push_back(c);
      out.back().spec.position.bias = bias;
    }
  return out;
}

constexpr int many = 12, some = 4, few = 2;

}  // namespace

std::shared_ptr<Asked> Stages::asked(const std::string& id, const Probe& probe) {
  return std::make_shared<Asked>(id, probe, ask_(probe), ask_.profile());
}

void Stages::keep(const Evidence& evidence, const Candidate& candidate) {
  for (const auto& a : evidence) {
    a->set_noise(candidate, ask_.profile());
    evidence_.push_back(a);
  }
}

// Gains and biases; not the bias of the keys, which seldom has an effect. Whether a norm whose parameters are
// idle is there at all is left open.
void Stages::leave_out_what_has_no_effect(Candidate& c) const {
  const auto idle = [&](const std::string& name) { return without_effect_.count(name) > 0; };
  const auto trim = [&](NormSlot& slot, const std::string& name) {
    if (slot && slot->gain && idle(name + ".weight")) slot->gain = false, slot->gain_offset = 0;
    if (slot && slot->bias && idle(name + ".bias")) slot->bias = false;
  };
  for (std::size_t k = 0; k < c.places.size(); ++k)
    if (c.places[k] != NormPlace::nowhere) trim(slot(c.spec, c.places[k]), stream_norm(0, int(k)));
  const std::string layer = "layers.0.";
  trim(c.spec.final_norm, "final_norm");
  trim(c.spec.norm_slots.attn.q, layer + "attn.norm_q");
  trim(c.spec.norm_slots.attn.k, layer + "attn.norm_k");
  auto& bias = c.spec.attention.bias;
  if (idle(layer + "attn.q_proj.bias")) bias.q = false;
  if (idle(layer + "attn.v_proj.bias")) bias.v = false;
  if (idle(layer + "attn.o_proj.bias")) bias.o = false;
  if (idle(layer + "ffn.up_proj.bias")) c.spec.ffn.bias.in = false;
  if (idle(layer + "ffn.down_proj.bias")) c.spec.ffn.bias.out = false;
}

std::vector<Candidate> Stages::starts(bool as_named) const {
  const Anatomy& a = space_.anatomy;
  std::vector<std::vector<NormPlace>> all = placements(a);
  if (as_named) all.resize(1);
  std::vector<Candidate> out;
  for (Topology topology : {Topology::sequential, Topology::parallel}) {
    if (topology == Topology::parallel && !is_block(a.spec)) continue;
    Candidate start{a.spec, {}};
    start.spec.topology = topology;
    const std::vector<BlockSpec> specs =
        a.norms.empty() && is_block(a.spec) ? with_bare_norms(start.spec) : std::vector{start.spec};
    for (const BlockSpec& spec : specs)
      for (const auto& places : all)
        if (const auto placed = with_places(a, {spec, {}}, places))
          for (NormKind kind : {NormKind::layer_norm, NormKind::rms_norm})
            for (int offset : {0, 1}) {
              out.push_back(*placed);
              leave_out_what_has_no_effect(out.back());
              set_norms(out.back().spec, kind, offset);
            }
  }
  return out;
}

Evidence Stages::wiring_answers() {
  Evidence all;
  for (const auto& [id, probe] : questions_.wiring()) all.push_back(asked(id, probe));
  return all;
}

Candidate Stages::wired() {
  Evidence all = wiring_answers();
  const bool has_values = std::all_of(all.begin(), all.end(), [](const auto& a) { return a->y.allFinite(); });
  if (!has_values) questions_.turn_off_by(0x1p-10), all = wiring_answers();
  const Evidence linear(all.begin(), all.begin() + std::max<std::ptrdiff_t>(1, std::ssize(all) - 2));
  const bool stack = is_block(space_.anatomy.spec);
  const unsigned inner = wiring | norms | branches | (stack ? 0u : all_groups);
  const unsigned outer = stack && has_values ? wiring | norms : inner;
  Candidate best{space_.anatomy.spec, {}};
  best.places.resize(space_.anatomy.norms.size(), NormPlace::nowhere);
  const auto& n = space_.anatomy.norms;
  const bool named = std::all_of(n.begin(), n.end(), [](const StreamNorm& s) { return s.hint.has_value(); });
  for (const bool as_named : named ? std::vector{true, false} : std::vector{false}) {
    std::vector<Candidate> next;
    for (const Candidate& c : search_.best(starts(as_named), linear, many))
      next.push_back(search_.descend(c, linear, outer));
    next = search_.best(next, linear, some);
    for (Candidate& c : next) c = search_.descend(c, all, inner);
    for (Candidate& c : next = search_.best(next, all, few)) {
      for (const auto& a : all) a->set_noise(c, ask_.profile());
      c = search_.look(c, all, inner);
    }
    next.push_back(best);
    best = search_.best(next, all, 1).front();
    for (const auto& a : all) a->set_noise(best, ask_.profile());
    if (explains(best, all)) break;
  }
  keep(all, best);
  return best;
}

Candidate Stages::with_eps(const Candidate& start) {
  BlockSpec spec = start.spec;
  const std::vector<NamedSlot> filled = filled_slots(spec);
  if (std::none_of(filled.begin(), filled.end(), [](auto& n) { return has_statistics(**n.slot); }))
    return start;
  Evidence small;
  const bool narrow = info(ask_.profile().storage).max_exponent < 32;
  for (double size : {1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6}) {
    if (narrow && size < 1e-3) continue;
    small.push_back(asked("numbers of size " + number_text(size), questions_.of_size(size, 6, 1)));
  }
  keep(small, start);
  return search_.look(start, evidence_, norms);
}

Candidate Stages::attending(const Candidate& start) {
  if (!attends(space_.anatomy.spec)) return start;
  const int tokens = space_.longest;
  const auto uniform = asked("uniform attention", questions_.uniform_attention(tokens, start));
  const auto faint = asked("faint attention", questions_.faint_attention(tokens, start));
  const auto steep = asked("steep attention", questions_.steep_attention(tokens));
  for (const auto& a : {uniform, faint, steep}) a->set_noise(start, ask_.profile());

  std::vector<Candidate> masked;
  for (int h : space_.anatomy.head_dims)
    for (HeadSharing sharing : {HeadSharing::repeat, HeadSharing::tile})
      for (SoftmaxMode softmax : {SoftmaxMode::keys, SoftmaxMode::queries, SoftmaxMode::unnormalised}) {
        Candidate c = start;
        set_head_dim(c.spec, h);
        c.spec.attention.head_sharing = sharing;
        c.spec.attention.softmax = softmax;
        for (const AttentionSpec& a : with_every_mask(c.spec.attention, tokens)) {
          masked.push_back(c);
          masked.back().spec.attention = a;
        }
      }
  // Queries of 0 hide what turns them, but not what is added to scores.
  std::vector<Candidate> likely = search_.best(masked, {uniform}, few);
  if (likely.empty() || !explains(likely.front(), {uniform}))
    for (Candidate& c : search_.best(with_alibi(masked), {uniform}, few)) likely.push_back(std::move(c));
  const QkNorms qk = norms_on_queries_and_keys(space_.anatomy);
  if (qk.q && !space_.anatomy.spec.norm_slots.attn.q)
    for (std::size_t i = 0, n = likely.size(); i < n; ++i) {
      likely.push_back(likely[i]);
      set_qk_norms(likely.back().spec, qk);
    }
  // Scaled frequencies come near many others: they are tried where none is right without.
  Candidate best = start;
  for (const bool scaled : {false, true}) {
    std::vector<Candidate> placed;
    for (const Candidate& c : likely)
      for (int h : space_.anatomy.head_dims) {
        Candidate of_width = c;
        set_head_dim(of_width.spec, h);
        for (const auto& rope : scaled ? usual_ropes(h) : plainest_ropes(h)) {
          placed.push_back(of_width);
          placed.back().spec.position.rope = rope;
        }
      }
    std::vector<Candidate> next = search_.best(placed, {uniform, faint}, some);
    for (Candidate& c : next) {
      c = search_.descend(c, {uniform, faint}, attention);
      if (!explains(c, {uniform, faint}))
        c = search_.descend(search_.solve(c, {faint}, attention), {uniform, faint}, attention);
    }
    for (Candidate& c : next = search_.best(next, {uniform, faint, steep}, few)) {
      for (const auto& a : {uniform, faint, steep}) a->set_noise(c, ask_.profile());
      c = search_.look(c, {uniform, faint, steep}, attention);
    }
    next.push_back(best);
    best = search_.best(next, {uniform, faint, steep}, 1).front();
    if (explains(best, {uniform, faint, steep})) break;
  }
  keep({uniform, faint, steep}, best);
  return best;
}

Candidate Stages::again(const Candidate& candidate, const Evidence& more) {
  evidence_.insert(evidence_.begin(), more.begin(), more.end());  // the newest tell most
  for (const auto& a : evidence_) a->set_noise(candidate, ask_.profile());
  return search_.look(candidate, evidence_, all_groups);
}

Candidate Stages::operator()() {
  const Candidate c = attending(with_eps(wired()));
  Evidence whole;
  whole.push_back(asked("everything", questions_.stored(questions_.rich(1, space_.longest))));
  if (c.spec.norm_slots.attn.q || c.spec.norm_slots.attn.k || c.spec.norm_slots.attn.mid)
    for (double size : {1e-1, 1e-2, 1e-3})
      whole.push_back(asked("several tokens of size " + number_text(size), questions_.of_size(size, 1, 4)));
  return again(c, whole);
}

}  // namespace plumbline::identify
