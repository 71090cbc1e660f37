#include "plumbline/hugging_face/reading.hpp"

namespace plumbline {
namespace {

// How positions beyond those of training are turned: a row for each kind that a spec says.
struct Scaling {
  std::string_view kind;
  void (*read)(Config& c, RopeSpec& rope);
};
constexpr Scaling scalings[] = {
    {"default", [](Config&, RopeSpec&) {}},
    // linear, llama3 and yarn are to be here once a spec says them
};

void read_scaling(Config& c, RopeSpec& rope) {
  const std::string kind = c.text({"rope_type", "type"}, "default");
  std::string known;
  for (const Scaling& s : scalings) {
    if (kind == s.kind) return s.read(c, rope);
    known += (known.empty() ? "" : " or ") + std::string(s.kind);
  }
  c.refuse("rope_type", known, Config::Json(kind));
}

}  // namespace

RopeSpec rope_said(Config& c, int head_dim, const RopeDefaults& defaults) {
  RopeSpec rope{.style = defaults.style};
  std::optional<double> theta, partial;
  const auto read = [](Config& from, Config::Keys keys, std::optional<double>& into) {
    if (from.find(keys)) into = from.number(keys);
  };
  read(c, {"rope_theta", "rotary_emb_base"}, theta);
  read(c, {"partial_rotary_factor", "rotary_pct"}, partial);
  for (const char* key : {"rope_scaling", "rope_parameters"})
    if (std::optional<Config> object = c.object(key)) {
      read(*object, {"rope_theta"}, theta);
      read(*object, {"partial_rotary_factor"}, partial);
      read_scaling(*object, rope);
      object->finish("the rotary embedding");
    }
  if (!theta && !defaults.theta)
    c.fail("rope_theta", "it to be said, since versions of transformers take different ones", "none");
  rope.base = theta.value_or(defaults.theta.value_or(0));
  if (partial && !(*partial > 0 && *partial <= 1))
    c.fail("partial_rotary_factor", "a number above 0 and at most 1", std::to_string(*partial));
  rope.rotary_dim = static_cast<int>(head_dim * partial.value_or(defaults.partial));
  return rope;
}

}  // namespace plumbline
