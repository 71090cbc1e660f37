// Where the report of a run goes, and what it takes to be green. Options that verify and judge share.
#pragma once

#include <CLI/CLI.hpp>

#include "plumbline/campaign/run_report.hpp"

namespace plumbline::cli {

struct ReportOptions {
  std::string markdown, json, junit;
  double max_skipped = 100;  // per cent
};

// --markdown, --json, --junit, --max-skipped.
void add_report_options(CLI::App& verb, ReportOptions& options);

// Before the run: throws Error where a report could not be written.
void check_outputs(const ReportOptions& options);

// On standard output first; then the files, each of them whatever becomes of the others. Throws Error naming
// those that cannot be written. Returns the exit status.
int write_reports(const ReportOptions& options, RunReport& report);

}  // namespace plumbline::cli
