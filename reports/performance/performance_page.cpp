#include "reports/performance/performance_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plumbline/base/error.hpp"
#include "plumbline/base/strict_json.hpp"
#include "plumbline/io/file.hpp"
#include "reports/render/markdown.hpp"

namespace plumbline::reports {
namespace {

using Record = nlohmann::json;

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x.at(x.size() / 2);
}
double median_of(const Record& times) { return median(times.get<std::vector<double>>()); }

// "212 ms (199 ... 240)".
std::string time_cell(const Record& times) {
  const auto all = times.get<std::vector<double>>();
  const auto [least, most] = std::minmax_element(all.begin(), all.end());
  return fmt::format("{:.3g} ms ({:.3g} ... {:.3g})", 1e3 * median(all), 1e3 * *least, 1e3 * *most);
}

std::string ratio_cell(const Record& ours, const Record& theirs) {
  return fmt::format("{:.2g}", median_of(ours) / median_of(theirs));
}

// Multiply-adds of the projections and of attention, forward.
double multiply_adds(const Record& b) {
  const double d = b.at("d"), d_ff = b.at("d_ff"), t = b.at("tokens"), up = b.at("kind") == "llama" ? 3 : 2;
  return t * (4 * d * d + up * d * d_ff) + 2 * t * t * d;
}

Row row_of(const std::string& name, const Record& b, const char* what, const char* theirs,
           const char* parts) {
  const std::string key = std::string(what) + "/" + parts;
  const Record& ours = b.at("certified").at(key);
  return {name,
          parts,
          time_cell(ours.at("seconds")),
          time_cell(b.at("torch").at(theirs)),
          ratio_cell(ours.at("seconds"), b.at("torch").at(theirs)),
          ours.contains("radius") ? fmt::format("2^{:.0f}", ours.at("radius").get<double>()) : "",
          ours.contains("times_enclosure") ? fmt::format("{:.0f}", ours.at("times_enclosure").get<double>())
                                           : ""};
}

std::string tables(const Record& r) {
  const Row header{"block",          "exact parts",           "certified", "PyTorch", "ratio",
                   "largest radius", "enclosures take, times"};
  std::vector<Row> values, gradients;
  for (const auto& [name, b] : r.at("blocks").items())
    for (const char* parts : {"1", "2", "3"}) {
      values.push_back(row_of(name, b, "y", "forward", parts));
      if (b.at("torch").contains("forward_and_backward"))
        gradients.push_back(row_of(name, b, "gradients", "forward_and_backward", parts));
    }
  for (Row& row : gradients) row.resize(5);
  const Row short_header(header.begin(), header.begin() + 5);
  return "## Values\n\n" + table(header, "lrrrrrr", values) + "\n\n## Values and all gradients\n\n" +
         table(short_header, "lrrrr", gradients) + "\n";
}

std::string beside_mpmath(const Record& r) {
  const Record& b = r.at("blocks").at("gpt2/d:768/T:128");
  const double theirs = multiply_adds(b) * r.at("mpmath_multiply_add").get<double>();
  return fmt::format(
      "One multiply-add of a sum of products takes mpmath, at 128 bits, {:.0f} ns here: the {:.0f} million "
      "of the block of "
      "GPT-2's shape would take it {:.0f} s by themselves, {:.0f} times as long as the certified block with "
      "two parts.\n",
      1e9 * r.at("mpmath_multiply_add").get<double>(), multiply_adds(b) / 1e6, theirs,
      theirs / median_of(b.at("certified").at("y/2").at("seconds")));
}

}  // namespace

std::filesystem::path performance_record() { return PLUMBLINE_PERFORMANCE_RECORD; }

Pages performance_pages(const std::filesystem::path& file) {
  try {
    const Record r = parse_strict<Record>(read_bytes(file.string()), file.string());
    const std::string text =
        "# What certainty costs\n\n"
        "Every value and every gradient of a block can be computed as a *ball*: two doubles whose sum is "
        "near the true "
        "value, and a proved bound of how far it is. The products of matrices, where the time goes, are "
        "taken apart into "
        "products of doubles that are exact, and done by OpenBLAS; how, and why the bounds hold, stands in "
        "`lib/plumbline/algebra/ball_product.hpp` and `lib/plumbline/number/ball.hpp`. With one exact part "
        "nearly every value in 16 bits is certain, with two a float32 of y; three also make gradients "
        "certain, and most of the values in float64. "
        "`plumbline truth --rounded FILE` writes them.\n\n" +
        fmt::format(
            "Measured on {} ({}), PyTorch {} in float64 with as many threads, runs of both in turns; "
            "medians, and "
            "the least and the most in brackets. The largest radius is that of y, beside its largest value. "
            "Enclosures are those of 60 digits by MPFI, one run.\n\n",
            r.at("machine").get<std::string>(), r.at("date").get<std::string>(),
            r.at("torch").get<std::string>()) +
        tables(r) + "\n" + beside_mpmath(r) +
        "\nTo measure again, on a machine that does nothing else: `reports/performance/measure.py`.\n";
    return {{"performance.md", text}};
  } catch (const Record::exception& e) {
    throw Error(file.string() + ": not a record of measure.py: " + e.what());
  }
}

}  // namespace plumbline::reports
