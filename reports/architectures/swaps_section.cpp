#include "reports/architectures/swaps_section.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/oracle/record.hpp"
#include "reports/render/markdown.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* swaps_text =
    R"(Every preset is asked one question in float32, gradients too, in small sizes that all have in common, and every other
one answers it in its place. That one reads the tensors of its own names and shapes, norms of the stream in their order,
wherever they stand, and gains of 1 and biases of 0 where the question has none. Where it needs a tensor that is none of
these, a projection of another shape or an expert more, names and shapes give it away, and nothing is judged. Of {} pairs {}
are given away so. Of the {} others {} are noticed: {}. Asked about itself, a preset agrees in {}.

)";

constexpr const char* agree_text =
    R"(Not noticed are these. *The same function*: value and all gradients, enclosed in 60 digits, cannot be told apart, whatever
the recipe of the question.

)";

constexpr std::size_t shown = 10;

struct SwapTotals {
  int refused = 0, judged = 0, noticed = 0, own = 0;
  std::map<std::string, int> findings;
};

SwapTotals totals_of(const Json& rows) {
  SwapTotals t;
  for (const Json& row : rows) {
    t.refused += row.at("other_tensors").get<int>(), t.judged += row.at("judged").get<int>();
    t.own += row.at("own") == "agrees";
    for (const auto& [finding, count] : row.at("findings").items())
      if (finding != "agrees") t.findings[finding] += count.get<int>(), t.noticed += count.get<int>();
  }
  return t;
}

std::string findings_in_words(const SwapTotals& t) {
  std::string text;
  for (const auto& [finding, count] : t.findings)
    text += fmt::format("{}{} as `{}`", text.empty() ? "" : ", ", count, finding);
  return text;
}

std::vector<Row> agreeing(const Json& rows) {
  std::vector<Row> out;
  for (const Json& row : rows)
    for (const Json& a : row.at("agree"))
      out.push_back(
          {row.at("asked"), a.at("answers"), a.at("same") ? "the same function" : "**another one**"});
  return out;
}

std::vector<Row> nearest(const Json& rows) {
  std::vector<std::pair<double, Row>> found;
  for (const Json& row : rows)
    if (row.contains("nearest")) {
      const double change = row.at("nearest").at("change");
      found.push_back(
          {change, {row.at("asked"), row.at("nearest").at("answers"), fmt::format("{:.1e}", change)}});
    }
  std::ranges::sort(found);
  std::vector<Row> out;
  for (std::size_t i = 0; i < std::min(shown, found.size()); ++i) out.push_back(found[i].second);
  return out;
}

}  // namespace

std::string swaps_section(const Json& record) {
  const Json& rows = record.at("rows");
  const SwapTotals t = totals_of(rows);
  const std::vector<Row> same = agreeing(rows);
  return "## One in place of another\n\n" + measured(record) +
         fmt::format(swaps_text, t.refused + t.judged, t.refused, t.judged, t.noticed, findings_in_words(t),
                     of(t.own, int(rows.size()))) +
         (same.empty() ? "" : agree_text + table({"asked", "answers", "computes"}, "lll", same) + "\n") +
         "The nearest that are noticed, by how far the other's y is away:\n\n" +
         table({"asked", "answers", "relative change of y"}, "llr", nearest(rows));
}

}  // namespace plumbline::reports
