// plumbline_characteristics [--seeds N] [--width D] [--preset NAME]... [--profile NAME]...: measures the
// oracle and prints the tables of lib/plumbline/oracle/README.md.
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "oracle/characteristics.hpp"
#include "plumbline/spec/presets.hpp"

int main(int argc, char** argv) {
  using namespace plumbline;
  Campaign campaign;
  std::vector<std::string> profiles;
  try {
    for (int i = 1; i + 1 < argc; i += 2) {
      const std::string key = argv[i], value = argv[i + 1];
      if (key == "--seeds")
        campaign.seeds = std::stoi(value);
      else if (key == "--width")
        campaign.width = std::stoi(value);
      else if (key == "--preset")
        campaign.presets.emplace_back(find_preset(value).name);
      else if (key == "--profile")
        profiles.push_back(find_profile(value).name);
      else
        throw Error("unknown option " + key);
    }
    if (campaign.presets.empty())
      for (const Preset& p : presets()) campaign.presets.emplace_back(p.name);
    if (profiles.empty()) profiles = {"float32", "bfloat16-mixed", "float16-mixed"};
    print(std::cout, campaign, profiles);
    std::cout
        << "\n| profile | random pairs of deviations | called wrong | both named |\n|---|--:|--:|--:|\n";
    for (const std::string& name : profiles) {
      const Pairs p = name_pairs(campaign, find_profile(name), 40);
      std::cout << "| " << name << " | " << p.tried << " | " << p.called_wrong << " | " << p.named << " |"
                << std::endl;
    }
    std::cout << "\n| truth, where bfloat16-mixed is declared | agrees | coarser | named | wrong, unnamed | "
                 "inconclusive |\n|---|--:|--:|--:|--:|--:|\n";
    for (const Confusion& c : confusion(campaign, find_profile("bfloat16-mixed")))
      std::cout << "| " << c.truth << " (" << c.agrees + c.coarser + c.named + c.wrong + c.inconclusive
                << ") | " << c.agrees << " | " << c.coarser << " | " << c.named << " | " << c.wrong << " | "
                << c.inconclusive << " |" << std::endl;
  } catch (const std::exception& e) {
    std::cerr << "plumbline_characteristics: " << e.what() << "\n";
    return 2;
  }
}
