#include "plumbline/spec/rules.hpp"

namespace plumbline {
namespace {

using namespace rules;

// What a norm stands on.
enum class On { stream, queries_or_keys, values };

void check(const std::string& path, const NormSlot& slot, On on = On::stream) {
  if (!slot) return;
  check_ranges(path, *slot);
  if (slot->gain_offset == 1 && !slot->gain)
    fail(path + ".gain_offset", "expected 0, since gain is \"none\"");
  const bool hidden = slot->width == NormWidth::hidden;
  if (on != On::stream && hidden)
    fail(path + ".width", "expected \"head_dim\" or \"full_heads\", found \"hidden\"");
  if (on == On::stream && !hidden)
    fail(path + ".width", "expected \"hidden\": other widths are for q, k and v");
  if (on != On::queries_or_keys && slot->position != QkPosition::before_rope)
    fail(path + ".position", "expected \"before_rope\": others are for q and k");
}

void check_moe(const BlockSpec& s) {
  const MoeSpec& m = *s.ffn.moe;
  if (m.top_k > m.experts)
    fail("ffn.moe.top_k",
         "expected at most experts = " + std::to_string(m.experts) + ", found " + std::to_string(m.top_k));
  if (m.experts % m.groups != 0)
    fail("ffn.moe.groups", "expected a divisor of experts = " + std::to_string(m.experts) + ", found " +
                               std::to_string(m.groups));
  const int each = m.experts / m.groups, chosen = m.groups == 1 ? 1 : m.chosen_groups;
  if (chosen > m.groups)
    fail("ffn.moe.chosen_groups", "expected at most groups = " + std::to_string(m.groups) + ", found " +
                                      std::to_string(m.chosen_groups));
  if (m.top_k > chosen * each)
    fail("ffn.moe.top_k", "expected at most the " + std::to_string(chosen * each) +
                              " experts of the chosen groups, found " + std::to_string(m.top_k));
  if (m.groups > 1 && m.group_score == GroupScore::top_two && each < 2)
    fail("ffn.moe.group_score", "expected \"largest\", since a group has one expert");
  if (feeds(s) && s.norm_slots.ffn.mid)
    fail("norm_slots.ffn.mid", "expected null, since ffn.moe has experts");
}

void check_norms(const BlockSpec& s) {
  for_each_norm_slot(s, [](const std::string& id, const NormSlot& slot) {
    const On on = id == "attn.q" || id == "attn.k" ? On::queries_or_keys
                  : id == "attn.v"                 ? On::values
                                                   : On::stream;
    check(id == "final_norm" ? id : "norm_slots." + id, slot, on);
  });
}

void check_topology(const BlockSpec& s) {
  if (s.topology == Topology::sequential) {
    if (s.parallel_shared_norm)
      fail("parallel_shared_norm", "expected false, since topology is \"sequential\"");
    return;
  }
  if (s.norm_slots.attn.post || s.norm_slots.ffn.post)
    fail("norm_slots", "expected no post norm, since topology is \"parallel\"");
  if (s.parallel_shared_norm && (!s.norm_slots.attn.in || s.norm_slots.ffn.in))
    fail("norm_slots.ffn.in", "expected null and a norm in attn.in, since parallel_shared_norm is true");
}

// How branches join one stream.
void check_residual(const BlockSpec& s) {
  const ResidualSpec &r = s.residual, none;
  check_ranges("", r);
  if (s.streams && !(r == none))
    fail("streams", "expected null, since rules of one stream say how branches join it");
  if (is_lerp(r)) {
    const std::string since = ", since residual_rule is \"lerp\"";
    if (s.residual_scale != 1) fail("residual_scale", "expected 1" + since);
    if (s.branch_scale != 1) fail("branch_scale", "expected 1" + since);
    if (has_gains(r))
      fail(r.branch_gain == Sublayers::none ? "residual_gain" : "branch_gain", "expected \"none\"" + since);
    if (s.residual_source != ResidualSource::stream) fail("residual_source", "expected \"stream\"" + since);
    if (s.norm_slots.attn.post || s.norm_slots.ffn.post) fail("norm_slots", "expected no post norm" + since);
    if (s.attn_residual != ResidualFault::none || s.ffn_residual != ResidualFault::none || s.scales_swapped)
      fail("residual_rule", "expected \"add\", since a residual is wrong in a way that a sum alone has");
  }
  if (r.residual_gain != Sublayers::none && s.residual_scale != 1)
    fail("residual_scale", "expected 1, since there is a residual_gain");
  if (r.branch_gain != Sublayers::none && s.branch_scale != 1)
    fail("branch_scale", "expected 1, since there is a branch_gain");
  const std::pair<const char*, Sublayers> those[] = {
      {"residual_gain", r.residual_gain}, {"branch_gain", r.branch_gain}, {"gpas", r.gpas}};
  for (const auto& [key, which] : those)
    if (s.topology == Topology::parallel && (which == Sublayers::attn || which == Sublayers::ffn))
      fail(key, "expected \"none\" or \"both\", since topology is \"parallel\"");
  if (r.norm_depth_scale && !is_stack(s))
    fail("norm_depth_scale", "expected false, since part is \"block\", which is number 1 of no stack");
  if (r.norm_depth_scale && !(s.norm_slots.attn.in || s.norm_slots.ffn.in))
    fail("norm_depth_scale", "expected false: without a norm in slot \"in\" nothing is scaled");
}

// Several streams: what their rule has a use for.
void check_streams(const BlockSpec& s) {
  const StreamsSpec& t = *s.streams;
  const std::string rule(name_of(t.rule)), since = ", since streams.rule is \"" + rule + "\"";
  check_ranges("streams", t);
  if (!mixes(t) && t.count != 2)
    fail("streams.count", "expected 2" + since + ", found " + std::to_string(t.count));
  if (mixes(t) && !balances(t) && t.count > 5)
    fail("streams.count", "expected at most 5" + since +
                              ": all permutations of the streams are mixed, found " +
                              std::to_string(t.count));
  check("streams.norm", t.norm);
  if (norms_streams(t) != t.norm.has_value())
    fail("streams.norm", std::string("expected ") + (t.norm ? "null" : "a norm") + since);
  if (!is_block(s)) return;
  const bool posts = t.rule == StreamRule::resi_dual;
  const auto& [attn, ffn] = s.norm_slots;
  if (attn.post.has_value() != posts || ffn.post.has_value() != posts)
    fail("norm_slots",
         std::string("expected ") + (posts ? "a norm in attn.post and ffn.post" : "no post norm") + since);
  if (s.topology != Topology::sequential)
    fail("topology", "expected \"sequential\", since there are streams");
  if (s.residual_source != ResidualSource::stream)
    fail("residual_source", "expected \"stream\", since there are streams");
  if (s.residual_scale != 1) fail("residual_scale", "expected 1, since there are streams");
  if (s.branch_scale != 1 && !norms_streams(t)) fail("branch_scale", "expected 1" + since);
  if (s.attn_residual != ResidualFault::none || s.ffn_residual != ResidualFault::none ||
      s.ffn_reads_block_input || s.scales_swapped)
    fail("streams", "expected null, since a residual is wrong in a way that one stream alone has");
}

void check_single_norm(const BlockSpec& s) {
  if (!s.norm_slots.attn.in)
    fail("norm_slots.attn.in", "expected a norm, since part is \"" + std::string(name_of(s.part)) + "\"");
  check("norm_slots.attn.in", s.norm_slots.attn.in);
}

// Each by itself, with the sizes of all.
void check_layers(const BlockSpec& s) {
  if (!is_stack(s)) fail("layers", "expected none, since part is \"" + std::string(name_of(s.part)) + "\"");
  if (int(s.layers.size()) > s.n_layers)
    fail("layers", "expected at most n_layers = " + std::to_string(s.n_layers) + ", found " +
                       std::to_string(s.layers.size()));
  for (std::size_t i = 0; i < s.layers.size(); ++i) {
    const BlockSpec& layer = s.layers[i];
    const std::string path = "layers[" + std::to_string(i) + "]";
    const auto check_same = [&](const char* key, int found, int expected) {
      if (found != expected)
        fail(path + "." + key,
             "expected " + std::to_string(expected) + ", as in layers[0], found " + std::to_string(found));
    };
    if (layer.streams) fail(path + ".streams", "expected null: unlike layers have one stream");
    check_same("d", layer.d, s.d);
    check_same("attention.n_heads", layer.attention.n_heads, s.attention.n_heads);
    check_same("attention.n_kv_heads", layer.attention.n_kv_heads, s.attention.n_kv_heads);
    check_same("attention.head_dim", layer.attention.head_dim, s.attention.head_dim);
    try {
      validate(layer);
    } catch (const Error& e) {
      throw Error("spec." + path + std::string(e.what()).substr(4));  // behind "spec"
    }
  }
}

// The router of experts, and the mixer of streams.
void check_router(const BlockSpec& s) {
  if (!s.ffn.moe) fail("ffn.moe", "expected experts, since part is \"router\"");
  check_ranges("ffn.moe", *s.ffn.moe);
  check_moe(s);
}
void check_mixer(const BlockSpec& s) {
  if (!s.streams || !mixes(*s.streams))
    fail("streams", "expected rule \"mhc\" or \"mhc_lite\", since part is \"mixer\"");
}

void check_linear(const BlockSpec& s) {
  if (maps(s) && !s.linear) fail("linear", "expected a projection, since part is \"linear\"");
  if (s.linear && !maps(s))
    fail("linear", "expected null, since part is \"" + std::string(name_of(s.part)) + "\"");
  if (s.linear) check_ranges("linear", *s.linear);
}

// f of what is projected already.
void check_activation(const BlockSpec& s) {
  const FeedForwardSpec& f = s.ffn;
  const std::string since = ", since part is \"" + std::string(name_of(s.part)) + "\"";
  const auto kind = part_of(s).reads_gate_and_up() ? FeedForwardKind::glu : FeedForwardKind::mlp;
  check_ranges("ffn", f);
  if (f.kind != kind)
    fail("ffn.kind", "expected \"" + std::string(name_of(kind)) + "\"" + since + ", found \"" +
                         std::string(name_of(f.kind)) + "\"");
  if (f.moe) fail("ffn.moe", "expected null" + since);
}

void check_single_block(const BlockSpec& s) {
  if (s.n_layers != 1)
    fail("n_layers", "expected 1, since part is \"block\", found " + std::to_string(s.n_layers));
  if (s.final_norm) fail("final_norm", "expected null, since part is \"block\"");
  if (s.layer_parameters != LayerParameters::own)
    fail("layer_parameters", "expected \"own\", since part is \"block\"");
  if (s.final_norm_times != 1) fail("final_norm_times", "expected 1, since part is \"block\"");
}

}  // namespace

void check_size(const std::string& path, long long size, int largest) {
  if (size < 1) throw Error(path + ": expected a whole number of at least 1, found " + std::to_string(size));
  if (size > largest)
    throw Error(path + ": expected a whole number of at most " + std::to_string(largest) + ", found " +
                std::to_string(size));
}

void validate(const BlockSpec& s) {
  if (!s.layers.empty()) check_layers(s);
  // The block's own numbers; those of its features where its part reads them.
  for_each_knob<BlockSpec>([&](const auto& k) {
    using T = std::remove_cvref_t<decltype(s.*(k.member))>;
    if constexpr (!Feature<without_optional<T>>) require(std::string(k.key), k, s.*(k.member));
  });
  if (s.attention.mask.alignment != CausalAlignment::bottom_right && !has_own_keys(s) && !weighs(s))
    fail("attention.causal_alignment",
         "expected \"bottom_right\": only parts \"sdpa\" and \"softmax\" read it");
  if (s.ffn.packing != GatePacking::gate_first && !part_of(s).reads_gate_and_up())
    fail("ffn.packing", "expected \"gate_first\": only part \"gated_activation\" reads it");
  check_linear(s);
  if (s.streams && !is_block(s) && !ends_streams(s) && !mixes_streams(s))
    fail("streams", "expected null, since part is \"" + std::string(name_of(s.part)) + "\"");
  if (s.streams) check_streams(s);
  if (routes(s)) return check_router(s);
  if (mixes_streams(s)) return check_mixer(s);
  if (turns(s)) return check_turning(s);
  if (recurs(s)) return check_recurrence(s);
  if (ends_streams(s)) return check_norms(s);
  if (weighs(s)) return check_softmax(s);
  if (maps(s)) return;
  if (activates(s)) return check_activation(s);
  if (is_one_norm(s)) return check_single_norm(s);
  if (attends(s) && !projects(s)) return check_heads(s);
  if (is_block(s) && !is_stack(s)) check_single_block(s);
  if (is_block(s)) check_residual(s);
  check_topology(s);
  check_norms(s);
  if (attends(s)) check_attention(s);
  if (feeds(s)) check_ranges("ffn", s.ffn);
  if (feeds(s) && s.ffn.moe) check_moe(s);
  if (s.residual_source == ResidualSource::normed && !(s.norm_slots.attn.in || s.norm_slots.ffn.in))
    fail("residual_source", "expected \"stream\": without a norm in slot \"in\" there is no normed residual");
}

}  // namespace plumbline
