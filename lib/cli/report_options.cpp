#include "cli/report_options.hpp"
#include "cli/formats.hpp"

#include <iostream>

#include "cli/tally.hpp"
#include "cli/terminal.hpp"
#include "plumbline/io/file.hpp"

namespace plumbline::cli {

void add_report_options(CLI::App& verb, ReportOptions& o) {
  verb.add_option("--markdown", o.markdown, "Write a report as Markdown")->option_text("FILE");
  verb.add_option("--json", o.json, "Write a report as JSON")->option_text("FILE");
  verb.add_option("--junit", o.junit, "Write a report as JUnit XML")->option_text("FILE");
  verb.add_option("--max-skipped", o.max_skipped,
                  "Exit status 1 where more per cent of the cases are skipped or discarded [100]")
      ->check(CLI::Range(0.0, 100.0))
      ->option_text("P");
}

void check_outputs(const ReportOptions& o) {
  for (const std::string& path : {o.markdown, o.json, o.junit})
    if (!path.empty()) check_writable(path);
}

int write_reports(const ReportOptions& o, RunReport& report) {
  report.max_skipped = o.max_skipped;
  const std::string text = to_text(report);
  const auto t = terminal();
  std::cout << (t ? suited(text, *t, exit_status(report) == 0) : text) << std::flush;
  std::string troubles;
  const auto write = [&](const std::string& path, auto format) {
    if (path.empty()) return;
    try {
      write_bytes(path, format(report));
    } catch (const Error& e) {
      troubles += (troubles.empty() ? "" : "; ") + std::string(e.what());
    }
  };
  write(o.markdown, to_markdown);
  write(o.json, to_json_text);
  write(o.junit, to_junit);
  if (!troubles.empty()) throw Error(troubles);
  return exit_status(report);
}

}  // namespace plumbline::cli
