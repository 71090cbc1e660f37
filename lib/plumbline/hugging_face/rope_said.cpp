#include <algorithm>
#include <cmath>

#include "plumbline/hugging_face/reading.hpp"

namespace plumbline {
namespace {

// How positions beyond those of training are turned, from an object within: a row for each kind that a spec
// says. Beside it stands how long sequences are, and how long they were at first, which goes first.
struct Lengths {
  std::optional<int> longest, original;  // outside of that object
};
struct Scaling {
  std::string_view kind;
  void (*read)(Config& c, RopeSpec& rope, const Lengths& said);
};

int original_said(Config& c, const Lengths& said) {
  const int within =
      c.whole({"original_max_position_embeddings"}, said.original ? said.original : said.longest);
  return said.original.value_or(within);
}
// `factor`, or how much longer sequences are than they were at first.
double factor_said(Config& c, const Lengths& said, int original) {
  return c.number({"factor"}, said.longest ? std::optional(*said.longest / double(original)) : std::nullopt);
}

void read_linear(Config& c, RopeSpec& rope, const Lengths&) {
  rope.scaling = RopeScaling{.kind = RopeScalingKind::linear, .factor = c.number({"factor"})};
}

void read_llama3(Config& c, RopeSpec& rope, const Lengths& said) {
  rope.scaling = RopeScaling{.kind = RopeScalingKind::llama3,
                             .factor = c.number({"factor"}),
                             .original_max_position = original_said(c, said),
                             .low_freq_factor = c.number({"low_freq_factor"}),
                             .high_freq_factor = c.number({"high_freq_factor"})};
}

double yarn_scale(double factor, double weight) {
  return factor <= 1 ? 1 : 0.1 * weight * std::log(factor) + 1;
}

void read_yarn(Config& c, RopeSpec& rope, const Lengths& said) {
  RopeScaling s{.kind = RopeScalingKind::yarn};
  s.original_max_position = original_said(c, said);
  s.factor = factor_said(c, said, s.original_max_position);
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

// A number for each pair.
std::vector<double> factors_said(Config& c, const char* key, const RopeSpec& rope) {
  const Config::Json* list = c.find({key});
  const auto is_positive = [](const Config::Json& x) { return x.is_number() && x > 0; };
  const std::string expected = std::to_string(rope.rotary_dim / 2) + " numbers above 0";
  if (!list) c.fail(key, expected, "none");
  if (!list->is_array() || list->size() != std::size_t(rope.rotary_dim / 2) ||
      !std::all_of(list->begin(), list->end(), is_positive))
    c.refuse(key, expected, *list);
  return list->get<std::vector<double>>();
}

void read_longrope(Config& c, RopeSpec& rope, const Lengths& said) {
  RopeScaling s{.kind = RopeScalingKind::longrope};
  s.original_max_position = original_said(c, said);
  s.factor = factor_said(c, said, s.original_max_position);
  s.short_factor = factors_said(c, "short_factor", rope);
  s.long_factor = factors_said(c, "long_factor", rope);
  if (c.find({"attention_factor"})) s.attention_factor = c.number({"attention_factor"});
  rope.scaling = s;
}

// The base grows beyond `max_position_embeddings`, whatever is said of the original length.
void read_dynamic(Config& c, RopeSpec& rope, const Lengths& said) {
  if (!said.longest) c.fail("rope_type", "max_position_embeddings beside \"dynamic\"", "none");
  c.ignore({"original_max_position_embeddings"});
  rope.scaling = RopeScaling{.kind = RopeScalingKind::dynamic,
                             .factor = c.number({"factor"}),
                             .original_max_position = *said.longest};
}

constexpr Scaling scalings[] = {
    {"default", [](Config&, RopeSpec&, const Lengths&) {}},
    {"dynamic", read_dynamic},
    {"linear", read_linear},
    {"llama3", read_llama3},
    {"longrope", read_longrope},
    {"yarn", read_yarn},
};

std::optional<int> whole_if_said(Config& c, const char* key) {
  return c.find({key}) ? std::optional(c.whole({key})) : std::nullopt;
}

void read_scaling(Config& c, RopeSpec& rope, const Lengths& said) {
  std::string kind = c.text({"rope_type", "type"}, "default");
  if ((kind == "su" || kind == "yarn") && c.find({"short_factor"})) kind = "longrope";  // its names once
  std::string known;
  for (const Scaling& s : scalings) {
    if (kind == s.kind) return s.read(c, rope, said);
    known += (known.empty() ? "" : " or ") + std::string(s.kind);
  }
  c.refuse("rope_type", known, Config::Json(kind));
}

// Whether it is the embedding that images and films share with text, by the name it had once.
bool is_in_sections(Config& c) {
  c.ignore({"mrope_interleaved", "mrope_section"});
  return c.text({"rope_type", "type"}, "default") == "mrope";
}

// What is said of the embedding, at the top or in an object within. Scaling is read last: its lists are as
// long as there are pairs.
struct Said {
  std::optional<double> theta, partial;
  std::vector<Config> scalings;

  void read(Config& c) {
    if (c.find({"rope_theta", "rotary_emb_base"})) theta = c.number({"rope_theta", "rotary_emb_base"});
    if (c.find({"partial_rotary_factor", "rotary_pct"}))
      partial = c.number({"partial_rotary_factor", "rotary_pct"});
  }
  void read_within(Config c) {
    read(c);
    scalings.push_back(std::move(c));
  }
  RopeSpec rope(Config& c, int head_dim, const RopeDefaults& defaults) {
    if (!theta && !defaults.theta)
      c.fail("rope_theta", "it to be said, since versions of transformers take different ones", "none");
    if (partial && !(*partial > 0 && *partial <= 1))
      c.fail("partial_rotary_factor", "a number above 0 and at most 1", std::to_string(*partial));
    RopeSpec rope{.style = defaults.style,
                  .rotary_dim = static_cast<int>(head_dim * partial.value_or(defaults.partial)),
                  .base = theta.value_or(defaults.theta.value_or(0))};
    if (scalings.empty()) rope.scaling = defaults.scaling;
    const Lengths lengths{whole_if_said(c, "max_position_embeddings"),
                          whole_if_said(c, "original_max_position_embeddings")};
    for (Config& object : scalings) {
      if (!(defaults.has_sections && is_in_sections(object))) read_scaling(object, rope, lengths);
      object.finish("the rotary embedding");
    }
    return rope;
  }
};

}  // namespace

RopeSpec rope_said(Config& c, int head_dim, const RopeDefaults& defaults) {
  Said said;
  said.read(c);
  for (const char* key : {"rope_scaling", "rope_parameters"})
    if (std::optional<Config> object = c.object(key)) said.read_within(*object);
  return said.rope(c, head_dim, defaults);
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
  Said said;
  said.read(c);
  std::optional<Config> both = c.object("rope_parameters"), scaling = c.object("rope_scaling");
  if (both) {
    const char* const own = slid ? "sliding_attention" : "full_attention";
    both->ignore({slid ? "full_attention" : "sliding_attention"});
    if (std::optional<Config> object = both->object(own)) said.read_within(*object);
    both->finish("rotary embeddings by the type of layer");
  }
  if (slid && c.find({"rope_local_base_freq"}) && !both) said.theta = c.number({"rope_local_base_freq"});
  c.ignore({"rope_local_base_freq"});
  if (scaling && !slid) said.read_within(*scaling);
  return said.rope(c, head_dim, defaults);
}

}  // namespace plumbline
