// The catalogue of deviations: the wrong choices that features list beside their knobs, and those of the
// block as a whole: its layout, its residuals, whose parameters are used.
#include "plumbline/spec/deviation.hpp"

#include <algorithm>
#include <vector>

#include "plumbline/block/parameter_shapes.hpp"

namespace plumbline {
namespace {

void move_slot(BlockSpec& s, NormSlot AttentionNorms::*attn_from, NormSlot AttentionNorms::*attn_to,
               NormSlot FeedForwardNorms::*ffn_from, NormSlot FeedForwardNorms::*ffn_to) {
  if (!is_block(s) || s.topology == Topology::parallel || s.streams) return;
  if (!(s.norm_slots.attn.*attn_from) || s.norm_slots.attn.*attn_to) return;
  std::swap(s.norm_slots.attn.*attn_from, s.norm_slots.attn.*attn_to);
  std::swap(s.norm_slots.ffn.*ffn_from, s.norm_slots.ffn.*ffn_to);
}

// The residual of one stream; several are joined by rules of their own.
void go_wrong(BlockSpec& s, ResidualFault BlockSpec::*residual, ResidualFault fault) {
  if (!s.streams && !is_lerp(s.residual)) s.*residual = fault;
}

// Unlike layers can compute one another's function where they have the same parameters; like ones always can.
bool layers_have_like_parameters(const BlockSpec& s) {
  if (s.layers.empty()) return true;
  const ParameterShapes first = parameter_shapes(s.layers.front());
  return every_layer(s, [&](const BlockSpec& layer) {
    const ParameterShapes shapes = parameter_shapes(layer);
    return std::equal(shapes.begin(), shapes.end(), first.begin(), first.end(),
                      [](const ParameterShape& a, const ParameterShape& b) {
                        return a.name == b.name && a.rows == b.rows && a.cols == b.cols;
                      });
  });
}

}  // namespace

template <>
inline constexpr WrongChoice<BlockSpec> wrong_choices<BlockSpec>[] = {
    {"ffn/reads-block-input", "FFN(N(x)) where FFN(N(u)) is right", "",
     [](BlockSpec& s) { s.ffn_reads_block_input = !s.streams; }},
    {"ffn/halves-for-interleaved", "gate and up one behind the other where they stand in turns", "",
     [](BlockSpec& s) {
       if (part_of(s).reads_gate_and_up() && s.ffn.packing == GatePacking::interleaved)
         s.ffn.packing = GatePacking::gate_first;
     }},
    {"ffn/interleaved-for-halves", "gate and up in turns where they stand one behind the other", "",
     [](BlockSpec& s) {
       if (part_of(s).reads_gate_and_up()) s.ffn.packing = GatePacking::interleaved;
     }},
    {"final-norm/missing", "the last norm is left out", "huggingface/transformers#17785",
     [](BlockSpec& s) { s.final_norm.reset(); }},
    {"final-norm/twice", "N(N(x))", "pytorch/pytorch#24930",
     [](BlockSpec& s) {
       if (s.final_norm) s.final_norm_times = 2;
     }},
    {"layers/all-as-first", "every layer computes what the first one does", "lablup/mlxcel#495",
     [](BlockSpec& s) {
       if (s.layers.size() > 1 && layers_have_like_parameters(s))
         std::fill(s.layers.begin(), s.layers.end(), BlockSpec(s.layers[0]));
     }},
    {"layers/first-reused", "every layer uses the first layer's parameters", "",
     [](BlockSpec& s) {
       if (s.n_layers > 1 && layers_have_like_parameters(s)) s.layer_parameters = LayerParameters::first;
     }},
    {"layers/kinds-shifted", "kinds of layers begin with the second one's",
     "NVIDIA-NeMo/Megatron-Bridge#4875",
     [](BlockSpec& s) {
       if (s.layers.size() > 1 && layers_have_like_parameters(s))
         std::rotate(s.layers.begin(), std::next(s.layers.begin()), s.layers.end());
     }},
    {"layers/reversed", "the last layer runs first", "",
     [](BlockSpec& s) {
       if (s.n_layers > 1 && layers_have_like_parameters(s)) s.layer_parameters = LayerParameters::reversed;
     }},
    {"layout/ffn-first", "attention after the feed-forward", "",
     [](BlockSpec& s) { s.ffn_first = s.topology == Topology::sequential; }},
    {"layout/output-as-pre", "x + F(N(x)) where x + N(F(x)) is right", "EleutherAI/gpt-neox#1408",
     [](BlockSpec& s) {
       move_slot(s, &AttentionNorms::out, &AttentionNorms::in, &FeedForwardNorms::out, &FeedForwardNorms::in);
     },
     "out", "in"},
    {"layout/post-as-pre", "x + F(N(x)) where N(x + F(x)) is right", "harvardnlp/annotated-transformer#13",
     [](BlockSpec& s) {
       move_slot(s, &AttentionNorms::post, &AttentionNorms::in, &FeedForwardNorms::post,
                 &FeedForwardNorms::in);
     },
     "post", "in"},
    {"layout/pre-as-output", "x + N(F(x)) where x + F(N(x)) is right", "",
     [](BlockSpec& s) {
       move_slot(s, &AttentionNorms::in, &AttentionNorms::out, &FeedForwardNorms::in, &FeedForwardNorms::out);
     },
     "in", "out"},
    {"layout/pre-as-post", "N(x + F(x)) where x + F(N(x)) is right", "",
     [](BlockSpec& s) {
       move_slot(s, &AttentionNorms::in, &AttentionNorms::post, &FeedForwardNorms::in,
                 &FeedForwardNorms::post);
     },
     "in", "post"},
    {"layout/second-norm-is-first", "the feed-forward's norm uses the attention norm's parameters",
     "ml-explore/mlx#1636",
     [](BlockSpec& s) {
       if (s.norm_slots.ffn.in || s.norm_slots.ffn.post || s.norm_slots.ffn.out)
         s.ffn_norm_is_attn_norm = true;
     }},
    {"linear/transposed", "x W where x W^T is right, of a square W", "",
     [](BlockSpec& s) {
       if (s.linear && width_of(s, part_of(s).y) == s.d) s.linear->fault = LinearFault::transposed;
     }},
    {"qk-norm/missing", "q and k as projected", "",
     [](BlockSpec& s) {
       s.norm_slots.attn.q.reset();
       s.norm_slots.attn.k.reset();
     }},
    {"v-norm/missing", "v as projected", "", [](BlockSpec& s) { s.norm_slots.attn.v.reset(); }},
    {"residual/attn-detached", "no gradient flows through attention's residual", "",
     [](BlockSpec& s) { go_wrong(s, &BlockSpec::attn_residual, ResidualFault::detached); }},
    {"residual/attn-doubled", "x + x + F", "",
     [](BlockSpec& s) { go_wrong(s, &BlockSpec::attn_residual, ResidualFault::doubled); }},
    {"residual/attn-dropped", "F alone", "",
     [](BlockSpec& s) { go_wrong(s, &BlockSpec::attn_residual, ResidualFault::dropped); }},
    {"residual/ffn-block-input", "x + F(N(u)) where u + F(N(u)) is right",
     "strutive07/transformer-tensorflow2.0#14",
     [](BlockSpec& s) { go_wrong(s, &BlockSpec::ffn_residual, ResidualFault::block_input); }},
    {"residual/ffn-detached", "no gradient flows through the feed-forward's residual", "",
     [](BlockSpec& s) { go_wrong(s, &BlockSpec::ffn_residual, ResidualFault::detached); }},
    {"residual/ffn-doubled", "u + u + F", "",
     [](BlockSpec& s) { go_wrong(s, &BlockSpec::ffn_residual, ResidualFault::doubled); }},
    {"residual/ffn-dropped", "F alone", "",
     [](BlockSpec& s) { go_wrong(s, &BlockSpec::ffn_residual, ResidualFault::dropped); }},
    {"residual/normed", "N(x) + F(N(x)) where x + F(N(x)) is right", "pytorch/pytorch#61165",
     [](BlockSpec& s) {
       if (s.norm_slots.attn.in && !s.streams && !is_lerp(s.residual))
         s.residual_source = ResidualSource::normed;
     }},
    {"residual/scale-on-branch", "x + alpha F where alpha x + F is right",
     "labmlai/annotated_deep_learning_paper_implementations: deep_norm",
     [](BlockSpec& s) {
       if (s.residual_scale != s.branch_scale && !s.streams) s.scales_swapped = true;
     }},
    {"rope/gradient-not-turned-back", "the backward pass takes the rotation for the identity", "",
     [](BlockSpec& s) {
       if (s.position.rope) s.attention.backward = AttentionBackward::rope_skipped;
     }},
    {"rope/past-not-counted", "queries and new keys turn from position 0, behind a cache",
     "lucidrains/rotary-embedding-torch#11",
     [](BlockSpec& s) {
       const bool fills = s.attention.given && s.attention.given->past > 0 && projects(s);
       if (fills && s.position.rope) s.attention.given->fault = GivenFault::past_not_counted;
     }},
    {"latent/rope-on-nope", "the first channels of a head turn where the last ones do", "",
     [](BlockSpec& s) {
       if (s.attention.latent && s.position.rope) s.attention.latent->fault = LatentFault::rope_on_nope;
     }},
    {"scale/by-width", "q k / sqrt(d)", "",
     [](BlockSpec& s) {
       s.attention.scale.rule = ScaleRule::inv_sqrt_scalar, s.attention.scale.value = s.d;
     }},
};

namespace {

// Those of F and of all features within it, each once.
template <class F>
void add_deviations(std::vector<Deviation>& out) {
  for (const WrongChoice<F>& w : wrong_choices<F>) {
    const bool is_known =
        std::any_of(out.begin(), out.end(), [&](const Deviation& d) { return d.id == w.id; });
    if (is_known) return;  // a feature that stands in several places
    out.push_back({w.id, w.formula, w.bug,
                   [apply = w.apply](BlockSpec& s) {
                     for_each_feature<F>(s, apply);
                     forget_what_does_not_apply(s);
                     for (BlockSpec& layer : s.layers) {
                       for_each_feature<F>(layer, apply);
                       forget_what_does_not_apply(layer);
                     }
                   },
                   w.from_slot, w.to_slot});
  }
  for_each_knob<F>([&](const auto& k) {
    using T = without_optional<typename std::remove_cvref_t<decltype(k)>::Value>;
    if constexpr (Feature<T>) add_deviations<T>(out);
  });
}

std::vector<Deviation> catalogue() {
  std::vector<Deviation> out;
  add_deviations<BlockSpec>(out);
  std::sort(out.begin(), out.end(), [](const Deviation& a, const Deviation& b) { return a.id < b.id; });
  return out;
}

}  // namespace

std::span<const Deviation> deviations() {
  static const std::vector<Deviation> all = catalogue();
  return all;
}

const Deviation& find_deviation(std::string_view id) {
  for (const Deviation& d : deviations())
    if (d.id == id) return d;
  throw Error("deviation: expected a known id, found \"" + std::string(id) + "\"");
}

}  // namespace plumbline
