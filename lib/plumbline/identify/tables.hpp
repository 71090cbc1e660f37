// The parts that the table of knobs is made of, and ways to write them.
#pragma once

#include "plumbline/base/names.hpp"
#include "plumbline/identify/norm_knobs.hpp"

namespace plumbline::identify {

// The knobs and numbers of each part of a spec that the space leaves open; variations_of and numbers_of join them.
std::vector<Variation> wiring_knobs(const Space& space);
std::vector<Variation> feed_forward_knobs(const Space& space);
std::vector<Variation> attention_knobs(const Space& space);
std::vector<Number> wiring_numbers(const Space& space);
std::vector<Number> attention_numbers(const Space& space);

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

// A knob that is a member of the spec, of one of its parts (`part`: the spec -> that part).
template <class E, class Part>
Variation enumerated_variation(std::string id, Group group, E Part::*member, Part* (*part)(BlockSpec&)) {
  return {std::move(id), group,
          [=](const Candidate& c) {
            BlockSpec s = c.spec;
            const Part* p = part(s);
            return p ? std::string(plumbline::name_of(p->*member)) : std::string();
          },
          [=](const Candidate& c) {
            Changes changes;
            for (auto [e, text] : names<E>())
              changes.push_back([=, e = e](BlockSpec& s) {
                if (Part* p = part(s)) p->*member = e;
              });
            return changed(c, changes);
          }};
}
template <class Part>
Variation flag_variation(std::string id, Group group, bool Part::*member, Part* (*part)(BlockSpec&)) {
  return {std::move(id), group,
          [=](const Candidate& c) {
            BlockSpec s = c.spec;
            const Part* p = part(s);
            return std::string(p && p->*member ? "true" : "false");
          },
          [=](const Candidate& c) {
            return changed(c, {[=](BlockSpec& s) {
                             if (Part* p = part(s)) p->*member = !(p->*member);
                           }});
          }};
}
template <class E>
Variation enumerated_variation(std::string id, Group group, E BlockSpec::*member) {
  return enumerated_variation<E, BlockSpec>(std::move(id), group, member, [](BlockSpec& s) { return &s; });
}
inline Variation flag_variation(std::string id, Group group, bool BlockSpec::*member) {
  return flag_variation<BlockSpec>(std::move(id), group, member, [](BlockSpec& s) { return &s; });
}

}  // namespace plumbline::identify
