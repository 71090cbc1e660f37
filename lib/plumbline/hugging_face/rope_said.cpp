#include <cmath>

#include "plumbline/hugging_face/reading.hpp"

namespace plumbline {
namespace {

// How positions beyond those of training are turned, from an object within: a row for each kind that a spec
// says. `longest` is how long sequences are, where the object does not say how long they were at first.
struct Scaling {
  std::string_view kind;
  void (*read)(Config& c, RopeSpec& rope, std::optional<int> longest);
};

int original_said(Config& c, std::optional<int> longest) {
  return c.whole({"original_max_position_embeddings"}, longest);
}

void read_linear(Config& c, RopeSpec& rope, std::optional<int>) {
  rope.scaling = RopeScaling{.kind = RopeScalingKind::linear, .factor = c.number({"factor"})};
}

void read_llama3(Config& c, RopeSpec& rope, std::optional<int> longest) {
  rope.scaling = RopeScaling{.kind = RopeScalingKind::llama3,
                             .factor = c.number({"factor"}),
                             .original_max_position = original_said(c, longest),
                             .low_freq_factor = c.number({"low_freq_factor"}),
                             .high_freq_factor = c.number({"high_freq_factor"})};
}

double yarn_scale(double factor, double weight) {
  return factor <= 1 ? 1 : 0.1 * weight * std::log(factor) + 1;
}

void read_yarn(Config& c, RopeSpec& rope, std::optional<int> longest) {
  RopeScaling s{.kind = RopeScalingKind::yarn};
  s.original_max_position = original_said(c, longest);
  s.factor = c.number({"factor"}, longest.value_or(0) / double(s.original_max_position));
  s.beta_fast = c.number({"beta_fast"}, 32);
  s.beta_slow = c.number({"beta_slow"}, 1);
  s.truncate = c.flag("truncate", true);
  const double scale = c.number({"mscale"}, 0), of_all = c.number({"mscale_all_dim"}, 0);
  if (c.find({"attention_factor"}))
    s.attention_factor = c.number({"attention_factor"});
  else if (scale != 0 && of_all != 0)
    s.attention_factor = yarn_scale(s.factor, scale) / yarn_scale(s.factor, of_all);
  else if (s.factor <= 1)
    s.attention_factor = 1;
  rope.scaling = s;
}

constexpr Scaling scalings[] = {
    {"default", [](Config&, RopeSpec&, std::optional<int>) {}},
    {"linear", read_linear},
    {"llama3", read_llama3},
    {"yarn", read_yarn},
};

void read_scaling(Config& c, RopeSpec& rope, std::optional<int> longest) {
  const std::string kind = c.text({"rope_type", "type"}, "default");
  std::string known;
  for (const Scaling& s : scalings) {
    if (kind == s.kind) return s.read(c, rope, longest);
    known += (known.empty() ? "" : " or ") + std::string(s.kind);
  }
  c.refuse("rope_type", known, Config::Json(kind));
}

// What is said of the embedding, at the top or in an object within.
struct Said {
  std::optional<double> theta, partial;
  bool scaling = false;

  void read(Config& c) {
    if (c.find({"rope_theta", "rotary_emb_base"})) theta = c.number({"rope_theta", "rotary_emb_base"});
    if (c.find({"partial_rotary_factor", "rotary_pct"}))
      partial = c.number({"partial_rotary_factor", "rotary_pct"});
  }
  void read_within(Config& c, RopeSpec& rope, std::optional<int> longest) {
    read(c);
    read_scaling(c, rope, longest);
    scaling = true;
    c.finish("the rotary embedding");
  }
  void set(Config& c, RopeSpec& rope, int head_dim, const RopeDefaults& defaults) const {
    if (!theta && !defaults.theta)
      c.fail("rope_theta", "it to be said, since versions of transformers take different ones", "none");
    rope.style = defaults.style;
    rope.base = theta.value_or(defaults.theta.value_or(0));
    if (partial && !(*partial > 0 && *partial <= 1))
      c.fail("partial_rotary_factor", "a number above 0 and at most 1", std::to_string(*partial));
    rope.rotary_dim = static_cast<int>(head_dim * partial.value_or(defaults.partial));
    if (!scaling) rope.scaling = defaults.scaling;
  }
};

std::optional<int> whole_if_said(Config& c, const char* key) {
  return c.find({key}) ? std::optional(c.whole({key})) : std::nullopt;
}

}  // namespace

RopeSpec rope_said(Config& c, int head_dim, const RopeDefaults& defaults) {
  RopeSpec rope;
  Said said;
  said.read(c);
  const std::optional<int> longest = whole_if_said(c, "max_position_embeddings");
  const std::optional<int> original = whole_if_said(c, "original_max_position_embeddings");
  for (const char* key : {"rope_scaling", "rope_parameters"})
    if (std::optional<Config> object = c.object(key)) said.read_within(*object, rope, longest);
  if (rope.scaling && original) rope.scaling->original_max_position = *original;  // this one goes first
  said.set(c, rope, head_dim, defaults);
  return rope;
}

double yarn_scale_of_scores(Config& c) {
  for (const char* key : {"rope_scaling", "rope_parameters"})
    if (std::optional<Config> object = c.object(key)) {
      const double weight = object->number({"mscale_all_dim"}, 0);
      if (weight != 0 && object->text({"rope_type", "type"}, "default") != "default")
        return yarn_scale(object->number({"factor"}), weight);
    }
  return 1;
}

RopeSpec rope_of_layer(Config& c, int head_dim, bool slid, const RopeDefaults& defaults) {
  RopeSpec rope;
  Said said;
  said.read(c);
  const std::optional<int> longest = whole_if_said(c, "max_position_embeddings");
  std::optional<Config> both = c.object("rope_parameters"), scaling = c.object("rope_scaling");
  if (both) {
    const char* const own = slid ? "sliding_attention" : "full_attention";
    both->ignore({slid ? "full_attention" : "sliding_attention"});
    if (std::optional<Config> object = both->object(own)) said.read_within(*object, rope, longest);
    both->finish("rotary embeddings by the type of layer");
  }
  if (slid && c.find({"rope_local_base_freq"}) && !both) said.theta = c.number({"rope_local_base_freq"});
  c.ignore({"rope_local_base_freq"});
  if (scaling && !slid) said.read_within(*scaling, rope, longest);
  said.set(c, rope, head_dim, defaults);
  return rope;
}

}  // namespace plumbline
