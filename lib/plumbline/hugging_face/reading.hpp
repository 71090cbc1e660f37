// What the configurations of several types of models say in the same way.
#pragma once

#include <optional>

#include "plumbline/block/block_spec.hpp"
#include "plumbline/hugging_face/config.hpp"

namespace plumbline {

// The number of layers.
int layers_said(Config& c);

// A block of the width and the heads that are said, each of d / n_heads channels, and as many for keys and
// values; no norms, no positions, biases everywhere.
BlockSpec block_said(Config& c);
// The heads of keys and values, and how wide each is: `head_dim`, where the width is no key, d / n_heads.
void read_grouped_heads(Config& c, BlockSpec& s, std::optional<int> n_kv_heads = {},
                        std::optional<int> head_dim = {});

// The feed-forward's function. Throws Error, with the file and the key, where it is none that a spec says.
void read_activation(Config& c, BlockSpec& s, Config::Keys keys, const std::string& otherwise);
// The same where it is `said` within what stands at `key`.
void read_activation_named(Config& c, BlockSpec& s, const char* key, const std::string& said);

// What a model's positions are where its configuration does not say.
struct RopeDefaults {
  std::optional<double> theta = 10000;  // none: versions of transformers differ, so it has to be said
  double partial = 1;                   // of a head's channels
  RopeStyle style = RopeStyle::half;
  std::optional<RopeScaling> scaling = {};  // where nothing at all is said of it
  bool has_sections = false;  // of pairs, for images and films; a text's positions are alike in all
};
// From `rope_parameters` (transformers 5), or `rope_theta`, `rope_scaling` and `partial_rotary_factor`.
// Throws Error where the kind of scaling is none that a spec says.
RopeSpec rope_said(Config& c, int head_dim, const RopeDefaults& defaults);
// Where layers with a window turn otherwise than those without: `rope_parameters` has an object for each.
// Before, `rope_scaling` was that of layers without a window, and `rope_local_base_freq` the base of others.
RopeSpec rope_of_layer(Config& c, int head_dim, bool slid, const RopeDefaults& defaults);
// What yarn would multiply cosines and sines by, weighed by `mscale_all_dim`: where that key is there, models
// with latent attention multiply scores by its square.
double yarn_scale_of_scores(Config& c);

// The number of layer l where a key has a list of them, else the one number.
int whole_of_layer(Config& c, Config::Keys keys, int l, std::optional<int> otherwise = {});

// Whether `layer_types` says that a layer attends within a window; `otherwise` where the key is absent.
bool slides(Config& c, int layer, bool otherwise);
void set_window(BlockSpec& s, std::optional<int> window);

// Norms with a gain, the second with a bias too.
NormSpec rms_norm(double eps, int gain_offset = 0);
NormSpec layer_norm(double eps);

// Before both sublayers, and behind the last layer; after each residual add.
void pre_norm(BlockSpec& s, const NormSpec& norm);
void post_norm(BlockSpec& s, const NormSpec& norm);
// One norm that both sublayers read, side by side; and one behind the last layer.
void parallel(BlockSpec& s, const NormSpec& norm);

// Biases of all four projections, or of none; of q, k and v alone; of the feed-forward.
void set_attention_bias(BlockSpec& s, bool bias);
void set_qkv_bias(BlockSpec& s, bool bias);
void set_ffn_bias(BlockSpec& s, bool bias);

}  // namespace plumbline
