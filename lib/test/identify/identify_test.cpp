#include "plumbline/identify/identify.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "identify/boxes.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {
namespace {

void show(const Box& box, const identify::Identification& i, double seconds) {
  const bool equal = i.candidate.spec == computed_by(box);
  std::printf("%-45s named %d equal %d questions %d %.2f s\n", box.name.c_str(), i.named, equal, i.questions,
              seconds);
  if (!equal) {
    const Json a = to_json(i.candidate.spec), b = to_json(computed_by(box));
    std::printf("   patch %s\n", Json::diff(b, a).dump().c_str());
  }
  if (!i.named) std::printf("   left over: %s\n", describe(i.leftover).c_str());
  std::fflush(stdout);
}

TEST(Identify, All) {
  const Profile& profile = find_profile(getenv("PROFILE") ? getenv("PROFILE") : "float32");
  std::vector<Box> boxes = right_boxes();
  for (Box& b : wrong_boxes()) boxes.push_back(b);
  const char* only = getenv("ONLY");
  for (const Box& box : boxes) {
    if (only && box.name.find(only) == std::string::npos) continue;
    const auto start = std::chrono::steady_clock::now();
    const auto anatomy = identify::anatomy_of(tensors_of(box.spec), {.n_heads = box.spec.attention.n_heads});
    const auto i = identify::identify(black_box(box, profile), anatomy, profile);
    show(box, i, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (getenv("DECISIONS"))
      for (const auto& d : i.decisions) {
        std::printf("      %-40s %-25s | %-25s e^%.3g %s |", d.knob.c_str(), d.value.c_str(),
                    d.runner_up.c_str(), d.log_likelihood_ratio, d.recipe.c_str());
        for (const auto& u : d.undecided) std::printf(" %s;", u.c_str());
        std::printf("\n");
      }
  }
}

}  // namespace
}  // namespace plumbline
