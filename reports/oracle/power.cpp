// Right answers are put to every question, and no functional takes what they show for more than correct
// code's. What that costs: the same campaign with the rule as it was before, at the same seeds.
#include <fmt/format.h>

#include "plumbline/base/error.hpp"
#include "reports/oracle/record.hpp"
#include "reports/oracle/sections.hpp"
#include "reports/render/markdown.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* power_text =
    R"(Every question is also put to answers that are known to be right. What these show counts as normal, and no longer as
the sign of a mistake. That lowers false alarms, and it may cost detection. How much, the same questions say, with the same
seeds and sizes, judged by the rule as it was before and as it is now: before → now, of deviations with SNR ≥ 10.
*Separated* are those that a single question can tell from correct code. The rule as it is now:

)";

std::string change(const Json& before, const Json& now, const char* key) {
  return fmt::format("{} → {}", number(before, key), number(now, key));
}

// The row of the other record about the same questions.
const Json* same_questions(const Json& row, const Json& record) {
  for (const Json& other : record.at("characteristics"))
    if (other.at("profile") == row.at("profile") && other.at("inputs") == row.at("inputs") &&
        other.at("gradients") == row.at("gradients"))
      return &other;
  return nullptr;
}

}  // namespace

std::string power_section(const Json& now, const Json& before) {
  for (const char* key : {"seeds", "width", "presets"})
    if (now.at(key) != before.at(key))
      throw Error(std::string("records of one campaign: expected the same ") + key + ", found " +
                  before.at(key).dump() + " and " + now.at(key).dump());
  std::vector<Row> rows;
  for (const Json& b : now.at("characteristics")) {
    const Json* asked_before = same_questions(b, before);
    if (!asked_before) continue;
    const Json& a = *asked_before;
    rows.push_back({b.at("profile"), b.at("inputs"), b.at("gradients") ? "y, gradients" : "y",
                    std::to_string(number(b, "with_effect")), change(a, b, "found_clear"),
                    change(a, b, "unknown_found_clear"), change(a, b, "named_right"),
                    change(a, b, "named_wrong"), change(a, b, "separated")});
  }
  return power_text + measured(now) +
         table({"profile", "inputs", "outputs", "planted", "found", "found when left out", "named right",
                "another name", "separated"},
               "lllrrrrrr", rows);
}

}  // namespace plumbline::reports
