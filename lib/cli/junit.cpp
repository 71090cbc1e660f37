// JUnit's XML, as continuous integration servers read it: a failed case is a failure, an answer that is none
// is an error, and what was not judged is skipped. There is no one schema; this has what Jenkins's and Ant's
// both allow, and all that either asks for (see lib/test/cli/junit.xsd).
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/formats.hpp"
#include "cli/tally.hpp"
#include "plumbline/base/strict_json.hpp"
#include "plumbline/campaign/run_report.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline::cli {
namespace {

constexpr const char* replacement = "\xef\xbf\xbd";  // U+FFFD, for what cannot be written

// Bytes that are no UTF-8 are replaced.
std::string as_utf8(const std::string& text) {
  return parse_strict<Json>(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace), "a text")
      .get<std::string>();
}

// U+FFFE and U+FFFF, which are no characters of XML.
bool is_noncharacter(std::string_view text) {
  return text.starts_with("\xef\xbf\xbe") || text.starts_with("\xef\xbf\xbf");
}

// Text inside an attribute. XML 1.0 has no place for control characters, even escaped.
std::string escaped(const std::string& any) {
  const std::string text = as_utf8(any);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) switch (const char c = text[i]) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\n': out += "&#10;"; break;
      case '\r': out += "&#13;"; break;
      case '\t': out += "&#9;"; break;
      default:
        if (is_noncharacter(std::string_view(text).substr(i))) {
          out += replacement;
          i += 2;
        } else if (static_cast<unsigned char>(c) < ' ') {
          out += replacement;
        } else {
          out += c;
        }
    }
  return out;
}

std::string element(const char* name, const Result& r) {
  std::string message = r.message;
  for (const std::string& line : r.where) message += "\n" + line;
  return fmt::format("   <{} message=\"{}\" type=\"{}\"/>\n", name, escaped(message), name_of(r.outcome));
}

std::string content(const Result& r) {
  if (!r.judged()) return fmt::format("   <skipped message=\"{}\"/>\n", escaped(r.message));
  if (!r.failed()) return "";
  return element(r.outcome == Outcome::invalid ? "error" : "failure", r);
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

// A run that is not green although none of its cases has failed: it was stopped, or judged nothing.
std::string run_itself(const RunReport& r) {
  const std::string why = !r.fault.empty() ? r.fault : !r.stopped.empty() ? r.stopped : closing_line(r);
  return fmt::format(
      "  <testcase name=\"run\" classname=\"{}\" time=\"0.000\">\n   <error message=\"{}\" "
      "type=\"run\"/>\n  </testcase>\n",
      escaped(r.title), escaped(why));
}

}  // namespace

std::string to_junit(const RunReport& r) {
  int errors = 0, failures = 0, skipped = 0;
  double seconds = 0;
  for (const Result& x : r.results) {
    skipped += !x.judged();
    errors += x.outcome == Outcome::invalid;
    failures += x.failed() && x.outcome != Outcome::invalid;
    seconds += x.seconds;
  }
  const bool has_failed_itself = errors + failures == 0 && exit_status(r) != 0;
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  out += fmt::format(
      " <testsuite name=\"{}\" package=\"plumbline\" id=\"0\" hostname=\"localhost\" "
      "timestamp=\"{:%Y-%m-%dT%H:%M:%S}\" "
      "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\">\n  <properties>\n",
      escaped(r.title), fmt::gmtime(std::chrono::system_clock::now()), r.results.size() + has_failed_itself,
      failures, errors + has_failed_itself, skipped, seconds);
  for (const auto& [key, value] : r.facts)
    out += fmt::format("   <property name=\"{}\" value=\"{}\"/>\n", escaped(key), escaped(value));
  if (!r.failures.empty())
    out += fmt::format("   <property name=\"diagnosis\" value=\"{}\"/>\n", escaped(r.failures[0].headline));
  out += "  </properties>\n";
  for (const Result& x : r.results) out += testcase(x, r.title);
  if (has_failed_itself) out += run_itself(r);
  return out + "  <system-out/>\n  <system-err/>\n </testsuite>\n</testsuites>\n";
}

}  // namespace plumbline::cli
