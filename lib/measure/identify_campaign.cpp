// plumbline_identify_campaign [PROFILE [PART OF A NAME]]: how many black boxes are identified: all right
// ones, and every deviation of the catalogue in every model. A run takes minutes.
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "identify/boxes.hpp"
#include "plumbline/identify/describe.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {
namespace {

std::vector<Box> boxes() {
  std::vector<Box> out = right_boxes();
  for (const Preset& preset : presets())
    if (preset.common)
      for (const Deviation& d : deviations()) {
        const Box box = wrong_box(std::string(preset.name).c_str(), std::string(d.id).c_str());
        if (d.applies_to(box.spec)) out.push_back(box);
      }
  return out;
}

struct Count {
  int boxes = 0, named = 0, same = 0;
};

void tell(const Box& box, const identify::Identification& i, bool same) {
  if (same && i.named) return;
  std::printf("%s: %s, %s\n", box.name.c_str(), i.named ? "named" : identify::leftover(i).c_str(),
              same ? "the same bits"
                   : Json::diff(to_json(computed_by(box)), to_json(i.candidate.spec)).dump().c_str());
  std::fflush(stdout);
}

int run(const Profile& profile, const std::string& part) {
  Count right, wrong;
  const std::clock_t start = std::clock();
  for (const Box& box : boxes()) {
    if (box.name.find(part) == std::string::npos) continue;
    Count& count = box.wrong ? wrong : right;
    const identify::Anatomy a =
        identify::anatomy_of(tensors_of(box.spec), {.n_heads = box.spec.attention.n_heads});
    const identify::Identification i = identify::identify(black_box(box, profile), a, profile);
    const bool same = computes_the_same(i.candidate, a, box);
    ++count.boxes, count.named += i.named, count.same += same;
    tell(box, i, same);
  }
  for (const auto& [name, c] : {std::pair("right", right), {"wrong", wrong}})
    std::printf("%s boxes: %d, named %d, the same bits %d\n", name, c.boxes, c.named, c.same);
  std::printf("%.2f s of processor time for each\n",
              double(std::clock() - start) / CLOCKS_PER_SEC / std::max(1, right.boxes + wrong.boxes));
  return 0;
}

}  // namespace
}  // namespace plumbline

int main(int argc, char** argv) {
  try {
    return plumbline::run(plumbline::find_profile(argc > 1 ? argv[1] : "float32"), argc > 2 ? argv[2] : "");
  } catch (const std::exception& e) {
    std::fprintf(stderr, "plumbline_identify_campaign: %s\n", e.what());
    return 2;
  }
}
