// What happens within the branches: attention and the feed-forward.
#include "plumbline/identify/tables.hpp"

namespace plumbline::identify {
namespace {

std::string mask_text(const AttentionSpec& a) {
  std::string text(plumbline::name_of(a.mask.kind));
  if (a.mask.window) text += " " + std::to_string(*a.mask.window);
  if (a.mask.offset) text += ", offset " + std::to_string(a.mask.offset);
  if (a.mask.mode != MaskMode::exact) text += ", mode " + std::string(plumbline::name_of(a.mask.mode));
  return text;
}

std::string scale_text(const AttentionSpec& a) {
  std::string text(plumbline::name_of(a.scale.rule));
  if (a.scale.value) text += " " + number_text(*a.scale.value);
  if (a.scale.mult != 1) text += " times " + number_text(a.scale.mult);
  return text;
}
void set_scale(BlockSpec& s, ScaleRule rule, std::optional<double> value) {
  s.attention.scale.rule = rule;
  s.attention.scale.value = value;
}
std::vector<Candidate> other_scales(const Candidate& c) {
  const double h = c.spec.attention.head_dim, d = c.spec.d, heads = c.spec.attention.n_heads;
  Changes changes{[](BlockSpec& s) { set_scale(s, ScaleRule::inv_sqrt_head_dim, {}); },
                  [](BlockSpec& s) { set_scale(s, ScaleRule::one, {}); }};
  for (double value : {d, heads, h * h})
    if (value != h && value != 1)
      changes.push_back([=](BlockSpec& s) { set_scale(s, ScaleRule::inv_sqrt_scalar, value); });
  return changed(c, changes);
}

std::vector<Candidate> other_masks(const Candidate& c, int longest) {
  Changes changes;
  for (const AttentionSpec& a : with_every_mask(c.spec.attention, longest))
    changes.push_back([a](BlockSpec& s) { s.attention = a; });
  return changed(c, changes);
}

// Biases that the box has parameters for: used, or not.
template <class Bias>
void add_biases(std::vector<Variation>& out, const std::string& path, Group (*group)(std::string_view key),
                const Bias& declared, Finder<Bias> find) {
  for_each_knob<Bias>([&](const auto& k) {
    if (declared.*(k.member)) out.push_back(variation(dotted(path, k.key), group(k.key), find, choice(k)));
  });
}

std::string qk_norm_text(const Candidate& c) {
  const auto& n = c.spec.norm_slots.attn;
  return n.q && n.k ? "both" : n.q ? "q" : n.k ? "k" : "none";
}

std::string gate_text(const Candidate& c) {
  const auto& gate = c.spec.attention.gate;
  return gate ? std::string(plumbline::name_of(*gate)) : "none";
}
// A gate that the box has parameters for: which activation, or none.
Variation gate_knob() {
  return {"attention.gate", branches, gate_text, [](const Candidate& c) {
            Changes changes{[](BlockSpec& s) { s.attention.gate.reset(); }};
            for (auto [f, name] : names<Activation>())
              changes.push_back([f](BlockSpec& s) { s.attention.gate = f; });
            return changed(c, changes);
          }};
}
// Used, or not.
Variation norm_on_values(const NormSlot& declared) {
  return {"norm_slots.attn.v", branches,
          [](const Candidate& c) { return std::string(c.spec.norm_slots.attn.v ? "yes" : "none"); },
          [declared](const Candidate& c) {
            return changed(c, {[&](BlockSpec& s) {
                             s.norm_slots.attn.v = s.norm_slots.attn.v ? NormSlot{} : declared;
                           }});
          }};
}

std::string head_dim_text(const Candidate& c) { return std::to_string(c.spec.attention.head_dim); }

}  // namespace

std::vector<AttentionSpec> with_every_mask(const AttentionSpec& attention, int longest) {
  std::vector<AttentionSpec> out;
  for (MaskMode mode : {MaskMode::exact, MaskMode::after_softmax, MaskMode::zero_score, MaskMode::finite})
    for (int offset : {0, 1, -1})
      for (int window = 0; window < longest; ++window) {  // 0: causal
        AttentionSpec a = attention;
        a.mask.kind = window ? MaskKind::causal_sliding : MaskKind::causal;
        a.mask.window = window ? std::optional(window) : std::nullopt;
        a.mask.mode = mode;
        a.mask.offset = offset;
        out.push_back(a);
      }
  AttentionSpec everything = attention;
  everything.mask.kind = MaskKind::bidirectional;
  everything.mask.window.reset();
  everything.mask.mode = MaskMode::exact;
  everything.mask.offset = 0;
  out.insert(out.begin() + 1, everything);
  for (int window = 2; window < longest; ++window) {  // one key alone is seen by causal windows too
    AttentionSpec a = everything;
    a.mask.kind = MaskKind::sliding;
    a.mask.window = window;
    out.push_back(a);
  }
  return out;
}

QkNorms norms_on_queries_and_keys(const Anatomy& a) {
  const auto& n = a.spec.norm_slots.attn;
  if (n.q || n.k || !a.norms.empty() || a.spec.final_norm) return {n.q, n.k};
  NormSpec bare{.kind = NormKind::rms_norm};
  bare.gain = bare.bias = false;
  bare.width = NormWidth::head_dim;
  return {bare, bare};
}

void set_qk_norms(BlockSpec& s, const QkNorms& n) {
  const NormSlot like = s.norm_slots.attn.in;
  for (auto [slot, norm] : {std::pair(&s.norm_slots.attn.q, &n.q), {&s.norm_slots.attn.k, &n.k}}) {
    *slot = *norm;
    const bool is_bare = *slot && !(*slot)->gain && !(*slot)->bias;
    if (is_bare && like) (*slot)->eps = like->eps;
  }
}

void set_head_dim(BlockSpec& s, int head_dim) {
  AttentionSpec& a = s.attention;
  a.n_heads = a.n_heads * a.head_dim / head_dim;
  a.n_kv_heads = a.n_kv_heads * a.head_dim / head_dim;
  a.head_dim = head_dim;
  if (s.position.rope && s.position.rope->rotary_dim > head_dim)
    s.position.rope->rotary_dim = head_dim - head_dim % 2;
  if (s.position.rope && s.position.rope->rotary_dim < 2) s.position.rope.reset();
}

std::vector<Variation> feed_forward_knobs(const Space& space) {
  const BlockSpec& declared = space.anatomy.spec;
  if (!feeds(declared)) return {};
  std::vector<Variation> out = expert_knobs(space);
  add_missing(out, walked<FeedForwardSpec>("ffn", branches, [](BlockSpec& s) { return &s.ffn; }));
  if (!declared.ffn.moe) std::erase_if(out, [](const Variation& v) { return v.id == "ffn.moe"; });
  add_biases<FeedForwardBias>(
      out, "ffn.bias", [](std::string_view) { return branches; }, declared.ffn.bias,
      [](BlockSpec& s) { return &s.ffn.bias; });
  return out;
}

std::vector<Variation> attention_knobs(const Space& space) {
  const BlockSpec& declared = space.anatomy.spec;
  if (!attends(declared)) return {};
  std::vector<Variation> out{
      {"attention.mask", attention, [](const Candidate& c) { return mask_text(c.spec.attention); },
       [n = space.longest](const Candidate& c) { return other_masks(c, n); }},
      {"attention.scale", attention, [](const Candidate& c) { return scale_text(c.spec.attention); },
       other_scales}};
  if (declared.attention.gate) out.push_back(gate_knob());
  if (declared.norm_slots.attn.v) out.push_back(norm_on_values(declared.norm_slots.attn.v));
  add_missing(out, walked<AttentionSpec>("attention", attention, [](BlockSpec& s) { return &s.attention; }));
  if (space.anatomy.head_dims.size() > 1)
    out.push_back({"attention.head_dim", attention, head_dim_text,
                   [dims = space.anatomy.head_dims](const Candidate& c) {
                     Changes changes;
                     for (int h : dims) changes.push_back([h](BlockSpec& s) { set_head_dim(s, h); });
                     return changed(c, changes);
                   }});
  out.push_back({"attention.logit_softcap", attention,
                 [](const Candidate& c) {
                   const auto& cap = c.spec.attention.softcap.cap;
                   return cap ? number_text(*cap) : std::string("none");
                 },
                 [](const Candidate& c) {
                   Changes changes{[](BlockSpec& s) {
                     s.attention.softcap.cap.reset(), s.attention.softcap.after_mask = false;
                   }};
                   for (double cap : {50.0, 30.0, 20.0, 10.0, 5.0})
                     changes.push_back([cap](BlockSpec& s) { s.attention.softcap.cap = cap; });
                   return changed(c, changes);
                 }});
  add_missing(out,
              walked<SoftcapSpec>("attention", attention, [](BlockSpec& s) { return &s.attention.softcap; }));
  add_missing(out, position_knobs(space));
  add_biases<AttentionBias>(
      out, "attention.bias",
      [](std::string_view key) { return key == "q" || key == "k" ? attention : branches; },
      declared.attention.bias, [](BlockSpec& s) { return &s.attention.bias; });
  const QkNorms qk = norms_on_queries_and_keys(space.anatomy);
  if (qk.q || qk.k) {
    out.push_back({"norm_slots.attn.q and k", attention, qk_norm_text, [qk](const Candidate& c) {
                     return changed(c, {[&](BlockSpec& s) {
                                      const bool had = s.norm_slots.attn.q || s.norm_slots.attn.k;
                                      set_qk_norms(s, had ? QkNorms{} : qk);
                                    }});
                   }});
    out.push_back({"norm_slots.attn.q and k.position", attention,
                   [](const Candidate& c) {
                     const NormSlot& n =
                         c.spec.norm_slots.attn.q ? c.spec.norm_slots.attn.q : c.spec.norm_slots.attn.k;
                     return n ? std::string(plumbline::name_of(n->position)) : std::string();
                   },
                   [](const Candidate& c) {
                     return changed(c, {[](BlockSpec& s) {
                                      for (NormSlot* n : {&s.norm_slots.attn.q, &s.norm_slots.attn.k})
                                        if (*n)
                                          (*n)->position = (*n)->position == QkPosition::before_rope
                                                               ? QkPosition::after_rope
                                                               : QkPosition::before_rope;
                                    }});
                   }});
  }
  return out;
}

std::vector<Number> attention_numbers(const Space& space) {
  if (!attends(space.anatomy.spec)) return {};
  return {{"attention.scale.value", attention,
           [](const Candidate& c) -> std::optional<double> {
             const AttentionSpec& a = c.spec.attention;
             return a.scale.rule == ScaleRule::inv_sqrt_scalar ? *a.scale.value
                    : a.scale.rule == ScaleRule::one           ? 1
                                                               : a.head_dim;
           },
           [](Candidate& c, double x) {
             const bool usual = x == c.spec.attention.head_dim;
             set_scale(c.spec, usual ? ScaleRule::inv_sqrt_head_dim : ScaleRule::inv_sqrt_scalar,
                       usual ? std::nullopt : std::optional(x));
           },
           1e-4, 1e8},
          {"attention.logit_softcap",
           attention,
           [](const Candidate& c) { return c.spec.attention.softcap.cap; },
           [](Candidate& c, double x) { c.spec.attention.softcap.cap = x; },
           0.01,
           1e4,
           {50, 30}}};
}

}  // namespace plumbline::identify
