// A part computes what its spec says: a knob that it does not read is refused, or belongs to what the part is
// not made of. Red where sdpa takes ALiBi and computes none.
#include <gtest/gtest.h>

#include <map>

#include "identify/boxes.hpp"
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/cases/case.hpp"

namespace plumbline {
namespace {

// Values other than this one, some of which may be refused.
template <class T>
std::vector<T> others(const T& value) {
  std::vector<T> out;
  if constexpr (is_optional<T>) {
    using Inner = without_optional<T>;
    if constexpr (std::is_same_v<Inner, double>)
      if (!value) return {2.0, 0.25};  // a cap beyond all numbers caps none
    if (!value) return {Inner{}, Inner(2)};
    out.push_back(std::nullopt);
    for (const Inner& v : others(*value)) out.push_back(v);
  } else if constexpr (std::is_same_v<T, bool>) {
    out.push_back(!value);
  } else if constexpr (std::is_enum_v<T>) {
    for (const auto& [other, name] : names<T>())
      if (other != value) out.push_back(other);
  } else if constexpr (std::is_same_v<T, int>) {
    out = {value + 1, value - 1, -value, 2 * value};
  } else if constexpr (std::is_same_v<T, double>) {
    out = {value + 1, value / 2};
  }
  return out;
}

// f(path, spec) for each spec that differs from `spec` in one knob of the feature, optional ones included.
template <class S, class F>
void for_each_other(const BlockSpec& spec, const std::function<S&(BlockSpec&)>& feature,
                    const std::string& path, const F& f) {
  for_each_knob<S>([&](const auto& k) {
    using T = typename std::remove_cvref_t<decltype(k)>::Value;
    using Inner = without_optional<T>;
    const std::string at = k.key.empty() ? path : path + (path.empty() ? "" : ".") + std::string(k.key);
    const auto value = [=](BlockSpec& s) -> T& { return feature(s).*(k.member); };
    const auto changed = [&](const T& other) {
      BlockSpec s = spec;
      value(s) = other;
      f(at, s);
    };
    BlockSpec copy = spec;
    if (!k.is_of(feature(copy))) return;
    if constexpr (is_optional<T> && Feature<Inner>) {
      changed(value(copy) ? T{} : T{Inner{}});
      if (value(copy))
        for_each_other<Inner>(
            spec, [=](BlockSpec& s) -> Inner& { return *value(s); }, at, f);
    } else if constexpr (Feature<T>) {
      for_each_other<T>(spec, value, at, f);
    } else if constexpr (!std::is_same_v<T, Part>) {
      for (const T& other : others(value(copy))) changed(other);
    }
  });
}

// The spec as one of that part, where there is such a one.
std::optional<BlockSpec> as_part(BlockSpec s, Part part) {
  s.part = part;
  s.n_layers = is_stack(s) ? 2 : 1;
  if (!is_stack(s)) s.final_norm.reset();
  if (reads_heads(s)) {
    s.d = s.attention.n_heads * s.attention.head_dim;
    s.position.rope.reset();
    s.norm_slots.attn.q.reset(), s.norm_slots.attn.k.reset(), s.norm_slots.attn.v.reset();
    s.attention.gate.reset();
  }
  if (turns(s)) {
    s.position = {}, s.attention.v_head_dim.reset();
    s.position.rope = RopeSpec{.rotary_dim = s.attention.head_dim < 4 ? 2 : 4};  // some channels, or all
  }
  if (recurs(s)) {
    s.position = {};
    s.attention.mask = {}, s.attention.softcap = {}, s.attention.sink = {}, s.attention.given.reset();
    s.attention.latent.reset();
    s.attention.linear = LinearAttentionSpec{};
  }
  if (routes(s)) s.ffn.moe = MoeSpec{.experts = 4, .top_k = 2};
  if (mixes_streams(s)) s.streams = StreamsSpec{.count = 2};
  const auto mask = s.attention.mask;
  with_part(part, [&](auto known) {
    if constexpr (requires { PartOf<known()>::begin(s); }) PartOf<known()>::begin(s);
  });
  if (weighs(s)) s.attention.mask = mask;  // of a softmax that hides nothing most knobs say nothing
  if (is_one_norm(s) && !s.norm_slots.attn.in) return std::nullopt;
  validate(s);
  return s;
}

bool is_valid(const BlockSpec& s) {
  try {
    validate(s);
    return true;
  } catch (const Error&) {
    return false;
  }
}

CaseSettings settings(const BlockSpec& s) {
  return {
      .spec = s, .tokens = 5, .batch = 2, .key_tokens = has_own_keys(s) ? std::optional(7) : std::nullopt};
}

bool have_equal_shapes(const BlockSpec& a, const BlockSpec& b) {
  const ParameterShapes x = parameter_shapes(a), y = parameter_shapes(b);
  return a.d == b.d && std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const auto& p, const auto& q) {
           return std::tie(p.name, p.rows, p.cols) == std::tie(q.name, q.rows, q.cols);
         });
}

// What the spec computes from the numbers of a case: y, and all gradients.
struct Computed {
  Matrix<double> y;
  Gradients<double> gradients;
  bool operator==(const Computed& o) const {
    return y == o.y && gradients.x == o.gradients.x && gradients.parameters == o.gradients.parameters;
  }
};
Computed computed(const BlockSpec& s, const CaseSettings& c, const CaseInputs& in) {
  return {evaluate(s, in.parameters, in.x, c.batch),
          gradients(s, in.parameters, in.x, in.cotangent, c.batch)};
}

bool begins_with(const std::string& path, std::initializer_list<const char*> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const char* p) { return path.rfind(p, 0) == 0; });
}

// Knobs of what the part is not made of: a spec keeps them, so that it may name a preset.
bool belongs_elsewhere(const std::string& path, const BlockSpec& s) {
  const bool is_a_norm = path.rfind("norm_slots", 0) == 0;
  if (routes(s))
    return !begins_with(path, {"ffn.moe"}) || begins_with(path, {"ffn.moe.shared", "ffn.moe.expert_order"});
  if (weighs(s))
    return !begins_with(path, {"attention.scale", "attention.logit", "attention.softcap", "attention.mask",
                               "attention.window", "attention.causal", "attention.sink", "attention.softmax",
                               "attention.backward"});
  if (maps(s)) return !begins_with(path, {"linear"});
  if (s.part == Part::activation)
    return !begins_with(path, {"ffn.activation", "ffn.squared", "ffn.derivative_of"});
  if (activates(s))
    return !begins_with(path, {"ffn.activation", "ffn.squared", "ffn.limit", "ffn.up_offset", "ffn.packing",
                               "ffn.gate", "ffn.derivative_of"});
  if (mixes_streams(s))
    return !begins_with(path, {"streams"}) || begins_with(path, {"streams.head", "streams.transposed"});
  if (turns(s))
    return !begins_with(path, {"position.rope"}) ||
           begins_with(
               path, {"position.rope.direction", "position.rope.key_offset", "position.rope.rotates_values"});
  if (recurs(s)) return !begins_with(path, {"attention.linear"});
  if (!attends(s) && begins_with(path, {"attention", "position", "norm_slots.attn.q", "norm_slots.attn.k",
                                        "norm_slots.attn.v"}))
    return true;
  if (!feeds(s) && begins_with(path, {"ffn."})) return true;
  if (is_block(s)) return false;
  if (is_a_norm) {
    if (is_one_norm(s)) return !begins_with(path, {"norm_slots.attn.in"});
    if (projects(s))
      return !begins_with(
          path, {"norm_slots.attn.q", "norm_slots.attn.k", "norm_slots.attn.v", "norm_slots.attn.mid"});
    return !feeds(s) || !begins_with(path, {"norm_slots.ffn.mid"});
  }
  if (!projects(s) && begins_with(path, {"attention.bias"})) return true;
  if (begins_with(path, {"residual_scale", "branch_scale"})) return s.part != Part::add_norm;
  return !begins_with(path, {"attention.", "position", "ffn.", "d"});
}

TEST(EveryKnob, IsReadOrRefused) {
  for (const auto& [part, name] : names<Part>()) {
    std::map<std::string, bool> is_read;  // by some spec that takes another value of it
    for (const Box& box : right_boxes()) {
      const std::optional<BlockSpec> spec = as_part(box.spec, part);
      if (!spec) continue;
      const CaseSettings c = settings(*spec);
      const CaseInputs in = inputs_of(c);
      std::optional<Computed> declared;
      const auto itself = [](BlockSpec& s) -> BlockSpec& { return s; };
      for_each_other<BlockSpec>(*spec, itself, "", [&](const std::string& path, const BlockSpec& other) {
        if (!is_valid(other)) return;
        bool& read = is_read.try_emplace(path, belongs_elsewhere(path, *spec)).first->second;
        if (read) return;
        if (!have_equal_shapes(*spec, other)) {
          read = true;
          return;
        }
        if (!declared) declared = computed(*spec, c, in);
        try {
          read = !(computed(other, c, in) == *declared);
        } catch (const Error&) {  // a query that sees no key
          read = true;
        }
      });
    }
    for (const auto& [path, read] : is_read)
      EXPECT_TRUE(read) << name << " takes " << path << ", for nothing";
  }
}

}  // namespace
}  // namespace plumbline
