#include "reports/spec/spec_page.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <variant>

#include "plumbline/spec/deviation.hpp"
#include "plumbline/spec/schema.hpp"
#include "reports/render/markdown.hpp"

namespace plumbline::reports {
namespace {

std::string code(std::string_view text) { return fmt::format("`{}`", text); }

std::string range_text(const Range& r) {
  if (r.above_least) return fmt::format("above {}", r.least);
  if (std::isfinite(r.least) && std::isfinite(r.most)) return fmt::format("{} to {}", r.least, r.most);
  return std::isfinite(r.least) ? fmt::format("at least {}", r.least) : "";
}

bool is_within(double x, const Range& r) {
  return x <= r.most && (r.above_least ? x > r.least : x >= r.least);
}

// What a knob can hold; first its default, where there is one that a block can have.
template <class T, class K>
std::string values_text(const K& k, const T* usual) {
  std::string text;
  if constexpr (std::is_enum_v<T>) {
    for (const auto& [value, name] : names<T>()) text += (text.empty() ? "" : ", ") + code(name);
  } else if constexpr (std::is_same_v<T, bool>) {
    const bool on = usual && *usual;
    text = code(on ? k.yes : k.no) + ", " + code(on ? k.no : k.yes);
  } else if constexpr (std::is_same_v<T, std::monostate>) {
    text = "`null`";
  } else if constexpr (std::is_same_v<T, std::vector<double>>) {
    text = "a list of numbers, " + range_text(k.range);
  } else {
    const bool is_shown = usual && *usual >= 0 && is_within(double(*usual), k.range);  // -1: it depends
    if (is_shown) text = fmt::format("`{}`, or ", *usual);
    text += std::is_same_v<T, int> ? "a whole number" : "a number";
    if (const std::string range = range_text(k.range); !range.empty()) text += ", " + range;
  }
  return text;
}

// The knobs of S below a path; those of the features within it where they are first met.
template <class S>
void add_rows(const std::string& path, bool wrong, std::vector<Row>& rows) {
  for_each_knob<S>([&](const auto& k) {
    using T = typename std::remove_cvref_t<decltype(k)>::Value;
    using Held = without_optional<T>;
    const std::string at = k.key.empty() ? path : path + (path.empty() ? "" : ".") + std::string(k.key);
    if constexpr (std::is_same_v<Held, NormSpec>) {
      if (!wrong) rows.push_back({code(at), "a norm, or `null`", std::string(k.says)});
    } else if constexpr (Feature<Held>) {
      add_rows<Held>(at, wrong, rows);
    } else if (k.wrong == wrong) {
      const S usual;
      std::string values;
      if constexpr (is_optional<T>)
        values = "`null`, or " + values_text<Held, decltype(k)>(k, nullptr);
      else
        values = values_text<Held>(k, &(usual.*(k.member)));
      rows.push_back({code(at), values, std::string(k.says)});
    }
  });
}

template <class S>
std::string knobs_table(bool wrong) {
  std::vector<Row> rows;
  add_rows<S>("", wrong, rows);
  return table({"key", "values, the default first", "what it says"}, "lll", rows) + "\n";
}

std::string deviations_table() {
  std::vector<Row> rows;
  for (const Deviation& d : deviations())
    rows.push_back({code(d.id), std::string(d.formula), std::string(d.bug)});
  return table({"id", "what it computes instead", "a report of it"}, "lll", rows) + "\n";
}

}  // namespace

Pages spec_pages() {
  std::string s =
      "# The spec of a block\n\nA spec is a JSON object. Start from a `preset` (`plumbline list presets`) "
      "and say what "
      "differs; `layout` and `norm`\nfill the slots of a layout with a norm. A key with its values is called "
      "a knob. Below is every knob "
      "that right blocks have, taken from the code that computes them; [spec.schema.json](spec.schema.json) "
      "says the same to editors.\n\n";
  s += "A stack whose layers are not alike lists them: `layers` has a block each, repeated in that order, "
       "and what is the "
       "stack's own stands beside it, `{\"d\": 64, \"n_layers\": 4, \"final_norm\": {\"kind\": "
       "\"rms_norm\"}, \"layers\": "
       "[{\"preset\": \"llama\"}, {\"preset\": \"olmo2\"}]}`. Sizes beside it are those of every layer.\n\n";
  s += "## The block\n\n" + knobs_table<BlockSpec>(false);
  s += "## A norm\n\n" + knobs_table<NormSpec>(false);
  s += "## What only wrong implementations have\n\nSuch a block can be asked for too: to see whether a test "
       "would "
       "notice.\n\n" +
       knobs_table<BlockSpec>(true) + "Of a norm:\n\n" + knobs_table<NormSpec>(true);
  s += "## Deviations\n\nThe wrong choices that a verdict can name.\n\n" + deviations_table();
  return {{"spec.md", s}, {"spec.schema.json", schema_of_spec().dump(2) + "\n"}};
}

}  // namespace plumbline::reports
