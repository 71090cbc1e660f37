#include <cmath>
#include <string>

#include "plumbline/spec/block_spec.hpp"
#include "plumbline/spec/names.hpp"
#include "plumbline/spec/sizes.hpp"

namespace plumbline {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw Error("spec." + path + ": " + what);
}

void require_size(const std::string& path, long long value, int largest = largest_size) {
  check_size("spec." + path, value, largest);
}

// How far something is moved, or how often done, wrongly.
void require_small(const std::string& path, int value) {
  if (std::abs(value) > largest_size)
    fail(path, "expected a whole number from " + std::to_string(-largest_size) + " to " +
                   std::to_string(largest_size) + ", found " + std::to_string(value));
}

void require_finite(const std::string& path, double value) {
  if (!std::isfinite(value)) fail(path, "expected a finite number");
}

void check(const std::string& path, const NormSlot& slot, bool on_queries_or_keys = false) {
  if (!slot) return;
  if (!std::isfinite(slot->eps)) fail(path + ".eps", "expected a finite number");
  if (slot->eps < 0)
    fail(path + ".eps", "expected a number of at least 0, found " + std::to_string(slot->eps));
  if (slot->gain_offset != 0 && slot->gain_offset != 1)
    fail(path + ".gain_offset", "expected 0 or 1, found " + std::to_string(slot->gain_offset));
  if (slot->gain_offset == 1 && !slot->gain)
    fail(path + ".gain_offset", "expected 0, since gain is \"none\"");
  const bool hidden = slot->width == NormWidth::hidden;
  if (on_queries_or_keys && hidden)
    fail(path + ".width", "expected \"head_dim\" or \"full_heads\", found \"hidden\"");
  if (!on_queries_or_keys && !hidden)
    fail(path + ".width", "expected \"hidden\": other widths are for q and k");
}

void check_attention(const BlockSpec& s) {
  const AttentionSpec& a = s.attention;
  require_size("attention.n_heads", a.n_heads);
  require_size("attention.n_kv_heads", a.n_kv_heads);
  require_size("attention.head_dim", a.head_dim);
  if (1LL * a.n_heads * a.head_dim > largest_width)
    fail("attention.n_heads", "expected n_heads head_dim of at most " + std::to_string(largest_width));
  if (a.n_heads % a.n_kv_heads != 0)
    fail("attention.n_kv_heads", "expected a divisor of n_heads = " + std::to_string(a.n_heads) + ", found " +
                                     std::to_string(a.n_kv_heads));
  if (a.scale_rule == ScaleRule::inv_sqrt_scalar) {
    if (!a.scale_value) fail("attention.scale.value", "expected a number, since rule is \"inv_sqrt_scalar\"");
    if (!std::isfinite(*a.scale_value) || *a.scale_value <= 0)
      fail("attention.scale.value", "expected a finite number above 0");
  } else if (a.scale_value) {
    fail("attention.scale.value", "expected null: only rule \"inv_sqrt_scalar\" reads it");
  }
  require_finite("attention.scale.mult", a.scale_mult);
  if (a.logit_softcap && (!std::isfinite(*a.logit_softcap) || *a.logit_softcap <= 0))
    fail("attention.logit_softcap", "expected null or a finite number above 0");
  if (a.mask == MaskKind::causal_sliding) {
    if (!a.window) fail("attention.window", "expected a whole number, since mask is \"causal_sliding\"");
    require_size("attention.window", *a.window);
  } else if (a.window) {
    fail("attention.window", "expected null: only mask \"causal_sliding\" reads it");
  }
  require_small("attention.mask_offset", a.mask_offset);
  if (a.window && *a.window + a.mask_offset < 1)
    fail("attention.mask_offset", "expected at least " + std::to_string(1 - *a.window) +
                                      ", since window is " + std::to_string(*a.window) + ", found " +
                                      std::to_string(a.mask_offset) + ": some query would see no key");
  if (!s.rope) return;
  const RopeSpec& r = *s.rope;
  if (r.rotary_dim < 2 || r.rotary_dim % 2 != 0 || r.rotary_dim > a.head_dim)
    fail("position.rope.rotary_dim",
         "expected an even number from 2 to head_dim = " + std::to_string(a.head_dim) + ", found " +
             std::to_string(r.rotary_dim));
  if (!std::isfinite(r.base) || r.base <= 0) fail("position.rope.base", "expected a finite number above 0");
  if (r.direction != 1 && r.direction != -1)
    fail("position.rope.direction", "expected 1 or -1, found " + std::to_string(r.direction));
  require_small("position.rope.key_offset", r.key_offset);
}

void check_norms(const BlockSpec& s) {
  check("norm_slots.attn.in", s.attn_norms.in);
  check("norm_slots.attn.q", s.attn_norms.q, true);
  check("norm_slots.attn.k", s.attn_norms.k, true);
  check("norm_slots.attn.mid", s.attn_norms.mid);
  check("norm_slots.attn.out", s.attn_norms.out);
  check("norm_slots.attn.post", s.attn_norms.post);
  check("norm_slots.ffn.in", s.ffn_norms.in);
  check("norm_slots.ffn.mid", s.ffn_norms.mid);
  check("norm_slots.ffn.out", s.ffn_norms.out);
  check("norm_slots.ffn.post", s.ffn_norms.post);
  check("final_norm", s.final_norm);
}

void check_topology(const BlockSpec& s) {
  if (s.topology == Topology::sequential) {
    if (s.parallel_shared_norm)
      fail("parallel_shared_norm", "expected false, since topology is \"sequential\"");
    return;
  }
  if (s.attn_norms.post || s.ffn_norms.post)
    fail("norm_slots", "expected no post norm, since topology is \"parallel\"");
  if (s.parallel_shared_norm && (!s.attn_norms.in || s.ffn_norms.in))
    fail("norm_slots.ffn.in", "expected null and a norm in attn.in, since parallel_shared_norm is true");
}

void check_single_norm(const BlockSpec& s) {
  if (!s.attn_norms.in)
    fail("norm_slots.attn.in", "expected a norm, since part is \"" + std::string(name_of(s.part)) + "\"");
  check("norm_slots.attn.in", s.attn_norms.in);
}

void check_sdpa(const BlockSpec& s) {
  check_attention(s);
  if (s.d != s.attention.n_heads * s.attention.head_dim)
    fail("d", "expected n_heads head_dim = " + std::to_string(s.attention.n_heads * s.attention.head_dim) +
                  ", since part is \"sdpa\", found " + std::to_string(s.d));
  if (s.rope) fail("position.rope", "expected null, since part is \"sdpa\"");
  if (s.attn_norms.q || s.attn_norms.k)
    fail("norm_slots.attn", "expected no norm on q and k, since part is \"sdpa\"");
}

void check_single_block(const BlockSpec& s) {
  if (s.n_layers != 1)
    fail("n_layers", "expected 1, since part is \"block\", found " + std::to_string(s.n_layers));
  if (s.final_norm) fail("final_norm", "expected null, since part is \"block\"");
}

}  // namespace

void check_size(const std::string& path, long long size, int largest) {
  if (size < 1) throw Error(path + ": expected a whole number of at least 1, found " + std::to_string(size));
  if (size > largest)
    throw Error(path + ": expected a whole number of at most " + std::to_string(largest) + ", found " +
                std::to_string(size));
}

void validate(const BlockSpec& s) {
  require_size("d", s.d);
  require_size("n_layers", s.n_layers, most_layers);
  require_size("final_norm_times", s.final_norm_times, most_layers);
  require_finite("residual_scale", s.residual_scale);
  require_finite("branch_scale", s.branch_scale);
  if (s.attention.causal_alignment != CausalAlignment::bottom_right && s.part != Part::sdpa)
    fail("attention.causal_alignment", "expected \"bottom_right\": only part \"sdpa\" reads it");
  if (s.part == Part::norm || s.part == Part::add_norm) return check_single_norm(s);
  if (s.part == Part::sdpa) return check_sdpa(s);
  if (s.part == Part::block) check_single_block(s);
  check_topology(s);
  check_norms(s);
  if (s.part != Part::ffn) check_attention(s);
  if (s.part != Part::attention) require_size("ffn.d_ff", s.ffn.d_ff, largest_width);
  if (s.residual_source == ResidualSource::normed &&
      !(s.attn_norms.in && (s.ffn_norms.in || s.parallel_shared_norm)))
    fail("residual_source", "expected \"stream\": without a norm in slot \"in\" there is no normed residual");
}

}  // namespace plumbline
