#include "plumbline/block/parameter_shapes.hpp"

namespace plumbline {
namespace {

void add_layer(ParameterShapes& out, const BlockSpec& s, const std::string& prefix) {
  const auto& [attn, ffn] = s.norm_slots;
  const auto add_mixer = [&](const char* sublayer) {
    if (s.streams) add_mixer_shapes(out, prefix + sublayer + ".mixer.", *s.streams, s.d);
  };
  const bool joins_once = s.topology == Topology::parallel;
  const auto add_join = [&](const char* sublayer, Sublayers one) {
    if (!s.streams && !joins_once) add_join_shapes(out, prefix + sublayer + ".", s.residual, one, s.d);
  };
  add_mixer("attn");
  add_norm_shapes(out, prefix + (s.parallel_shared_norm ? "norm_in" : "attn.norm_in"), attn.in, s.d);
  add_attention_shapes(out, prefix + "attn.", s.attention, attn, s.position, s.d);
  add_norm_shapes(out, prefix + "attn.norm_out", attn.out, s.d);
  add_join("attn", Sublayers::attn);
  add_norm_shapes(out, prefix + "attn.norm_post", attn.post, s.d);
  add_mixer("ffn");
  add_norm_shapes(out, prefix + "ffn.norm_in", ffn.in, s.d);
  add_feed_forward_shapes(out, prefix + "ffn.", s.ffn, ffn.mid, s.d);
  add_norm_shapes(out, prefix + "ffn.norm_out", ffn.out, s.d);
  add_join("ffn", Sublayers::ffn);
  add_norm_shapes(out, prefix + "ffn.norm_post", ffn.post, s.d);
  if (joins_once) add_join_shapes(out, prefix, s.residual, Sublayers::both, s.d);
  if (s.residual.layer_scalar) out.push_back({prefix + "layer_scalar", 1, 1, Role::gain, Module::residual});
}

}  // namespace

void Layers::add_parameters(ParameterShapes& out, const BlockSpec& s) {
  for (int i = 0; i < s.n_layers; ++i) add_layer(out, layer_of(s, i), "layers." + std::to_string(i) + ".");
  if (is_stack(s) && s.streams) return PartOf<Part::collapse>::add_parameters(out, s);
  add_norm_shapes(out, "final_norm", s.final_norm, s.d);
}

void PartOf<Part::collapse>::add_parameters(ParameterShapes& out, const BlockSpec& s) {
  if (s.streams) add_mixer_shapes(out, "streams.", *s.streams, s.d, true);
  add_norm_shapes(out, "final_norm", s.final_norm, s.d);
}

bool has_turn_tables(const BlockSpec& s) {
  return s.position.rope && s.position.rope->tables == RopeTables::given;
}
bool has_decay(const BlockSpec& s) { return s.attention.linear && decays(*s.attention.linear); }
bool has_beta(const BlockSpec& s) { return s.attention.linear && corrects(*s.attention.linear); }
bool has_state(const BlockSpec& s) { return s.attention.linear && s.attention.linear->state; }

ParameterShapes parameter_shapes(const BlockSpec& s) {
  ParameterShapes out;
  with_part(s.part, [&](auto part) { PartOf<part()>::add_parameters(out, s); });
  return out;
}

ParameterShapes other_inputs(const BlockSpec& s, int rows, int key_rows, int batch) {
  ParameterShapes out;
  for (const TokenTensor& t : inputs_beside_x(s)) {
    const int n = t.rows == Rows::keys ? key_rows : t.rows == Rows::states ? batch * state_rows(s) : rows;
    out.push_back({std::string(t.name), n, width_of(s, t)});
  }
  const AttentionSpec& a = s.attention;
  const bool own_keys = has_own_keys(s);
  if (attends(s) && a.given)
    add_given_shapes(out, *a.given, a.n_heads, a.n_kv_heads * a.head_dim, a.n_kv_heads * value_dim(a), batch,
                     rows / batch, (own_keys ? key_rows : rows) / batch, own_keys);
  return out;
}

std::string_view input_name(const BlockSpec& s) { return part_of(s).x.name; }

int input_width(const BlockSpec& s) { return width_of(s, part_of(s).x); }

int output_width(const BlockSpec& s) {
  int width = width_of(s, part_of(s).y);
  for (const TokenTensor& t : part_of(s).beside_y) width += width_of(s, t);
  return width;
}

}  // namespace plumbline
