// What happens within the branches: attention, positions, the feed-forward.
#include <bit>
#include <numeric>

#include "plumbline/identify/tables.hpp"

namespace plumbline::identify {
namespace {

RopeSpec* rope_of(BlockSpec& s) { return s.position.rope ? &*s.position.rope : nullptr; }
AlibiSpec* alibi_of(BlockSpec& s) { return s.position.bias ? &*s.position.bias : nullptr; }

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

constexpr double usual_bases[] = {10000, 500000, 1000000, 100000, 100, 1000};

std::string rope_text(const Candidate& c) { return c.spec.position.rope ? "yes" : "none"; }
std::vector<Candidate> other_ropes(const Candidate& c) {
  Changes changes;
  if (c.spec.position.rope)
    changes.push_back([](BlockSpec& s) { s.position.rope.reset(); });
  else
    for (const auto& r : usual_ropes(c.spec.attention.head_dim))
      changes.push_back([r](BlockSpec& s) { s.position.rope = r; });
  return changed(c, changes);
}

// A knob that is a whole number, with those to choose from.
template <class F>
Variation whole_number(std::string id, Finder<F> find, int F::*member,
                       std::function<std::vector<int>(const BlockSpec&)> numbers) {
  return {std::move(id), attention,
          [=](const Candidate& c) {
            BlockSpec s = c.spec;
            const F* f = find(s);
            return f ? std::to_string(f->*member) : std::string();
          },
          [=](const Candidate& c) {
            Changes changes;
            BlockSpec s = c.spec;
            if (find(s))
              for (int n : numbers(s)) changes.push_back([=](BlockSpec& other) { find(other)->*member = n; });
            return changed(c, changes);
          }};
}

std::vector<int> even_widths(const BlockSpec& s) {
  std::vector<int> out;
  for (int r = 2; r <= s.attention.head_dim; r += 2) out.push_back(r);
  return out;
}

// Which of them there are, then the knobs of each.
std::vector<Variation> position_knobs() {
  std::vector<Variation> out{{"position.rope", attention, rope_text, other_ropes}};
  std::vector<Variation> of_rope = walked<RopeSpec>("position.rope", attention, rope_of);
  of_rope.insert(
      of_rope.begin() + 1,  // beside the style
      whole_number<RopeSpec>("position.rope.rotary_dim", rope_of, &RopeSpec::rotary_dim, even_widths));
  add_missing(out, of_rope);
  add_missing(out, walked<PositionSpec>("position", attention, [](BlockSpec& s) { return &s.position; }));
  add_missing(out, {whole_number<AlibiSpec>("position.bias.max_bias", alibi_of, &AlibiSpec::max_bias,
                                            [](const BlockSpec&) {
                                              std::vector<int> most_likely(16);
                                              std::iota(most_likely.begin(), most_likely.end(), 1);
                                              return most_likely;
                                            })});
  add_missing(out, walked<AlibiSpec>("position.bias", attention, alibi_of));
  for (Variation& v : out) {
    if (v.id == "position.rope.exponent_of_head_dim")
      v = only_where(v, [](const BlockSpec& s) {
        return s.position.rope && s.position.rope->rotary_dim < s.attention.head_dim;
      });
    if (v.id == "position.bias.slopes")
      v = only_where(v,
                     [](const BlockSpec& s) { return !std::has_single_bit(unsigned(s.attention.n_heads)); });
  }
  return out;
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

std::vector<std::optional<RopeSpec>> usual_ropes(int head_dim) {
  std::vector<std::optional<RopeSpec>> out{std::nullopt};
  for (RopeStyle style : {RopeStyle::half, RopeStyle::interleaved})
    for (int r = head_dim - head_dim % 2; r >= 2; r -= 2)
      for (double base : usual_bases) out.push_back(RopeSpec{.style = style, .rotary_dim = r, .base = base});
  return out;
}

std::vector<AlibiSpec> usual_alibis() {
  std::vector<AlibiSpec> out{AlibiSpec{}};
  for (const AlibiSpec& wrong : gone_wrong(AlibiSpec{})) out.push_back(wrong);
  return out;
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
  std::vector<Variation> out = walked<FeedForwardSpec>("ffn", branches, [](BlockSpec& s) { return &s.ffn; });
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
  add_missing(out, position_knobs());
  add_biases<AttentionBias>(
      out, "attention.bias",
      [](std::string_view key) { return key == "q" || key == "k" ? attention : branches; },
      declared.attention.bias, [](BlockSpec& s) { return &s.attention.bias; });
  if (declared.norm_slots.attn.q || declared.norm_slots.attn.k) {
    out.push_back({"norm_slots.attn.q and k", attention, qk_norm_text,
                   [n = declared.norm_slots.attn](const Candidate& c) {
                     return changed(c, {[&](BlockSpec& s) {
                                      const bool had = s.norm_slots.attn.q || s.norm_slots.attn.k;
                                      s.norm_slots.attn.q = had ? NormSlot{} : n.q;
                                      s.norm_slots.attn.k = had ? NormSlot{} : n.k;
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
           {50, 30}},
          {"position.rope.base", attention,
           [](const Candidate& c) {
             return c.spec.position.rope ? std::optional(c.spec.position.rope->base) : std::nullopt;
           },
           [](Candidate& c, double x) { c.spec.position.rope->base = x; }, 1.5, 1e9,
           std::vector<double>(std::begin(usual_bases), std::end(usual_bases))}};
}

}  // namespace plumbline::identify
