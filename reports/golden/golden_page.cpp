#include "reports/golden/golden_page.hpp"

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <Eigen/Core>

#include <fstream>

#include "plumbline/base/names.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* outputs[] = {"y", "grad.x", "grad.parameters"};

std::string shape_text(const CaseSettings& s) {
  return fmt::format("{} {}×{}×{}{}", name_of(s.spec.part), s.batch, s.tokens, s.spec.d,
                     s.spec.n_layers > 1 ? fmt::format(", {} layers", s.spec.n_layers) : "");
}

std::string certificates(const std::vector<GoldenRecord>& records) {
  std::vector<Row> rows;
  for (const GoldenRecord& r : records)
    rows.push_back(
        {r.golden_case.id, shape_text(r.golden_case.settings), counted(r.values), r.width60, r.width120});
  return table({"case", "part, B×T×d", "values", "60 digits", "120 digits"}, "llrrr", rows);
}

// Median and worst error over the cases, one row per number type and output.
std::string error_summary(const std::vector<GoldenRecord>& records, const std::vector<const char*>& scalars) {
  std::vector<Row> rows;
  for (const char* scalar : scalars)
    for (const char* output : outputs) {
      const auto errors = sorted_errors(records, scalar, output);
      double elementwise = 0;
      for (const auto& e : errors) elementwise = std::max(elementwise, e.largest);
      rows.push_back({scalar, output, significant(Mp50(errors[errors.size() / 2].normwise)),
                      significant(Mp50(errors.back().normwise)), errors.back().case_id,
                      significant(Mp50(elementwise))});
    }
  return table({"number type", "output", "median", "worst", "in case", "worst of an entry"}, "llrrlr", rows);
}

const char* errors_explained =
    "Errors in ulps, units in the last place of a number type. *Median* and *worst* are over the cases: the "
    "largest error of a tensor, in ulps of its largest value. The last column takes each entry in ulps of "
    "itself; where numbers cancel, that can be any number.\n\n";

std::string every_error(const std::vector<GoldenRecord>& records, const std::vector<std::string>& scalars) {
  std::vector<Row> rows;
  for (const GoldenRecord& r : records) {
    Row row{r.golden_case.id};
    for (const std::string& scalar : scalars)
      for (const golden::ErrorRecord& e : r.errors)
        if (e.scalar == scalar && e.output != "grad.x") row.push_back(significant(Mp50(e.normwise)));
    rows.push_back(row);
  }
  Row header{"case"};
  for (const std::string& scalar : scalars)
    header.insert(header.end(), {scalar + ", y", scalar + ", gradients"});
  return table(header, "l" + std::string(2 * scalars.size(), 'r'), rows);
}

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "an unknown processor";
}

std::string machine() {
  return fmt::format("Made on {}, g++ {}, glibc {}, Eigen with {}.\n\n", processor(), __VERSION__,
                     gnu_get_libc_version(), Eigen::SimdInstructionSetsInUse());
}

}  // namespace

Pages golden_pages(const std::vector<GoldenRecord>& records) {
  long values = 0;
  for (const GoldenRecord& r : records) values += r.values;
  const std::string head = fmt::format(
      "# Golden values\n\n{} cases with {} values: outputs, and gradients of the input and of every "
      "parameter. Each is proved\n"
      "by an enclosure, an interval that contains it, at 60 and at 120 digits, and stored correctly rounded "
      "to float64 (with what is left "
      "of it in a second\n"
      "float64), float32, bfloat16 and float16. The data and its format: "
      "[golden/](../../golden/README.md).\n\n",
      records.size(), counted(values));
  return {
      {"golden.md",
       head + "## Errors of multiprecision\n\nMp50 and Mp100 are numbers of 50 and 100 digits.\n\n" +
           errors_explained + error_summary(records, {"Mp50", "Mp100"}) +
           "The errors of float, double and long double depend on the machine: [machine.md](machine.md).\n\n"
           "## Certificates\n\nHow narrow the enclosures are: their width over the value, at most, of all "
           "values "
           "that are not 0, computed with 60 and with 120 digits. B sequences of T tokens with d "
           "channels.\n\n" +
           certificates(records)},
      {"machine.md",
       "# On one machine\n\n" + machine() +
           "What depends on the processor's vector width and on the C library stands here and is not "
           "compared.\n\n" +
           errors_explained + error_summary(records, {"float", "double", "long double"}) +
           "## Every case\n\nErrors in ulps as above: of the output y, and of the gradients of all "
           "parameters.\n\n" +
           every_error(records, {"float", "double", "long double"}),
       false}};
}

}  // namespace plumbline::reports
