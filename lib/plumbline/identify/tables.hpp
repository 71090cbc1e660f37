// The parts that the table of knobs is made of, and ways to write them.
#pragma once

#include "plumbline/identify/choices.hpp"
#include "plumbline/identify/norm_knobs.hpp"

namespace plumbline::identify {

// The knobs and numbers of each part of a spec that the space leaves open.
// variations_of and numbers_of join them.
std::vector<Variation> wiring_knobs(const Space& space);
std::vector<Variation> feed_forward_knobs(const Space& space);
std::vector<Variation> expert_knobs(const Space& space);
std::vector<Variation> attention_knobs(const Space& space);
std::vector<Variation> position_knobs(const Space& space);
std::vector<Number> wiring_numbers(const Space& space);
std::vector<Number> expert_numbers(const Space& space);
std::vector<Number> attention_numbers(const Space& space);
std::vector<Number> position_numbers();
// How many choices about experts no right model makes, or seldom.
int oddity_of_experts(const MoeSpec& found, const MoeSpec& declared);

// Some values, each with what it changes; a change that changes nothing is left out.
using Changes = std::vector<std::function<void(BlockSpec&)>>;
inline std::vector<Candidate> changed(const Candidate& c, const Changes& changes) {
  std::vector<Candidate> out;
  for (const auto& change : changes) {
    Candidate other = c;
    change(other.spec);
    if (!(other == c)) out.push_back(std::move(other));
  }
  return out;
}

// Finds a feature in a spec; nullptr where it has none.
template <class F>
using Finder = F* (*)(BlockSpec&);

// A choice in that feature as a knob of the spec.
template <class F>
Variation variation(std::string id, Group group, Finder<F> find, const Choice<F>& choice) {
  return {std::move(id), group,
          [=](const Candidate& c) {
            BlockSpec s = c.spec;
            const F* f = find(s);
            return f ? choice.text(*f) : std::string();
          },
          [=](const Candidate& c) {
            Changes changes;
            BlockSpec s = c.spec;
            if (const F* f = find(s))
              for (const Value<F>& v : choice.values(*f))
                changes.push_back([find, v](BlockSpec& other) { v.set(*find(other)); });
            return changed(c, changes);
          }};
}

// The knobs of that feature that say themselves what they can be set to, in their order.
template <class F>
std::vector<Variation> walked(const std::string& path, Group group, Finder<F> find) {
  std::vector<Variation> out;
  for (const Choice<F>& c : choices<F>(path)) out.push_back(variation(dotted(path, c.key), group, find, c));
  return out;
}

// Appends those that are not there yet, by their ids: what is written by hand stands first, and wins.
inline void add_missing(std::vector<Variation>& out, const std::vector<Variation>& walked) {
  for (const Variation& w : walked)
    if (std::none_of(out.begin(), out.end(), [&](const Variation& v) { return v.id == w.id; }))
      out.push_back(w);
}

// The same knob, turned only where that holds: what its feature cannot know.
inline Variation only_where(Variation v, std::function<bool(const BlockSpec&)> holds) {
  v.others = [others = std::move(v.others), holds = std::move(holds)](const Candidate& c) {
    return holds(c.spec) ? others(c) : std::vector<Candidate>();
  };
  return v;
}

}  // namespace plumbline::identify
