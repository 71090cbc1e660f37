#include "reports/oracle/oracle_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "plumbline/io/file.hpp"
#include "reports/oracle/record.hpp"
#include "reports/oracle/sections.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* live_text =
    R"(An implementation of every part in PyTorch that shares no code with the library, in variants that differ in how they
compute and not in what. Questions about every preset and every single operation, with sizes, specs, recipes and numbers
drawn, about y and all gradients; then the black-box laws. Every answer is right, so whoever calls one wrong
raises a false alarm: of {} judgements, {} of them by laws, {} did. {} more questions were set aside, for they can judge
nothing: on some, right code overflows; on others, an answer of zeros would pass. How many cases agree:

)";

constexpr const char* planted_text =
    R"(Every deviation of the catalogue that changes the exact outputs, as a correct implementation of the deviating block
would compute it. Left out: the deviation is not in the catalogue, so only the generic test can find it; some of them are
then called right in coarser arithmetic. SNR is the deviation's length in units of the noise. Named: of those found with
SNR ≥ 10.

)";

constexpr const char* python_text =
    R"(Every deviation, planted in the implementation in PyTorch, in the block that separates it best, and asked live by
`plumbline verify`. Separation: how far the deviation moves the output, in units of the largest distance that is still called
right. From 1 on it cannot be missed.

)";

// p is a Bonferroni bound and may exceed 1: then nothing was unusual.
std::string bound(double p) { return p > 1 ? "none below 1" : fmt::format("{:.2g}", p); }

std::string outputs_asked(const Json& r) { return r.at("gradients") ? "y, gradients" : "y"; }

bool as_declared(const Json& run) { return run.at("declared") == run.at("computed"); }

int failures(const Json& counts) {
  int n = 0;
  for (const char* outcome : {"invalid", "wrong", "broken", "coarser"}) n += number(counts, outcome);
  return n;
}

// Every variant in every profile: how many cases agree, laws among them; and what was not found right.
std::string agreement(const Json& record) {
  std::vector<std::string> profiles, variants;
  std::map<std::pair<std::string, std::string>, int> cells;
  std::map<std::string, int> alarms_of;
  int alarms = 0, all = 0, discarded = 0, laws = 0;
  const auto note = [](std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const Json& run : record.at("runs")) {
    if (!as_declared(run)) continue;
    const Json& c = run.at("counts");
    const std::string profile = run.at("declared"), variant = run.at("variant");
    const int agrees = number(c, "agrees"), holds = number(c, "holds"), other = failures(c);
    note(profiles, profile), note(variants, variant);
    cells[{variant, profile}] += agrees;
    alarms_of[variant] += other, alarms += other, discarded += number(c, "discarded"), laws += holds;
    all += agrees + holds + other;
  }
  Row header{"variant"};
  header.insert(header.end(), profiles.begin(), profiles.end());
  header.push_back("false alarms");
  std::vector<Row> rows;
  for (const std::string& variant : variants) {
    Row row{variant};
    for (const std::string& profile : profiles) row.push_back(counted(cells[{variant, profile}]));
    row.push_back(std::to_string(alarms_of[variant]));
    rows.push_back(row);
  }
  return fmt::format(live_text, counted(all), counted(laws), alarms, discarded) +
         table(header, "l" + std::string(profiles.size() + 1, 'r'), rows);
}

std::string coarser(const Json& record) {
  std::vector<Row> rows;
  for (const Json& run : record.at("runs")) {
    if (as_declared(run)) continue;
    const Json& c = run.at("counts");
    rows.push_back({run.at("declared"), run.at("computed"), std::to_string(number(c, "coarser")),
                    std::to_string(number(c, "agrees")), std::to_string(number(c, "wrong")),
                    std::to_string(number(c, "invalid") + number(c, "broken"))});
  }
  return table({"declared", "computed in", "coarser", "agrees", "wrong", "otherwise"}, "llrrrr", rows);
}

std::string false_alarms(const Json& record) {
  std::vector<Row> rows;
  for (const Json& r : record.at("characteristics"))
    rows.push_back({r["profile"], r["inputs"], outputs_asked(r), std::to_string(number(r, "questions")),
                    of(number(r, "false_alarms"), number(r, "correct")), bound(r["worst_p"]),
                    fmt::format("{:.2f}", r["worst_match"].get<double>())});
  return table({"profile", "inputs", "outputs", "questions", "false alarms", "smallest p", "largest match"},
               "lllrrrr", rows) +
         "A right answer may look a little like a deviation, by accident. The largest match says how much, "
         "at most: 1 would "
         "be a false alarm. The smallest p is the chance that a right answer is as unlike the others as this "
         "one "
         "was, over all tests of its question together.\n\n";
}

std::string detection(const Json& record) {
  std::vector<Row> rows;
  for (const Json& r : record.at("characteristics")) {
    const int effect = number(r, "with_effect"), clear = number(r, "clear"), found = number(r, "found_clear");
    rows.push_back({r["profile"], r["inputs"], outputs_asked(r), std::to_string(effect),
                    percent(number(r, "unknown_found"), effect),
                    percent(number(r, "unknown_found_clear"), clear),
                    std::to_string(number(r, "unknown_coarser")), percent(number(r, "found"), effect),
                    percent(found, clear), percent(number(r, "named_right"), found),
                    fmt::format("{} / {}", number(r, "named_wrong"), number(r, "not_named"))});
  }
  return table({"profile", "inputs", "outputs", "planted", "left out", "left out, SNR ≥ 10", "called coarser",
                "known", "known, SNR ≥ 10", "named right", "otherwise / not"},
               "lllrrrrrrrr", rows) +
         "A name is right where it is the planted deviation's, or computes the same on that question to "
         "within "
         "the noise.\n\n";
}

std::string pairs(const Json& record) {
  std::vector<Row> rows;
  for (const Json& r : record.value("pairs", Json::array()))
    rows.push_back({r["profile"], std::to_string(number(r, "tried")),
                    std::to_string(number(r, "called_wrong")), std::to_string(number(r, "named"))});
  return table({"profile", "random pairs", "called wrong", "both named"}, "lrrr", rows);
}

std::string confusion(const Json& record) {
  std::vector<Row> rows;
  for (const Json& r : record.value("confusion", Json::array())) {
    Row row{r["truth"]};
    int all = 0;
    for (const char* key : {"agrees", "coarser", "named", "wrong", "inconclusive"}) all += number(r, key);
    row.push_back(std::to_string(all));
    for (const char* key : {"agrees", "coarser", "named", "wrong", "inconclusive"})
      row.push_back(std::to_string(number(r, key)));
    rows.push_back(row);
  }
  return table({"truth", "outputs", "agrees", "coarser", "wrong, named", "wrong, unnamed", "inconclusive"},
               "lrrrrrr", rows);
}

std::string joined(const Json& names, const char* between = ", ") {
  std::string text;
  for (const Json& name : names) text += (text.empty() ? "" : between) + name.get<std::string>();
  return text;
}

// "1.2e+07", or of two deviations "980, 1.2e+07".
std::string separations(const Json& factors) {
  std::string text;
  for (const Json& f : factors) text += fmt::format("{}{:.2g}", text.empty() ? "" : ", ", f.get<double>());
  return text;
}

enum class Rows { all, not_named };

double smallest(const Json& factors) {
  double least = std::numeric_limits<double>::infinity();
  for (const Json& f : factors) least = std::min(least, f.get<double>());
  return least;
}

// The deviations and the pairs that verify was to name, with the run of each, or of those alone that it did
// not name first.
std::string naming(const Json& record, Rows shown = Rows::all) {
  std::vector<Row> rows;
  std::string unseen;
  int planted = 0, named = 0, failing = 0, separated = 0, separated_named = 0;
  for (const Json& r : record.at("rows")) {
    if (!r.contains("block")) {
      unseen += (unseen.empty() ? "" : ", ") + joined(r.at("deviations"));
      continue;
    }
    const bool is_named = r.at("named"), is_separated = smallest(r.at("separation")) >= 1;
    const bool is_found = number(r, "failing") > 0;
    ++planted, named += is_named, failing += is_found;
    separated += is_separated, separated_named += is_separated && is_named;
    if (shown == Rows::not_named && is_named) continue;
    Json also = r.at("same");
    for (const Json& name : r.at("possible")) also.push_back(name);
    const std::string first =
        r.at("first").empty() ? r.at("headline").get<std::string>() : joined(r.at("first"), " and ");
    rows.push_back({joined(r.at("deviations"), " and "), r.at("block"), separations(r.at("separation")),
                    of(number(r, "failing"), number(r, "judged")), std::to_string(number(r, "laws")),
                    is_named   ? "yes"
                    : is_found ? "no: " + first
                               : "not found",
                    is_found ? fmt::format("e^{:.3g}", r.at("likelihood").get<double>()) : "", joined(also)});
  }
  const std::string sentence = fmt::format(
      "In {}, {} live questions each: {} of {} are found, {} are named first; of the {} that a single "
      "question "
      "separates from correct code, {}.{}{}\n\n",
      record.at("profile").get<std::string>(), number(record, "cases"), failing, planted, named, separated,
      separated_named, unseen.empty() ? "" : " Without any effect in these blocks: " + unseen + ".",
      shown == Rows::not_named && !rows.empty() ? " Those not named first:" : "");
  if (rows.empty()) return sentence;
  return sentence + table({"planted", "in", "separation", "failing", "laws broken", "named first",
                           "likelihood ratio", "not told apart"},
                          "llrrrlrl", rows);
}

// In full for the first profile.
std::string planted_live(const std::vector<Json>& records) {
  std::string text;
  for (const Json& r : records) text += measured(r) + naming(r, text.empty() ? Rows::all : Rows::not_named);
  return text;
}

}  // namespace

OracleRecords read_oracle_records() {
  const std::string folder = PLUMBLINE_ORACLE_RECORDS;
  const auto read = [&](const char* name) {
    const std::string path = folder + "/" + name;
    try {
      return Json::parse(read_bytes(path));
    } catch (const Json::exception& e) {
      throw Error(path + ": " + e.what());
    }
  };
  return {
      read("characteristics.json"),
      read("characteristics-before.json"),
      read("agreement.json"),
      read("census.json"),
      {read("naming-float32.json"), read("naming-bfloat16-mixed.json"), read("naming-float16-mixed.json")},
      read("pairs.json"),
      read("real-bugs.json"),
      read("cost.json")};
}

Pages oracle_pages(const OracleRecords& r) {
  const Json& c = r.characteristics;
  const std::string page =
      "# How well the oracle judges\n\n"
      "A rule that rejects everything detects everything: detection stands beside false alarms. The rule "
      "itself:\n"
      "[lib/plumbline/judge](../../lib/plumbline/judge/README.md).\n\n"
      "## Correct implementations, live\n\n" +
      measured(r.agreement) + agreement(r.agreement) +
      "## Coarser than declared\n\n"
      "The same implementation, correct in another profile than the one it declares; laws included.\n\n" +
      coarser(r.agreement) + "## Correct implementations, at real sizes\n\n" + census_section(r.census) +
      "## Correct implementations, by inputs\n\n"
      "A second independent implementation, in C++, in variants of order, stores and kernels.\n\n" +
      measured(c) + false_alarms(c) + "## Planted deviations\n\n" + planted_text + detection(c) +
      "## What right answers cost\n\n" + power_section(c, r.before) + "## Two deviations at once\n\n" +
      pairs(c) + "## Planted in Python\n\n" + python_text + planted_live(r.naming) + "### Two at once\n\n" +
      measured(r.pairs) + naming(r.pairs) + "## Real bugs\n\n" + real_bugs_section(r.real_bugs) +
      "## Truths of several kinds\n\n"
      "Verdicts on y where bfloat16-mixed is declared, by what is true:\n\n" +
      confusion(c) + "## What a case costs\n\n" + cost_section(r.cost);
  return {{"oracle.md", page}};
}

}  // namespace plumbline::reports
