#include "golden/generate/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "plumbline/cases/truth.hpp"
#include "plumbline/number/digits.hpp"

namespace plumbline::golden {

bool is_small(const GoldenCase& c) { return c.settings.spec.part == Part::norm; }

std::string text_of(const GoldenCase& c) {
  std::string text = "# " + c.id + ": its inputs are in the container of that name.\n# " +
                     to_json(c.settings.spec).dump() + "\n";
  for (const Certificate& output : certificates(c.settings))
    for (Eigen::Index i = 0; i < output.value.size(); ++i)
      text += fmt::format("{}[{}] = {}\n", output.name, i, certified_digits(output.value.data()[i], 40));
  return text;
}

}  // namespace plumbline::golden
