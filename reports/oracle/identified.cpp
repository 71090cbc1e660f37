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

struct Count {
  int boxes = 0, same = 0;
};

bool is_wrong(const Json& row) { return row.contains("deviation"); }

std::string what_is_left(const Json& row) {
  if (row.contains("refused")) return row.at("refused");
  if (row.contains("leftover")) return row.at("leftover");
  return "a spec that computes something else";
}

}  // namespace

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
