// What can be under test. A part is a record of what it is made of, what it takes and gives, which parameters
// it asks for and how it is computed; each stands beside the feature that it exposes, as PartOf<its
// enumerator>. Whoever treats some parts unlike others asks the record.
#pragma once

#include <span>
#include <type_traits>
#include <vector>

#include "plumbline/base/names.hpp"
#include "plumbline/block/parameter_shape.hpp"
#include "plumbline/block/parameters.hpp"

namespace plumbline {

// A stack of blocks, one block, a sublayer's branch alone (no norm, no residual), or a single operation.
// norm: N(x), of slot attn.in. add_norm: x, residual -> N(sum) beside sum = alpha residual + beta x. sdpa: q,
// k, v -> softmax(scale q k^T) v. collapse: what stands behind the last layer of a stack of several streams.
// router: the weights of the experts. mixer: what is read of several streams, written to them and mixed.
// rope: heads that turn. linear_attention: q, k, v -> what queries read of a state that tokens write to.
// softmax: of the rows of x, which are scores. linear: x W^T + b. activation: f(x). gated_activation: gate
// and up side by side in x -> f(gate) up.
enum class Part {
  stack,
  block,
  attention,
  ffn,
  norm,
  add_norm,
  sdpa,
  collapse,
  router,
  mixer,
  rope,
  linear_attention,
  softmax,
  linear,
  activation,
  gated_activation
};
PLUMBLINE_NAMES(Part, {stack, "stack"}, {block, "block"}, {attention, "attention"}, {ffn, "ffn"},
                {norm, "norm"}, {add_norm, "add_norm"}, {sdpa, "sdpa"}, {collapse, "collapse"},
                {router, "router"}, {mixer, "mixer"}, {rope, "rope"}, {linear_attention, "linear_attention"},
                {softmax, "softmax"}, {linear, "linear"}, {activation, "activation"},
                {gated_activation, "gated_activation"})
inline constexpr std::size_t part_count = name_table<Part>.size();

// The channels of a tensor: those of a stream, of all residual streams side by side, or those of all heads of
// queries, of keys, of values, of values that were averaged for each query; a number for each expert; the
// entries of r, w and C of several streams; a number for each pair of channels that turn; what the state of
// each key-value head decays by; a number for each of these; the channels of one head of values; what a
// projection leads to; a gate and up, each as wide as the stream.
enum class Width {
  stream,
  all_streams,
  query_heads,
  key_heads,
  value_heads,
  averaged_heads,
  experts,
  gates,
  turns,
  decays,
  key_value_heads,
  one_value_head,
  projected,
  gate_and_up
};
// Its rows: one for each token, for each key, or of each sequence for each channel of each head of keys.
enum class Rows { tokens, keys, states };

struct BlockSpec;  // what a part is part of (block_spec.hpp)

// An input or output with such rows, in all specs or in those that have it.
struct TokenTensor {
  std::string_view name;
  Width width = Width::stream;
  Rows rows = Rows::tokens;
  bool (*is_in)(const BlockSpec&) = nullptr;
};

// A part as data.
struct PartRecord {
  bool has_residuals = false;    // a block, or a stack of them
  bool is_stack = false;         // of any number of layers, with a final norm
  bool attends = false;          // softmax(scale q k^T) v
  bool projects = false;         // q, k and v come from projections, and y out of one
  bool feeds = false;            // a feed-forward
  bool is_norm = false;          // the norm of slot attn.in and no other
  bool ends_streams = false;     // several streams become one, and the final norm
  bool routes = false;           // the router of a mixture of experts and no other
  bool mixes = false;            // the mixer of several streams and no other
  bool turns = false;            // the rotary embedding and no other
  bool recurs = false;           // a state that each token finds as the one before it left it
  bool weighs = false;           // a softmax of scores that are there already
  bool maps = false;             // one projection and no other
  bool activates = false;        // f of what is projected already
  std::string_view prefix = {};  // what the parameters of a sublayer alone are found under
  TokenTensor x{"x"}, y{"y"};
  std::span<const TokenTensor> beside_x = {};
  std::span<const TokenTensor> beside_y = {};  // to the right of y, in this order

  // Queries, or what has the same shape: d is n_heads head_dim.
  constexpr bool reads_heads() const { return x.width == Width::query_heads; }
  // A gate and up that were projected together.
  constexpr bool reads_gate_and_up() const { return x.width == Width::gate_and_up; }
  // Each row by itself, at a cost of a few operations an entry: so a question can be wide.
  constexpr bool is_of_rows() const { return is_norm || weighs || activates; }
  // The input that tells how many keys there are, where these are not the tokens.
  constexpr const TokenTensor* keys() const {
    for (const TokenTensor& t : beside_x)
      if (t.rows == Rows::keys) return &t;
    return nullptr;
  }
  constexpr const TokenTensor* find_beside_x(std::string_view name) const {
    for (const TokenTensor& t : beside_x)
      if (t.name == name) return &t;
    return nullptr;
  }
};

// The stream after each sublayer, for laws and plots.
template <Algebra A>
using Stream = std::vector<Tensor<A>>;

// The record of a part, with what depends on the spec:
//   static constexpr PartRecord record;
//   static void add_parameters(ParameterShapes& out, const BlockSpec& spec);
//   template <Algebra A> static Tensor<A> run(A&, const BlockSpec& spec, const ParameterView<A>&,
//                                             const Tensor<A>& x, int batch, Stream<A>*);
// Features stand before the block that is made of them, so theirs take any spec that has what they read.
// Where the part of a spec is no block's, some knobs begin at other values:
//   static void begin(auto& spec);   before any knob of the spec is read; none: as in a block
template <Part>
struct PartOf;

// f of the part as a constant: an std::integral_constant.
template <std::size_t i = 0, class F>
decltype(auto) with_part(Part part, const F& f) {
  constexpr std::integral_constant<Part, Part(i)> known;
  if constexpr (i + 1 < part_count) {
    if (part != known()) return with_part<i + 1>(part, f);
  }
  return f(known);
}

}  // namespace plumbline
