// JUnit's XML, as continuous integration servers read it: a failed case is a failure, an answer that is none
// is an error, and what was not judged is skipped.
#include <fmt/format.h>

#include <algorithm>

#include "cli/run_report.hpp"

namespace plumbline::cli {
namespace {

// Text inside an attribute. XML 1.0 has no place for control characters, even escaped.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\n': out += "&#10;"; break;
      case '\t': out += "&#9;"; break;
      default: out += static_cast<unsigned char>(c) < ' ' ? '?' : c;
    }
  return out;
}

std::string element(const char* name, const Result& r) {
  return fmt::format("   <{} message=\"{}\" type=\"{}\"/>\n", name, escaped(r.message), escaped(r.outcome));
}

std::string content(const Result& r) {
  if (!r.judged()) return fmt::format("   <skipped message=\"{}\"/>\n", escaped(r.message));
  if (r.passed()) return "";
  return element(r.outcome == "invalid" ? "error" : "failure", r);
}

// A path's last name is the test's; all before it is the class's.
std::string testcase(const Result& r, const std::string& suite) {
  const auto slash = r.id.rfind('/');
  const std::string group = slash == r.id.npos ? suite : r.id.substr(0, slash);
  const std::string inner = content(r);
  return fmt::format("  <testcase name=\"{}\" classname=\"{}\" time=\"{:.3f}\"{}",
                     escaped(slash == r.id.npos ? r.id : r.id.substr(slash + 1)), escaped(group), r.seconds,
                     inner.empty() ? "/>\n" : ">\n" + inner + "  </testcase>\n");
}

}  // namespace

std::string to_junit(const RunReport& r) {
  int errors = 0, failures = 0, skipped = 0;
  double seconds = 0;
  for (const Result& x : r.results) {
    skipped += !x.judged();
    errors += x.failed() && x.outcome == "invalid";
    failures += x.failed() && x.outcome != "invalid";
    seconds += x.seconds;
  }
  const std::string totals =
      fmt::format("name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\"", escaped(r.title),
                  r.results.size(), failures, errors, seconds);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuites {0}>\n <testsuite {0} skipped=\"{1}\">\n  <properties>\n", totals, skipped);
  for (const auto& [key, value] : r.facts)
    out += fmt::format("   <property name=\"{}\" value=\"{}\"/>\n", escaped(key), escaped(value));
  if (!r.failures.empty())
    out += fmt::format("   <property name=\"diagnosis\" value=\"{}\"/>\n", escaped(r.failures[0].headline));
  out += "  </properties>\n";
  for (const Result& x : r.results) out += testcase(x, r.title);
  return out + " </testsuite>\n</testsuites>\n";
}

}  // namespace plumbline::cli
