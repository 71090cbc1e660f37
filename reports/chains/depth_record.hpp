// The record of stacks of every layout, which plumbline_chains writes (lib/measure/chains.cpp).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plumbline/spec/json.hpp"

namespace plumbline::reports {

using Seeds = std::vector<double>;  // a number for each seed

// One setting of a stack; exponents are log10.
struct StackRecord {
  std::string layout, norm, initialisation, branches;
  int d, tokens, remaining;          // directions that the norms alone leave
  std::map<int, Seeds> gradient;     // by depth: of the factor on its length, from top to bottom
  std::map<int, Seeds> mean_square;  // of the stream behind a layer
  Seeds largest, median, smallest;   // of the singular values of the deepest product
  std::map<int, Seeds> directions;   // by depth: how many keep a thousandth of the largest
};

// Mixers of one kind whose logits have that standard deviation: the fields of MixerRun by name.
struct MixerRecord {
  std::string mixer;
  double sigma;
  std::map<std::string, Seeds> values;
};

struct DepthRecord {
  std::string measured;  // which rule, where and when, as oracle/record.hpp says it
  int seeds, layers;     // of the products of Jacobians
  std::vector<StackRecord> stacks;
  std::vector<MixerRecord> mixers;
};

// Throws Error naming the file where it is missing or no such record.
DepthRecord read_depth_record();
DepthRecord depth_record(const Json& record);

// Which stacks are meant; what is empty or 0 may be anything.
struct Which {
  std::string layout = {}, norm = {}, branches = "both", initialisation = "own";  // own: the layout's
  int d = 0;
};
std::vector<const StackRecord*> those(const DepthRecord& record, const Which& which);

// Of several settings the numbers of all seeds, one behind the other.
template <class Of>
Seeds gathered(const std::vector<const StackRecord*>& stacks, Of of) {
  Seeds all;
  for (const StackRecord* s : stacks) {
    const Seeds more = of(*s);
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

// Of the directions that the norms leave, the share that keeps a thousandth of the largest factor, by seed.
Seeds kept_share(const StackRecord& stack);

// Throw Error where there are none.
double mean(const Seeds& values);
double least(const Seeds& values);
double most(const Seeds& values);

}  // namespace plumbline::reports
