#include "reports/oracle/oracle_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "plumbline/base/strict_json.hpp"
#include "plumbline/io/file.hpp"
#include "reports/oracle/record.hpp"
#include "reports/oracle/sections.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"
#include "reports/words/words.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* live_text =
    R"(An implementation of every part in PyTorch that shares no code with the library. Its variants compute the same in
another way: in another order, with other intermediate steps. It is asked about every preset and every single operation,
with sizes, specs and numbers drawn at random, for y and all gradients; then come the laws that need no look inside.
Every answer is right, so a verdict of wrong is a false alarm. Of {} judgements, {} of them by laws, {} were false alarms.
{} more questions were set aside, because they can judge nobody: on some, right code overflows; on others, an answer of
zeros would pass. How many cases agree:

)";

constexpr const char* planted_text =
    R"(Every deviation of the catalogue that changes the exact outputs is planted: the answer is what a correct implementation
of the deviating block would give. *Known*: the rule has the deviation in its catalogue. *Left out*: it has not, so only
its general test can find it. *SNR*: the length of what the deviation changes, in units of the rounding errors of correct
code; a deviation below 10 may drown in them. *Coarser*: of those left out and not found, how many are called right in
coarser arithmetic. *Ordinary* inputs are standard normal numbers with gains 1 and biases 0; *rich* ones have random gains
and biases, and rows with an offset or a tiny variance. How many are found:

)";

constexpr const char* python_text =
    R"(Every deviation, planted in the implementation in PyTorch, in the block that shows it best, and asked live by
`plumbline verify`.

- *Separation*: how far the deviation moves the output, where 1 is the largest distance that is still called right. From 1 on
  a single question is enough.
- *Failing*: how many of the judged answers were not accepted. *Laws*: how many laws were broken.
- *Likelihood ratio*: how many times likelier the answers are under the deviation named first than under correct code.
- *Same*: other deviations that compute the same on these questions, as far as rounding errors let one see.

)";

// p is a Bonferroni bound, cut at 1: then nothing was unusual.
std::string bound(double p) { return p >= 1 ? "none below 1" : fmt::format("{:.2g}", p); }

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
         "Every answer is right. *Smallest p*: the chance that a right answer is as unlike the other right "
         "ones as "
         "the most unlike one here, added up over all tests of its question; “none below 1” means that "
         "nothing "
         "was unusual. An answer is rejected below one in "
         "a "
         "million. *Largest match*: a right answer may look a little like a known deviation, by accident. "
         "This is the "
         "greatest likeness that was seen; at 1 it would be a false alarm.\n\n";
}

std::string detection(const Json& record) {
  std::vector<Row> found, named;
  for (const Json& r : record.at("characteristics")) {
    const int effect = number(r, "with_effect"), clear = number(r, "clear"), seen = number(r, "found_clear");
    const Row question{r["profile"], r["inputs"], outputs_asked(r)};
    Row row = question;
    row.insert(row.end(),
               {std::to_string(effect), percent(number(r, "found"), effect), percent(seen, clear),
                percent(number(r, "unknown_found"), effect), percent(number(r, "unknown_found_clear"), clear),
                std::to_string(number(r, "unknown_coarser"))});
    found.push_back(row);
    row = question;
    row.insert(row.end(), {std::to_string(seen), percent(number(r, "named_right"), seen),
                           std::to_string(number(r, "named_wrong")), std::to_string(number(r, "not_named"))});
    named.push_back(row);
  }
  return table({"profile", "inputs", "outputs", "planted", "known", "known, SNR ≥ 10", "left out",
                "left out, SNR ≥ 10", "coarser"},
               "lllrrrrrr", found) +
         "And how many of the known ones that were found with SNR ≥ 10 get the right name. A name is right "
         "where it is "
         "the planted deviation's, or where it computes the same on that question as far as rounding errors "
         "let one "
         "see.\n\n" +
         table({"profile", "inputs", "outputs", "found", "named right", "another name", "no name"}, "lllrrrr",
               named);
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

// "1.2e7", or of two deviations "980, 1.2e7".
std::string separations(const Json& factors) {
  std::string text;
  for (const Json& f : factors) text += (text.empty() ? "" : ", ") + significant(Mp50(f.get<double>()), 2);
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
                    is_found ? "e^" + significant(Mp50(r.at("likelihood").get<double>()), 2) : "",
                    joined(also)});
  }
  const std::string sentence = fmt::format(
      "In {}, {} live questions each: {} of {} are found, and {} are named first. With a separation of 1 and "
      "more "
      "there are {}, of which {} are named first.{}{}\n\n",
      record.at("profile").get<std::string>(), number(record, "cases"), failing, planted, named, separated,
      separated_named, unseen.empty() ? "" : " In these blocks nothing changes with " + unseen + ".",
      shown == Rows::not_named && !rows.empty() ? " Those not named first:" : "");
  if (rows.empty()) return sentence;
  return sentence +
         table({"planted", "in", "separation", "failing", "laws", "named first", "likelihood ratio", "same"},
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
    return parse_strict<Json>(read_bytes(path), path);
  };
  return {
      read("characteristics.json"),
      read("characteristics-before.json"),
      read("agreement.json"),
      read("census.json"),
      {read("naming-float32.json"), read("naming-bfloat16-mixed.json"), read("naming-float16-mixed.json")},
      read("pairs.json"),
      read("real-bugs.json"),
      read("cost.json"),
      read("identified.json"),
      read("identified-presets.json"),
      read("swaps.json")};
}

Pages oracle_pages(const OracleRecords& r) {
  const Json& c = r.characteristics;
  const std::string page =
      "# How well the oracle judges\n\n"
      "A rule that rejects everything detects everything. So detection stands beside false alarms.\n\n" +
      words({"question", "profile", "rule", "deviation", "law"}) +
      "How the rule works: [lib/plumbline/judge](../../lib/plumbline/judge/README.md). In short: it computes "
      "what "
      "many correct implementations in the declared arithmetic could answer, and asks whether the answer "
      "could be one "
      "of them; if not, which deviation it is. The verdicts: `agrees`; `coarser`: right, in coarser "
      "arithmetic than "
      "declared; `wrong`: no correct implementation answers this.\n\n"
      "## Correct implementations, live\n\n" +
      measured(r.agreement) + agreement(r.agreement) +
      "## Coarser than declared\n\n"
      "The same implementation declares one profile and computes in a coarser one. `coarser` is the right "
      "verdict. `agrees` stands where the difference is too small to be seen. *Otherwise*: broken laws, and "
      "what is no answer.\n\n" +
      coarser(r.agreement) + "## Correct implementations, at real sizes\n\n" + census_section(r.census) +
      "## Correct implementations, by inputs\n\n"
      "A second independent implementation, in C++. Its variants differ in the order of sums and in where "
      "they round.\n\n" +
      measured(c) + false_alarms(c) + "## Planted deviations\n\n" + planted_text + detection(c) +
      "## What right answers cost\n\n" + power_section(c, r.before) +
      "## Two deviations at once\n\nTwo deviations, drawn at random, in one block; the pair is named if both "
      "are.\n\n" +
      pairs(c) + "## Planted in Python\n\n" + python_text + planted_live(r.naming) + "### Two at once\n\n" +
      measured(r.pairs) + naming(r.pairs) + "## Real bugs\n\n" + real_bugs_section(r.real_bugs) +
      "## What is said of right and of wrong answers\n\n"
      "Verdicts on y where bfloat16-mixed is declared, by what is true. *Inconclusive*: the question could "
      "not tell.\n\n" +
      confusion(c) + "## What a case costs\n\n" + cost_section(r.cost) + "## Black boxes\n\n" +
      identified_section(r.identified) + "\n### Presets\n\n" +
      identified_presets_section(r.identified_presets);
  return {{"oracle.md", page}};
}

}  // namespace plumbline::reports
