// The rules of attention: in a block, and its parts by themselves.
#include "plumbline/spec/rules.hpp"

namespace plumbline::rules {
namespace {

void check_scale(const ScaleSpec& s) {
  const bool reads_value = s.rule == ScaleRule::inv_sqrt_scalar;
  if (reads_value && !s.value)
    fail("attention.scale.value", "expected a number, since rule is \"inv_sqrt_scalar\"");
  if (!reads_value && s.value)
    fail("attention.scale.value", "expected null: only rule \"inv_sqrt_scalar\" reads it");
}

void check_mask(const MaskSpec& m) {
  const bool reads_window = slides(m) || has_chunks(m);
  if (reads_window && !m.window)
    fail("attention.window",
         "expected a whole number, since mask is \"" + std::string(name_of(m.kind)) + "\"");
  if (!reads_window && m.window)
    fail("attention.window",
         "expected null: only masks \"causal_sliding\", \"sliding\" and \"causal_chunked\" read it");
  if (has_chunks(m) && m.offset < 0)
    fail("attention.mask_offset", "expected 0 or 1, since mask is \"causal_chunked\"");
  if (m.kind == MaskKind::sliding && m.offset != 0)
    fail("attention.mask_offset", "expected 0, since mask is \"sliding\"");
  if (m.window && *m.window + m.offset < 1)
    fail("attention.mask_offset", "expected at least " + std::to_string(1 - *m.window) +
                                      ", since window is " + std::to_string(*m.window) + ", found " +
                                      std::to_string(m.offset) + ": some query would see no key");
}

void check_scaling(const RopeScaling& s, double base) {
  const std::string path = "position.rope.scaling.";
  if (is_llama3(s) && !(s.high_freq_factor > s.low_freq_factor))
    fail(path + "high_freq_factor", "expected a number above low_freq_factor");
  if (is_yarn(s) && !(s.beta_fast > s.beta_slow))
    fail(path + "beta_fast", "expected a number above beta_slow");
  if (is_longrope(s) && s.original_max_position < 2)
    fail(path + "original_max_position", "expected at least 2, since kind is \"longrope\"");
  if (s.kind == RopeScalingKind::dynamic && s.factor < 1)
    fail(path + "factor", "expected at least 1, since kind is \"dynamic\"");
  if (is_yarn(s) && !(base > 1))
    fail("position.rope.base", "expected a number above 1, since scaling is \"yarn\"");
}

void check_rope(const RopeSpec& r, int head_dim) {
  if (r.rotary_dim < 2 || r.rotary_dim % 2 != 0 || r.rotary_dim > head_dim)
    fail("position.rope.rotary_dim",
         "expected an even number from 2 to head_dim = " + std::to_string(head_dim) + ", found " +
             std::to_string(r.rotary_dim));
  if (r.direction != 1 && r.direction != -1)
    fail("position.rope.direction", "expected 1 or -1, found " + std::to_string(r.direction));
  if (r.sign != 1 && r.sign != -1)
    fail("position.rope.sign", "expected 1 or -1, found " + std::to_string(r.sign));
  if (r.scaling) check_scaling(*r.scaling, r.base);
}

void check_buckets(const BucketsSpec& b) {
  if (b.count % 2 != 0)
    fail("position.buckets.count", "expected an even number, found " + std::to_string(b.count));
  if (b.max_distance <= b.count / 2)
    fail("position.buckets.max_distance", "expected more than count / 2 = " + std::to_string(b.count / 2) +
                                              ", found " + std::to_string(b.max_distance));
  if (b.sign != 1 && b.sign != -1)
    fail("position.buckets.sign", "expected 1 or -1, found " + std::to_string(b.sign));
}

// Attention whose queries, keys and values come from latent vectors.
void check_latent(const BlockSpec& s) {
  const AttentionSpec& a = s.attention;
  const LatentSpec& l = *a.latent;
  const std::string since = ", since there is attention.latent";
  if (l.rope_dim % 2 != 0 || l.rope_dim >= a.head_dim)
    fail("attention.latent.rope_dim",
         "expected an even number below head_dim = " + std::to_string(a.head_dim) + ", found " +
             std::to_string(l.rope_dim));
  if (a.n_kv_heads != a.n_heads)
    fail("attention.n_kv_heads", "expected n_heads = " + std::to_string(a.n_heads) + since + ", found " +
                                     std::to_string(a.n_kv_heads));
  if (1LL * a.n_heads * (a.head_dim + value_dim(a)) > largest_width)
    fail("attention.latent.v_head_dim",
         "expected n_heads (head_dim + v_head_dim) of at most " + std::to_string(largest_width));
  if (a.bias.q || a.bias.k || a.bias.v) fail("attention.bias", "expected none of q, k and v" + since);
  const auto& n = s.norm_slots.attn;
  if (n.q || n.k || n.v) fail("norm_slots.attn", "expected no norm on q, k and v" + since);
  if (s.position.rope && s.position.rope->rotary_dim != l.rope_dim)
    fail("position.rope.rotary_dim", "expected rope_dim = " + std::to_string(l.rope_dim) + since +
                                         ", found " + std::to_string(s.position.rope->rotary_dim));
}

// What a question says of its keys.
void check_given(const BlockSpec& s) {
  const GivenSpec& g = *s.attention.given;
  const std::string path = "attention.given", part(name_of(s.part));
  if (g.mask == GivenMask::none && !g.lengths && !g.segments && g.past == 0)
    fail(path, "expected a mask, lengths, segments or a past, found none of them");
  if (g.mask == GivenMask::none && g.mask_over != MaskOver::nothing)
    fail(path + ".mask_over", "expected \"nothing\", since mask is \"none\"");
  if (g.past == 0) return;
  if (is_block(s)) fail(path + ".past", "expected 0, since part is \"" + part + "\", which fills no cache");
  if (s.attention.latent) fail(path + ".past", "expected 0, since there is attention.latent");
  if (g.segments) fail(path + ".past", "expected 0, since there are segments");
  if (has_own_keys(s) && g.lengths)
    fail(path + ".past", "expected 0, since part is \"" + part +
                             "\" and there are lengths: they say where "
                             "the last query stands");
  if (s.attention.mask.alignment != CausalAlignment::bottom_right)
    fail("attention.causal_alignment",
         "expected \"bottom_right\", since attention.given.past says where "
         "queries stand");
}

void check_numbers_of_heads(const AttentionSpec& a) {
  check_ranges("attention", a);
  if (1LL * a.n_heads * a.head_dim > largest_width)
    fail("attention.n_heads", "expected n_heads head_dim of at most " + std::to_string(largest_width));
  if (a.n_heads % a.n_kv_heads != 0)
    fail("attention.n_kv_heads", "expected a divisor of n_heads = " + std::to_string(a.n_heads) + ", found " +
                                     std::to_string(a.n_kv_heads));
}

void check_width_of_heads(const BlockSpec& s) {
  if (s.d != s.attention.n_heads * s.attention.head_dim)
    fail("d", "expected n_heads head_dim = " + std::to_string(s.attention.n_heads * s.attention.head_dim) +
                  ", since " + part_text(s) + ", found " + std::to_string(s.d));
}

}  // namespace

void check_attention(const BlockSpec& s) {
  const AttentionSpec& a = s.attention;
  check_numbers_of_heads(a);
  check_scale(a.scale);
  check_mask(a.mask);
  if (a.linear) fail("attention.linear", "expected null: only part \"linear_attention\" reads it");
  if (a.given) check_given(s);
  if (a.v_head_dim && !reads_heads(s))
    fail("attention.v_head_dim", "expected null: only parts \"sdpa\" and \"linear_attention\" read it");
  check_ranges("position", s.position);
  if (s.position.rope) check_rope(*s.position.rope, a.head_dim);
  if (s.position.rope && s.position.rope->tables != RopeTables::computed)
    fail("position.rope.tables", "expected \"computed\": only part \"rope\" is given them");
  if (s.position.buckets) check_buckets(*s.position.buckets);
  if (a.latent) check_latent(s);
}

// Heads that turn.
void check_turning(const BlockSpec& s) {
  check_numbers_of_heads(s.attention);
  check_width_of_heads(s);
  const std::string since = ", since " + part_text(s);
  if (!s.position.rope) fail("position.rope", "expected what turns heads, found null" + since);
  if (s.position.bias) fail("position.bias", "expected null" + since);
  if (s.position.buckets) fail("position.buckets", "expected null" + since);
  if (s.attention.v_head_dim) fail("attention.v_head_dim", "expected null" + since);
  check_ranges("position", s.position);
  check_rope(*s.position.rope, s.attention.head_dim);
  if (s.position.rope->tables == RopeTables::given && s.position.rope->scaling)
    fail("position.rope.scaling", "expected null, since tables are given");
}

// A state instead of scores.
void check_recurrence(const BlockSpec& s) {
  const AttentionSpec& a = s.attention;
  check_numbers_of_heads(a);
  check_width_of_heads(s);
  check_scale(a.scale);
  const std::string since = ", since " + part_text(s);
  if (!a.linear) fail("attention.linear", "expected how tokens write to the state, found null" + since);
  if (!(a.mask == MaskSpec{})) fail("attention.mask", "expected \"causal\"" + since);
  if (a.softcap.cap) fail("attention.logit_softcap", "expected null" + since);
  if (a.sink.present) fail("attention.sink", "expected false" + since);
  if (a.given) fail("attention.given", "expected null" + since);
  if (a.latent) fail("attention.latent", "expected null" + since);
  if (a.gate) fail("attention.gate", "expected null" + since);
  if (!(s.position == PositionSpec{})) fail("position", "expected no positions" + since);
  if (s.norm_slots.attn.q || s.norm_slots.attn.k || s.norm_slots.attn.v)
    fail("norm_slots.attn", "expected no norm on q, k and v" + since);
}

// Attention without projections.
void check_heads(const BlockSpec& s) {
  const std::string part = part_text(s);
  check_attention(s);
  check_width_of_heads(s);
  if (s.position.rope) fail("position.rope", "expected null, since " + part);
  if (s.norm_slots.attn.q || s.norm_slots.attn.k || s.norm_slots.attn.v)
    fail("norm_slots.attn", "expected no norm on q, k and v, since " + part);
  if (s.attention.gate) fail("attention.gate", "expected null, since " + part);
  if (s.attention.latent) fail("attention.latent", "expected null, since " + part);
}

// A softmax of scores that are there already.
void check_softmax(const BlockSpec& s) {
  const AttentionSpec& a = s.attention;
  const std::string since = ", since part is \"softmax\"";
  check_ranges("attention", a);
  if (a.n_heads != 1)
    fail("attention.n_heads", "expected 1" + since + ", found " + std::to_string(a.n_heads));
  if (a.n_kv_heads != 1)
    fail("attention.n_kv_heads", "expected 1" + since + ", found " + std::to_string(a.n_kv_heads));
  check_scale(a.scale);
  check_mask(a.mask);
  if (a.given) fail("attention.given", "expected null" + since);
  if (a.gate) fail("attention.gate", "expected null" + since);
  if (a.latent) fail("attention.latent", "expected null" + since);
  if (!(s.position == PositionSpec{})) fail("position", "expected none" + since);
}

}  // namespace plumbline::rules
