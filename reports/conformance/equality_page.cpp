#include "reports/conformance/equality_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "plumbline/base/error.hpp"
#include "plumbline/base/strict_json.hpp"
#include "plumbline/io/file.hpp"
#include "reports/render/markdown.hpp"

namespace plumbline::reports {
namespace {

using Record = nlohmann::json;

EqualityRow equality_row(const Record& j) {
  EqualityRow r{j.at("model"),     j.at("class"),   j.at("layers"),      j.at("dtype"),
                j.at("attention"), j.at("verdict"), j.value("said", ""), j.at("transformers"),
                j.at("torch"),     j.at("rule"),    j.at("machine")};
  r.gradients = j.at("gradients");
  r.judged = j.value("judged", 0), r.shown = j.value("shown", 0), r.mistakes = j.value("mistakes", 0);
  r.place = j.value("place", "");
  if (j.contains("change") && !j.at("change").is_null()) r.change = j.at("change").get<double>();
  return r;
}

Record read_record(const std::filesystem::path& file) {
  return parse_strict<Record>(read_bytes(file.string()), file.string());
}

bool was_judged(const EqualityRow& r) { return r.judged > 0; }
bool are_not_alike(const EqualityRow& r) { return r.said == "its layers are not alike"; }
bool has_no_such_attention(const EqualityRow& r) { return r.said == "its class has no such attention"; }

std::string verdict_cell(const EqualityRow& r) {
  if (are_not_alike(r)) return "not alike";
  if (has_no_such_attention(r)) return "has none";
  if (r.verdict != "agrees") return "**" + r.verdict + "**";
  return r.change ? fmt::format("agrees ({:.1e})", *r.change) : "agrees";
}

template <class Of>
std::string all_of(const std::vector<EqualityRow>& rows, const Of& of) {
  std::set<std::string> found;
  for (const EqualityRow& r : rows) found.insert(of(r));
  return fmt::format("{}", fmt::join(found, ", "));
}

// The columns: what was asked, in the order in which it is met.
std::string asked_of(const EqualityRow& r) {
  return r.dtype + (r.attention == "eager" ? "" : ", " + r.attention) +
         (r.layers == "stack" ? ", stack of 3" : ", each layer");
}

std::string models_table(const std::vector<EqualityRow>& rows) {
  std::set<std::string> asked;
  std::map<std::string, std::map<std::string, std::string>> by_model;
  std::map<std::string, std::string> classes;
  for (const EqualityRow& r : rows) {
    asked.insert(asked_of(r));
    by_model[r.model][asked_of(r)] = verdict_cell(r);
    if (!r.layer_class.empty()) classes[r.model] = r.layer_class;
  }
  Row header{"model", "its layer"};
  header.insert(header.end(), asked.begin(), asked.end());
  std::vector<Row> out;
  for (const auto& [model, cells] : by_model) {
    Row row{model, classes[model]};
    for (const std::string& a : asked) row.push_back(cells.contains(a) ? cells.at(a) : "");
    out.push_back(row);
  }
  return table(header, std::string(header.size(), 'l'), out);
}

std::string reason_of(const EqualityRecord& record, const EqualityRow& r) {
  for (const EqualityReason& e : record.reasons)
    if (r.model.find(e.model) != r.model.npos && r.said.find(e.says) != r.said.npos) return e.why;
  return "**not explained**";
}

std::string others_table(const EqualityRecord& record) {
  std::vector<Row> out;
  for (const EqualityRow& r : record.rows)
    if (r.verdict != "agrees" && !are_not_alike(r) && !has_no_such_attention(r))
      out.push_back({r.model, asked_of(r), r.verdict, r.said, reason_of(record, r)});
  if (out.empty()) return "All that were judged agree.\n";
  return table({"model", "asked", "verdict", "what it says", "why"}, "lllll", out);
}

}  // namespace

EqualityRecord read_equality(const std::filesystem::path& folder) {
  EqualityRecord record;
  const auto file = folder / "record.json", reasons = folder / "reasons.json";
  try {
    const Record all = read_record(file), why = read_record(reasons);
    for (const Record& row : all.at("rows")) record.rows.push_back(equality_row(row));
    for (const Record& r : why) record.reasons.push_back({r.at("model"), r.at("says"), r.at("why")});
  } catch (const Record::exception& e) {
    throw Error(file.string() + ": not a record: " + e.what());
  }
  return record;
}

std::filesystem::path equality_folder() { return PLUMBLINE_EQUALITY_RECORD; }

Pages equality_pages(const EqualityRecord& record) {
  std::set<std::string> classes, models;
  int judged = 0, agree = 0;
  for (const EqualityRow& r : record.rows) {
    if (!r.layer_class.empty()) classes.insert(r.layer_class);
    models.insert(r.model);
    judged += was_judged(r), agree += was_judged(r) && r.verdict == "agrees";
  }
  const auto versions = [&](auto of) { return all_of(record.rows, of); };
  return {
      {"equality.md",
       fmt::format(
           "# Layers of transformers\n\n"
           "A tiny model of each type is made with random parameters and saved as a folder. Its layers, run "
           "by "
           "transformers' own code, are judged with the spec and the parameters that `--hf` reads from that "
           "folder: y, the gradient of x, and those of all parameters, by one cotangent. {} classes of "
           "layers "
           "in {} configurations: {} verdicts, of which {} are `agrees`.\n\n"
           "In brackets: by which relative change of one tensor within the layer, at the place where it "
           "shows "
           "best, the verdict would have been another; of several kinds of layers the largest of these. "
           "*Each layer*: one of each kind that a model has, by itself. *Stack of 3*: three layers of one "
           "kind, one after the other, as one block; a model whose first three layers are *not alike* has "
           "none. *sdpa*: attention by `torch.nn.functional.scaled_dot_product_attention`, where a class has "
           "it; else operation by operation.\n\n"
           "transformers {}, torch {}, on {}; judged by rule {}. How it is asked: "
           "[reports/conformance/](../conformance/README.md).\n\n",
           classes.size(), models.size(), judged, agree,
           versions([](const EqualityRow& r) { return r.transformers; }),
           versions([](const EqualityRow& r) { return r.torch; }),
           versions([](const EqualityRow& r) { return r.machine; }),
           versions([](const EqualityRow& r) { return r.rule; })) +
           models_table(record.rows) + "\n## Verdicts other than agrees\n\n" + others_table(record)}};
}

}  // namespace plumbline::reports
