#include "plumbline/spec/parameters.hpp"

namespace plumbline {
namespace {

struct Collector {
  std::vector<ParameterShape> shapes;

  void linear(const std::string& name, int out, int in, bool bias) {
    shapes.push_back({name + ".weight", out, in});
    if (bias) shapes.push_back({name + ".bias", 1, out});
  }
  void norm(const std::string& name, const NormSlot& slot, int width) {
    if (!slot) return;
    if (slot->gain) shapes.push_back({name + ".weight", 1, width});
    if (slot->bias) shapes.push_back({name + ".bias", 1, width});
  }
};

void attention(Collector& c, const BlockSpec& s, const std::string& prefix) {
  const AttentionSpec& a = s.attention;
  const int width = a.n_heads * a.head_dim, kv_width = a.n_kv_heads * a.head_dim;
  c.linear(prefix + "q_proj", width, s.d, a.bias.q);
  c.linear(prefix + "k_proj", kv_width, s.d, a.bias.k);
  c.linear(prefix + "v_proj", kv_width, s.d, a.bias.v);
  const auto& n = s.attn_norms;
  if (n.q) c.norm(prefix + "norm_q", n.q, norm_width(*n.q, s.d, a.n_heads, a.head_dim));
  if (n.k) c.norm(prefix + "norm_k", n.k, norm_width(*n.k, s.d, a.n_kv_heads, a.head_dim));
  c.norm(prefix + "norm_mid", n.mid, width);
  c.linear(prefix + "o_proj", s.d, width, a.bias.o);
}

void feed_forward(Collector& c, const BlockSpec& s, const std::string& prefix) {
  if (s.ffn.kind == FeedForwardKind::glu) c.linear(prefix + "gate_proj", s.ffn.d_ff, s.d, s.ffn.bias_in);
  c.linear(prefix + "up_proj", s.ffn.d_ff, s.d, s.ffn.bias_in);
  c.norm(prefix + "norm_mid", s.ffn_norms.mid, s.ffn.d_ff);
  c.linear(prefix + "down_proj", s.d, s.ffn.d_ff, s.ffn.bias_out);
}

void layer(Collector& c, const BlockSpec& s, const std::string& prefix) {
  c.norm(prefix + (s.parallel_shared_norm ? "norm_in" : "attn.norm_in"), s.attn_norms.in, s.d);
  attention(c, s, prefix + "attn.");
  c.norm(prefix + "attn.norm_out", s.attn_norms.out, s.d);
  c.norm(prefix + "attn.norm_post", s.attn_norms.post, s.d);
  c.norm(prefix + "ffn.norm_in", s.ffn_norms.in, s.d);
  feed_forward(c, s, prefix + "ffn.");
  c.norm(prefix + "ffn.norm_out", s.ffn_norms.out, s.d);
  c.norm(prefix + "ffn.norm_post", s.ffn_norms.post, s.d);
}

}  // namespace

int norm_width(const NormSpec& norm, int hidden, int heads, int head_dim) {
  switch (norm.width) {
    case NormWidth::head_dim: return head_dim;
    case NormWidth::full_heads: return heads * head_dim;
    case NormWidth::hidden: break;
  }
  return hidden;
}

std::vector<ParameterShape> parameter_shapes(const BlockSpec& s) {
  Collector c;
  switch (s.part) {
    case Part::norm:
    case Part::add_norm: c.norm("norm", s.attn_norms.in, s.d); break;
    case Part::attention: attention(c, s, "layers.0.attn."); break;
    case Part::ffn: feed_forward(c, s, "layers.0.ffn."); break;
    case Part::sdpa: break;
    case Part::block:
    case Part::stack:
      for (int i = 0; i < s.n_layers; ++i) layer(c, s, "layers." + std::to_string(i) + ".");
      c.norm("final_norm", s.final_norm, s.d);
  }
  return c.shapes;
}

std::vector<ParameterShape> other_inputs(const BlockSpec& s, int rows, int key_rows) {
  const int kv_width = s.attention.n_kv_heads * s.attention.head_dim;
  if (s.part == Part::add_norm) return {{"residual", rows, s.d}};
  if (s.part == Part::sdpa) return {{"k", key_rows, kv_width}, {"v", key_rows, kv_width}};
  return {};
}

std::string_view input_name(const BlockSpec& s) { return s.part == Part::sdpa ? "q" : "x"; }

int output_width(const BlockSpec& s) { return s.part == Part::add_norm ? 2 * s.d : s.d; }

}  // namespace plumbline
