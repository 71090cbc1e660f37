// How many black boxes `plumbline identify` makes out.
#include <fmt/format.h>

#include "reports/oracle/record.hpp"
#include "reports/oracle/sections.hpp"
#include "reports/render/markdown.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* identified_text =
    R"(`plumbline identify` asks a black box and looks for the spec that it computes, right or wrong; it is told the names and
shapes of the parameters alone. The boxes are an independent block; each computes in {}. *The same bits*: the spec that was
found gives the bits that the box's own spec gives; it may be another spec that computes the same. Of {} right boxes {} were
made out so; of {} boxes with a deviation of the catalogue, {}. A box took {:.1f} s of processor time.

)";

constexpr const char* presets_text =
    R"(Every preset in a small size, as such a box. Of {} presets {} are made out: {} with the same bits, {} as another spec of
which nobody can tell that it is another, value by value in 60 digits. What the independent block does not compute, mixtures of
experts and tables of distances, the library itself computes: {} of them. A box took {:.1f} s.

)";

struct Count {
  int boxes = 0, same = 0;
};

bool is_wrong(const Json& row) { return row.contains("deviation"); }

std::string what_is_left(const Json& row) {
  if (row.contains("refused")) return row.at("refused");
  if (row.contains("leftover")) return row.at("leftover");
  return row.at("named") ? "another function, so near that no answer tells"
                         : "a spec that computes something else";
}

bool is_made_out(const Json& row) { return row.at("same") || row.contains("same_function"); }

}  // namespace

std::string identified_presets_section(const Json& record) {
  int same = 0, same_function = 0, by_library = 0;
  std::vector<Row> rows;
  for (const Json& r : record.at("rows")) {
    same += r.at("same").get<bool>(), same_function += r.contains("same_function");
    by_library += r.contains("by") && is_made_out(r);
    if (!is_made_out(r)) rows.push_back({r.at("box"), what_is_left(r)});
  }
  return measured(record) +
         fmt::format(presets_text, record.at("rows").size(), same + same_function, same, same_function,
                     by_library, record.at("seconds_each").get<double>()) +
         (rows.empty() ? "" : "Not made out:\n\n" + table({"preset", "what was found"}, "ll", rows));
}

std::string identified_section(const Json& record) {
  Count right, wrong;
  std::vector<Row> rows;
  for (const Json& r : record.at("rows")) {
    const bool same = r.at("same");
    Count& count = is_wrong(r) ? wrong : right;
    ++count.boxes, count.same += same;
    if (!same) rows.push_back({r.at("box"), what_is_left(r)});
  }
  return measured(record) +
         fmt::format(identified_text, record.at("profile").get<std::string>(), right.boxes, right.same,
                     wrong.boxes, wrong.same, record.at("seconds_each").get<double>()) +
         (rows.empty() ? "" : "Not made out:\n\n" + table({"box", "what was found"}, "ll", rows));
}

}  // namespace plumbline::reports
