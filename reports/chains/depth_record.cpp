#include "reports/chains/depth_record.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "plumbline/base/error.hpp"
#include "plumbline/base/strict_json.hpp"
#include "plumbline/io/file.hpp"
#include "reports/oracle/record.hpp"

namespace plumbline::reports {
namespace {

std::map<int, Seeds> by_depth(const Json& j) {
  std::map<int, Seeds> out;
  for (const auto& [depth, seeds] : j.items()) out[std::stoi(depth)] = seeds.get<Seeds>();
  return out;
}

StackRecord stack_record(const Json& j) {
  return {.layout = j.at("layout"),
          .norm = j.at("norm"),
          .initialisation = j.at("initialisation"),
          .branches = j.at("branches"),
          .d = j.at("d"),
          .tokens = j.at("tokens"),
          .remaining = j.at("remaining_directions"),
          .gradient = by_depth(j.at("log10_gradient_factor")),
          .mean_square = by_depth(j.at("log10_mean_square")),
          .largest = j.at("log10_largest").get<Seeds>(),
          .median = j.at("log10_median").get<Seeds>(),
          .smallest = j.at("log10_smallest").get<Seeds>(),
          .directions = by_depth(j.at("directions"))};
}

MixerRecord mixer_record(const Json& j) {
  MixerRecord r{.mixer = j.at("mixer"), .sigma = j.at("sigma"), .values = {}};
  for (const auto& [name, value] : j.items())
    if (value.is_array()) r.values[name] = value.get<Seeds>();
  return r;
}

const Seeds& some(const Seeds& v) {
  if (v.empty()) throw Error("the record of stacks has no such numbers");
  return v;
}

bool is_own(const StackRecord& s) {
  return s.initialisation == (s.layout == "deep_norm" ? "deepnorm" : "xavier");
}

bool matches(const StackRecord& s, const Which& w) {
  const auto is = [](const std::string& wanted, const std::string& found) {
    return wanted.empty() || wanted == found;
  };
  return is(w.layout, s.layout) && is(w.norm, s.norm) && is(w.branches, s.branches) &&
         (w.initialisation == "own" ? is_own(s) : is(w.initialisation, s.initialisation)) &&
         (w.d == 0 || w.d == s.d);
}

}  // namespace

DepthRecord depth_record(const Json& j) {
  DepthRecord r{.measured = measured(j), .seeds = j.at("seeds"), .layers = 0, .stacks = {}, .mixers = {}};
  for (const Json& s : j.at("stacks")) r.stacks.push_back(stack_record(s));
  for (const Json& m : j.at("mixers")) r.mixers.push_back(mixer_record(m));
  r.layers = r.stacks.at(0).directions.rbegin()->first;
  return r;
}

DepthRecord read_depth_record() {
  const std::string path = PLUMBLINE_CHAIN_RECORDS "/depth.json";
  try {
    return depth_record(parse_strict<Json>(read_bytes(path), path));
  } catch (const Json::exception& e) {
    throw Error(path + ": " + e.what());
  }
}

std::vector<const StackRecord*> those(const DepthRecord& record, const Which& which) {
  std::vector<const StackRecord*> found;
  for (const StackRecord& s : record.stacks)
    if (matches(s, which)) found.push_back(&s);
  if (found.empty()) throw Error("the record of stacks has none of " + which.layout + " " + which.branches);
  return found;
}

Seeds kept_share(const StackRecord& stack) {
  Seeds share = stack.directions.rbegin()->second;
  for (double& s : share) s /= stack.remaining;
  return share;
}

double mean(const Seeds& v) { return std::accumulate(v.begin(), v.end(), 0.0) / double(some(v).size()); }
double least(const Seeds& v) { return *std::ranges::min_element(some(v)); }
double most(const Seeds& v) { return *std::ranges::max_element(some(v)); }

}  // namespace plumbline::reports
