// The verbs of the command, one file each. A verb adds its options to the command line and says what to do;
// it throws Error where its input cannot be used.
#pragma once

#include <CLI/CLI.hpp>

namespace plumbline::cli {

void add_list(CLI::App& app);
void add_explain(CLI::App& app);
void add_truth(CLI::App& app);
void add_report(CLI::App& app);

}  // namespace plumbline::cli
