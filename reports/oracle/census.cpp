#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reports/oracle/record.hpp"
#include "reports/oracle/sections.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* census_text =
    R"(An implementation in C++ that shares no code with the rule, in its variants, at sizes that models and kernels have: y,
and y with all gradients, in {}. Of {} answers that were judged, {} of them at real sizes, {} were called wrong and {}
coarser than declared. Beside them stand {} answers of plain code that rounds to nearest, at places that the rule was not
calibrated on (*plain answers*): {} were refused. {} questions were not judged.

)";

struct RowCounts {
  int judged = 0, wrong = 0, coarser = 0, right_answers = 0, refused = 0;

  void add(const Json& variant) {
    judged += number(variant, "judged"), wrong += number(variant, "wrong");
    coarser += number(variant, "coarser"), right_answers += number(variant, "right_answers");
    refused += number(variant, "refused");
  }
};

// "llama ffn, d 64, d_ff 8192", as its spec says it.
std::string block_of(const Json& row) {
  const std::string text = row.at("spec").dump();
  std::string out;
  for (char c : text)
    if (c != '{' && c != '}' && c != '"')
      out += c == ':' ? std::string(" ") : c == ',' ? ", " : std::string(1, c);
  return out;
}

}  // namespace

std::string census_section(const Json& record) {
  RowCounts all;
  int real = 0, not_judged = 0;
  std::vector<std::string> profiles, order;
  std::map<std::string, std::pair<Json, RowCounts>> sizes;
  for (const Json& row : record.at("rows")) {
    const std::string profile = row.at("profile");
    if (std::find(profiles.begin(), profiles.end(), profile) == profiles.end()) profiles.push_back(profile);
    const std::string key = row.at("spec").dump() + row.at("tokens").dump() + row.at("key_tokens").dump();
    if (!sizes.contains(key)) order.push_back(key);
    auto& [first, counts] = sizes[key];
    first = row;
    for (const auto& [reason, n] : row.at("not_judged").items()) not_judged += n.get<int>();
    if (!row.contains("variants")) continue;
    for (const Json& v : row.at("variants")) {
      counts.add(v), all.add(v);
      if (row.at("part") != "small") real += number(v, "judged");
    }
  }
  std::vector<Row> rows;
  for (const std::string& key : order) {
    const auto& [row, c] = sizes.at(key);
    const int tokens = row.at("tokens"), keys = row.at("key_tokens");
    rows.push_back({block_of(row), std::to_string(row.at("batch").get<int>()), std::to_string(tokens),
                    std::to_string(keys ? keys : tokens), counted(c.judged), std::to_string(c.wrong),
                    std::to_string(c.coarser), counted(c.right_answers), std::to_string(c.refused)});
  }
  std::string names;
  for (const std::string& p : profiles) names += (names.empty() ? "" : ", ") + p;
  return measured(record) +
         fmt::format(census_text, names, counted(all.judged), counted(real), all.wrong, all.coarser,
                     counted(all.right_answers), all.refused, not_judged) +
         table({"block", "batch", "tokens", "keys", "judged", "wrong", "coarser", "plain answers", "refused"},
               "lrrrrrrrr", rows);
}

}  // namespace plumbline::reports
