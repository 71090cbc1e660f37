#include "reports/chains/records.hpp"

#include <algorithm>

#include "reports/progress.hpp"

namespace plumbline::reports {
namespace {

using Jobs = std::vector<std::function<void()>>;

void add_gradient_jobs(Jobs& jobs, std::vector<GradientChain>& into, GradientSettings settings) {
  into.resize(seeds.size());
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    settings.seed = seeds[i];
    jobs.push_back([settings, to = &into[i]] { *to = gradient_chain(settings); });
  }
}

}  // namespace

ChainRecords run_chains() {
  ChainRecords r;
  Jobs jobs;
  for (const std::string layout : {"pre_norm", "post_norm"}) {
    SpectrumChain& spectrum = r.spectra[layout];
    jobs.push_back([layout, &spectrum] { spectrum = spectrum_chain(layout, 8, 4, deepest, 1); });
  }
  for (const std::string layout : {"pre_norm", "post_norm"}) {
    for (int n : stack_depths)
      add_gradient_jobs(jobs, r.stacks[layout][n], {.layout = layout, .n_layers = n, .seed = 0});
    add_gradient_jobs(jobs, r.feed_forward_only[layout],
                      {.layout = layout,
                       .n_layers = deepest,
                       .seed = 0,
                       .d_ff = 32,
                       .activation = Activation::relu,
                       .attention = false});
  }
  run_all("chains of Jacobians", jobs);
  return r;
}

Band band(const std::vector<Mp50>& values) {
  Mp50 logs(0);
  for (const Mp50& v : values) logs += log(v);
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return {exp(Mp50(logs / Mp50(static_cast<int>(values.size())))), *least, *most};
}

Band gain_below_top(const std::vector<GradientChain>& chains, int n) {
  std::vector<Mp50> gains;
  for (const GradientChain& c : chains)
    gains.push_back(c.gradient[c.settings.n_layers - n] / c.gradient[c.settings.n_layers]);
  return band(gains);
}

}  // namespace plumbline::reports
