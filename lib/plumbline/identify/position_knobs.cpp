// Positions: rotary embeddings, what is added to scores by distance.
#include <bit>
#include <numeric>

#include "plumbline/identify/tables.hpp"

namespace plumbline::identify {
namespace {

RopeSpec* rope_of(BlockSpec& s) { return s.position.rope ? &*s.position.rope : nullptr; }
AlibiSpec* alibi_of(BlockSpec& s) { return s.position.bias ? &*s.position.bias : nullptr; }

RopeScaling* scaling_of(BlockSpec& s) {
  RopeSpec* r = rope_of(s);
  return r && r->scaling ? &*r->scaling : nullptr;
}
BucketsSpec* buckets_of(BlockSpec& s) { return s.position.buckets ? &*s.position.buckets : nullptr; }

// The first ones are those that scaled frequencies have too.
constexpr double usual_bases[] = {10000, 500000,  1000000, 10000000, 150000, 100000, 100,
                                  1000,  5000000, 8000000, 160000,   50000,  25000};
constexpr std::size_t bases_with_scaling = 5;

std::string rope_text(const Candidate& c) { return c.spec.position.rope ? "yes" : "none"; }
std::vector<Candidate> other_ropes(const Candidate& c) {
  Changes changes;
  if (c.spec.position.rope)
    changes.push_back([](BlockSpec& s) { s.position.rope.reset(); });
  else
    for (const auto& r : usual_ropes(c.spec.attention.head_dim))
      if (r && r->sign == 1 && !r->scaling) changes.push_back([r](BlockSpec& s) { s.position.rope = r; });
  return changed(c, changes);
}

// A knob that is a whole number, with those to choose from.
template <class F>
Variation whole_number(std::string id, Finder<F> find, int F::*member,
                       std::function<std::vector<int>(const BlockSpec&)> numbers) {
  return {std::move(id), attention,
          [=](const Candidate& c) {
            BlockSpec s = c.spec;
            const F* f = find(s);
            return f ? std::to_string(f->*member) : std::string();
          },
          [=](const Candidate& c) {
            Changes changes;
            BlockSpec s = c.spec;
            if (find(s))
              for (int n : numbers(s)) changes.push_back([=](BlockSpec& other) { find(other)->*member = n; });
            return changed(c, changes);
          }};
}

std::vector<int> even_widths(const BlockSpec& s) {
  std::vector<int> out;
  for (int r = 2; r <= s.attention.head_dim; r += 2) out.push_back(r);
  return out;
}

// What published models scale frequencies by.
std::vector<std::optional<RopeScaling>> usual_scalings() {
  std::vector<std::optional<RopeScaling>> out{std::nullopt};
  for (double factor : {8.0, 4.0, 2.0}) out.push_back(RopeScaling{.factor = factor});
  for (double factor : {8.0, 16.0, 32.0})
    out.push_back(RopeScaling{.kind = RopeScalingKind::llama3, .factor = factor});
  for (auto [factor, original, truncate, amplitude] : {std::tuple(4.0, 32768, true, std::optional<double>()),
                                                       {8.0, 8192, true, {}},
                                                       {32.0, 4096, false, {}},
                                                       {40.0, 4096, true, {}},
                                                       {40.0, 4096, true, 1.0}})
    out.push_back(RopeScaling{.kind = RopeScalingKind::yarn,
                              .factor = factor,
                              .original_max_position = original,
                              .truncate = truncate,
                              .attention_factor = amplitude});
  return out;
}

std::string scaling_text(const Candidate& c) {
  if (!c.spec.position.rope) return "";
  const auto& s = c.spec.position.rope->scaling;
  if (!s) return "none";
  std::string text = std::string(plumbline::name_of(s->kind)) + " by " + number_text(s->factor);
  if (knows_original(*s)) text += " from " + std::to_string(s->original_max_position);
  if (is_yarn(*s) && !s->truncate) text += ", between pairs";
  if (s->attention_factor) text += ", cosines times " + number_text(*s->attention_factor);
  return text;
}
std::vector<Candidate> other_scalings(const Candidate& c) {
  Changes changes;
  if (c.spec.position.rope &&
      c.spec.position.rope->scaling)  // it begins with one, or is without (stages.cpp)
    for (const auto& scaling : usual_scalings())
      changes.push_back([scaling](BlockSpec& s) { s.position.rope->scaling = scaling; });
  return changed(c, changes);
}

// Of each rotary embedding: as it is, turning the other way, and with scaled frequencies.
std::vector<RopeSpec> turned_and_scaled(const RopeSpec& r) {
  std::vector<RopeSpec> out;
  for (const auto& scaling : usual_scalings()) {
    out.push_back(r);
    out.back().scaling = scaling;
  }
  out.push_back(r);
  out.back().sign = -1;
  return out;
}

// Buckets that the box has a table for: used, or not.
Variation buckets_knob(const BucketsSpec& declared) {
  return {"position.buckets", attention,
          [](const Candidate& c) { return std::string(c.spec.position.buckets ? "yes" : "none"); },
          [declared](const Candidate& c) {
            return changed(c, {[&](BlockSpec& s) {
                             if (s.position.buckets)
                               s.position.buckets.reset();
                             else
                               s.position.buckets = declared;
                           }});
          }};
}

}  // namespace

// Which of them there are, then the knobs of each.
std::vector<Variation> position_knobs(const Space& space) {
  std::vector<Variation> out{{"position.rope", attention, rope_text, other_ropes}};
  out.push_back({"position.rope.scaling", attention, scaling_text, other_scalings});
  out.push_back(whole_number<RopeSpec>("position.rope.sign", rope_of, &RopeSpec::sign, [](const BlockSpec&) {
    return std::vector{1, -1};
  }));
  if (const auto& buckets = space.anatomy.spec.position.buckets) {
    out.push_back(buckets_knob(*buckets));
    out.push_back(
        whole_number<BucketsSpec>("position.buckets.max_distance", buckets_of, &BucketsSpec::max_distance,
                                  [](const BlockSpec&) { return std::vector{128, 64, 32, 20, 256, 512}; }));
    add_missing(out, walked<BucketsSpec>("position.buckets", attention, buckets_of));
  }
  std::vector<Variation> of_rope = walked<RopeSpec>("position.rope", attention, rope_of);
  of_rope.insert(
      of_rope.begin() + 1,  // beside the style
      whole_number<RopeSpec>("position.rope.rotary_dim", rope_of, &RopeSpec::rotary_dim, even_widths));
  add_missing(out, of_rope);
  add_missing(out, walked<RopeScaling>("position.rope.scaling", attention, scaling_of));
  add_missing(out, walked<PositionSpec>("position", attention, [](BlockSpec& s) { return &s.position; }));
  if (!space.anatomy.spec.position.buckets)
    std::erase_if(out, [](const Variation& v) { return v.id == "position.buckets"; });
  add_missing(out, {whole_number<AlibiSpec>("position.bias.max_bias", alibi_of, &AlibiSpec::max_bias,
                                            [](const BlockSpec&) {
                                              std::vector<int> most_likely(16);
                                              std::iota(most_likely.begin(), most_likely.end(), 1);
                                              return most_likely;
                                            })});
  add_missing(out, walked<AlibiSpec>("position.bias", attention, alibi_of));
  for (Variation& v : out) {
    if (v.id == "position.rope.exponent_of_head_dim")
      v = only_where(v, [](const BlockSpec& s) {
        return s.position.rope && s.position.rope->rotary_dim < s.attention.head_dim;
      });
    if (v.id == "position.bias.slopes")
      v = only_where(v,
                     [](const BlockSpec& s) { return !std::has_single_bit(unsigned(s.attention.n_heads)); });
  }
  return out;
}

std::vector<std::optional<RopeSpec>> plainest_ropes(int head_dim) {
  std::vector<std::optional<RopeSpec>> out{std::nullopt};
  for (RopeStyle style : {RopeStyle::half, RopeStyle::interleaved})
    for (int r = head_dim - head_dim % 2; r >= 2; r -= 2)
      for (double base : {10000.0, 500000.0, 1000000.0, 100000.0, 100.0, 1000.0})
        out.push_back(RopeSpec{.style = style, .rotary_dim = r, .base = base});
  return out;
}

std::vector<std::optional<RopeSpec>> usual_ropes(int head_dim) {
  std::vector<std::optional<RopeSpec>> out{std::nullopt};
  for (RopeStyle style : {RopeStyle::half, RopeStyle::interleaved})
    for (int r = head_dim - head_dim % 2; r >= 2; r -= 2)
      for (std::size_t i = 0; i < std::size(usual_bases); ++i) {
        const RopeSpec rope{.style = style, .rotary_dim = r, .base = usual_bases[i]};
        if (i >= bases_with_scaling)
          out.push_back(rope);
        else
          for (const RopeSpec& other : turned_and_scaled(rope)) out.push_back(other);
      }
  return out;
}

std::vector<AlibiSpec> usual_alibis() {
  std::vector<AlibiSpec> out{AlibiSpec{}};
  for (const AlibiSpec& wrong : gone_wrong(AlibiSpec{})) out.push_back(wrong);
  return out;
}

std::vector<Number> position_numbers() {
  return {{"position.rope.base", attention,
           [](const Candidate& c) {
             return c.spec.position.rope ? std::optional(c.spec.position.rope->base) : std::nullopt;
           },
           [](Candidate& c, double x) { c.spec.position.rope->base = x; }, 1.5, 1e9,
           std::vector<double>(std::begin(usual_bases), std::end(usual_bases))},
          {"position.rope.scaling.factor",
           attention,
           [](const Candidate& c) -> std::optional<double> {
             const auto& rope = c.spec.position.rope;
             return rope && rope->scaling ? std::optional(rope->scaling->factor) : std::nullopt;
           },
           [](Candidate& c, double x) { c.spec.position.rope->scaling->factor = x; },
           1,
           1000,
           {8, 4, 16, 32, 40, 2}}};
}

}  // namespace plumbline::identify
