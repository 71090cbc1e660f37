// The verbs of the command, one file each. A verb adds its options to the command line and says what to do;
// it throws Error where its input cannot be used.
#pragma once

#include <CLI/CLI.hpp>

namespace plumbline::cli {

void add_list(CLI::App& app);
void add_explain(CLI::App& app);
void add_truth(CLI::App& app);
void add_report(CLI::App& app);
void add_emit(CLI::App& app);
void add_judge(CLI::App& app, int& status);
void add_verify(CLI::App& app, int& status);    // status: 1 where something does not agree
void add_identify(CLI::App& app, int& status);  // status: 1 where no spec explains all answers

}  // namespace plumbline::cli
