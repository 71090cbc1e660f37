// plumbline_chains RECORD [--seeds N] [--jobs N]: measures stacks of every layout at initialisation, and the
// stream mixers of hyper-connections, and writes the record that chains.md and claims.md read.
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "measure/depth_chain.hpp"
#include "measure/program.hpp"
#include "measure/stream_mixers.hpp"
#include "plumbline/base/parallel.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/judge/stamp.hpp"

namespace plumbline {
namespace {

struct Options {
  std::string file;
  int seeds = 10, jobs = 1;
};

Options parse(int argc, char** argv) {
  Options o;
  o.file = file_and_options(argc, argv, [&](const std::string& key, const std::string& value) {
    if (key != "--seeds" && key != "--jobs") return false;
    (key == "--seeds" ? o.seeds : o.jobs) = std::stoi(value);
    return true;
  });
  if (o.seeds < 1) throw Error("--seeds must be at least 1");
  return o;
}

constexpr int spectrum_layers = 96;
const std::vector<int> gradient_layers{6, 24, 96, 256};
constexpr int keel_layers = 1024;  // the depth that its paper speaks of

// What is asked of one setting: a whole list of depths takes more rotations, so few settings have it.
struct Setting {
  ChainSettings chain;
  std::vector<int> gradient_depths = gradient_layers;
  std::vector<int> spectrum_depths = {spectrum_layers};
};

Initialisation own_initialisation(const StackLayout& layout) {
  return layout.name == "deep_norm" ? Initialisation::deepnorm : Initialisation::xavier;
}

bool is_pre_or_post(const StackLayout& l) { return l.name == "pre_norm" || l.name == "post_norm"; }

// One branch alone; and another initialisation, but for the largest size, which takes the most time.
void add_controls(std::vector<Setting>& all, ChainSettings s) {
  for (Branches only : {Branches::feed_forward, Branches::attention}) {
    s.branches = only;
    all.push_back({s});
  }
  if (s.d == 32) return;
  s.branches = Branches::both;
  s.initialisation = Initialisation::gpt2;
  all.push_back({s});
}

std::vector<Setting> settings() {
  constexpr std::pair<int, int> sizes[] = {{8, 4}, {16, 8}, {32, 8}};
  std::vector<Setting> all;
  for (const auto& [d, tokens] : sizes)
    for (NormKind norm : {NormKind::layer_norm, NormKind::rms_norm})
      for (const StackLayout& layout : stack_layouts()) {
        const bool main = is_pre_or_post(layout), deep = layout.name == "deep_norm",
                   keel = layout.name == "keel";
        if (d == 32 && !main && !deep && !keel) continue;
        const ChainSettings s{&layout, norm, d, tokens, own_initialisation(layout)};
        all.push_back({s});
        if (d == 16 && keel) all.back().gradient_depths.push_back(keel_layers);
        if (d == 16 && main) all.back().spectrum_depths = {1, 2, 4, 8, 16, 32, 48, 64, 80, spectrum_layers};
        if (main) add_controls(all, s);
      }
  return all;
}

double rounded(double x) { return std::round(x * 1e4) / 1e4; }
struct Runs {
  std::vector<GradientRun> gradients;  // by depth
  SpectrumRun spectrum;
};

Json exponents(const std::vector<Runs>& seeds, double SpectrumRun::*field) {
  Json out = Json::array();
  for (const Runs& r : seeds) out.push_back(rounded(r.spectrum.*field));
  return out;
}

Json gradients_of(const Setting& s, const std::vector<Runs>& seeds) {
  Json out;
  for (std::size_t k = 0; k < s.gradient_depths.size(); ++k)
    for (const Runs& r : seeds)
      out[std::to_string(s.gradient_depths[k])].push_back(rounded(r.gradients[k].log10_factor));
  return out;
}

Json stream_of(const std::vector<Runs>& seeds) {
  Json out;
  for (const Runs& r : seeds)
    for (const auto& [layer, value] : r.gradients[gradient_layers.size() - 1].log10_mean_square)
      out[std::to_string(layer)].push_back(rounded(value));
  return out;
}

Json directions_of(const std::vector<Runs>& seeds) {
  Json out;
  for (const Runs& r : seeds)
    for (const auto& [layers, count] : r.spectrum.directions) out[std::to_string(layers)].push_back(count);
  return out;
}

Json record(const Setting& s, const std::vector<Runs>& seeds) {
  const ChainSettings& c = s.chain;
  return {{"layout", c.layout->name},
          {"norm", name_of(c.norm)},
          {"d", c.d},
          {"tokens", c.tokens},
          {"initialisation", name_of(c.initialisation)},
          {"branches", name_of(c.branches)},
          {"log10_gradient_factor", gradients_of(s, seeds)},
          {"log10_mean_square", stream_of(seeds)},
          {"remaining_directions", remaining_directions(c)},
          {"log10_largest", exponents(seeds, &SpectrumRun::largest)},
          {"log10_median", exponents(seeds, &SpectrumRun::median)},
          {"log10_smallest", exponents(seeds, &SpectrumRun::smallest)},
          {"directions", directions_of(seeds)}};
}

Runs run(const Setting& s, std::uint64_t seed) {
  Runs r;
  for (int n : s.gradient_depths) r.gradients.push_back(gradient_run(s.chain, n, seed));
  r.spectrum = spectrum_run(s.chain, s.spectrum_depths, seed);
  return r;
}

Json chains(const Options& o) {
  const std::vector<Setting> all = settings();
  std::vector<std::vector<Runs>> found(all.size(), std::vector<Runs>(o.seeds));
  in_parallel(int(all.size()) * o.seeds, o.jobs, [&](int i) {
    found[i / o.seeds][i % o.seeds] = run(all[i / o.seeds], std::uint64_t(i % o.seeds + 1));
    if (i % o.seeds == 0) std::cerr << i / o.seeds + 1 << " of " << all.size() << " settings\n";
  });
  Json out = Json::array();
  for (std::size_t i = 0; i < all.size(); ++i) out.push_back(record(all[i], found[i]));
  return out;
}

Json mixers(const Options& o) {
  constexpr std::pair<const char*, double MixerRun::*> fields[] = {
      {"row_gap", &MixerRun::row_gap},
      {"row_gap_99", &MixerRun::row_gap_99},
      {"column_gap", &MixerRun::column_gap},
      {"column_sum", &MixerRun::column_sum},
      {"norm", &MixerRun::norm},
      {"product_row_sum", &MixerRun::product_row_sum},
      {"product_norm", &MixerRun::product_norm},
      {"transposed", &MixerRun::transposed}};
  Json out = Json::array();
  for (const auto& [kind, one] :
       {std::pair{"sinkhorn", &sinkhorn_run}, std::pair{"permutations", &permutation_run}})
    for (double sigma : {0.01, 1.0, 3.0, 5.0, 12.0}) {
      Json row{{"mixer", kind}, {"sigma", sigma}};
      for (int seed = 1; seed <= o.seeds; ++seed) {
        const MixerRun r = one(sigma, std::uint64_t(seed));
        for (const auto& [name, field] : fields) row[name].push_back(r.*field);
      }
      out.push_back(row);
    }
  return out;
}

// A line for each setting: what changes between two records can be read.
std::string text(const Json& record) {
  std::string out = "{";
  for (const auto& [key, value] : record.items()) {
    out += (out.size() > 1 ? ",\n" : "\n") + Json(key).dump() + ": ";
    if (!value.is_array()) {
      out += value.dump();
      continue;
    }
    for (std::size_t i = 0; i < value.size(); ++i) out += (i ? ",\n" : "[\n") + value[i].dump();
    out += "\n]";
  }
  return out + "\n}\n";
}

}  // namespace
}  // namespace plumbline

int main(int argc, char** argv) {
  using namespace plumbline;
  return run_program("plumbline_chains", [&] {
    const Options o = parse(argc, argv);
    check_writable(o.file);
    const Json record{{"stamp", stamp()}, {"seeds", o.seeds}, {"mixers", mixers(o)}, {"stacks", chains(o)}};
    write_bytes(o.file, text(record));
  });
}
