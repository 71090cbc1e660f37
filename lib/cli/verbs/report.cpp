// plumbline report: a program of its own next to this one, for it knows the properties and the golden values,
// which the library does not.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "cli/verbs.hpp"
#include "plumbline/base/error.hpp"

namespace plumbline::cli {
namespace {

// Where it was built it stands beside this one; it reads what is claimed from the sources, so it is
// not installed.
std::filesystem::path program() {
  const auto path = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "plumbline-report";
  if (!std::filesystem::exists(path))
    throw Error(
        "report: expected plumbline-report beside this program, found none: it is not installed; run "
        "build/bin/plumbline where Plumbline was built");
  return path;
}

void become(const std::filesystem::path& program, const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  throw Error(program.string() + ": cannot be run: " + std::strerror(errno));
}

void add_report(CLI::App& app, int&) {
  CLI::App* verb = app.add_subcommand("report", "Run everything that is claimed and write the reports");
  const auto folder = std::make_shared<std::string>("reports/published");
  const auto check = std::make_shared<bool>(false);
  verb->add_option("FOLDER", *folder, "Where to write them [reports/published]")->option_text(" ");
  verb->add_flag("--check", *check,
                 "Write nothing; exit status 1 where a report is not what a run generates");
  verb->callback([folder, check] {
    std::vector<std::string> arguments{"plumbline-report", *folder};
    if (*check) arguments.push_back("--check");
    become(program(), arguments);
  });
}

const Verb report_verb{40, add_report};

}  // namespace
}  // namespace plumbline::cli
