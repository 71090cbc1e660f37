// plumbline-golden generate FOLDER   writes every golden file
// plumbline-golden check FOLDER      compares every byte with what it would write; exit status 1 where one
// differs
// plumbline-golden errors FILE           writes the errors of all plain number types, a line of JSON for each
#include <iostream>
#include <nlohmann/json.hpp>

#include "golden/check/errors.hpp"
#include "golden/check/folder.hpp"
#include "plumbline/base/error.hpp"
#include "plumbline/io/file.hpp"

namespace plumbline::golden {
namespace {

int generate(const std::string& folder) {
  for (const GoldenCase& c : cases()) write_case(folder, c);
  write_toy(folder);
  std::cout << folder << ": " << cases().size() << " cases and the toy example\n";
  return 0;
}

int check(const std::string& folder) {
  std::vector<std::string> wrong = strangers(folder);
  const auto add = [&](std::vector<std::string> lines) {
    wrong.insert(wrong.end(), lines.begin(), lines.end());
  };
  for (const GoldenCase& c : cases()) add(check_case(folder, c));
  add(check_toy(folder));
  for (const std::string& line : wrong) std::cerr << line << "\n";
  if (wrong.empty())
    std::cout << folder << ": " << cases().size() << " cases and the toy example are as generated\n";
  return wrong.empty() ? 0 : 1;
}

int errors(const std::string& file) {
  std::string lines;
  for (const GoldenCase& c : cases())
    for (const ErrorRecord& r : errors_of(c)) lines += to_json(r).dump() + "\n";
  write_bytes(file, lines);
  return 0;
}

int run(int argc, char** argv) {
  const std::string verb = argc == 3 ? argv[1] : "";
  if (verb == "generate") return generate(argv[2]);
  if (verb == "check") return check(argv[2]);
  if (verb == "errors") return errors(argv[2]);
  throw Error("expected: plumbline-golden generate FOLDER, check FOLDER, or errors FILE");
}

}  // namespace
}  // namespace plumbline::golden

int main(int argc, char** argv) {
  try {
    return plumbline::golden::run(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "plumbline-golden: " << e.what() << "\n";
    return 2;
  }
}
