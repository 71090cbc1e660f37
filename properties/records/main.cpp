// plumbline_laws --records FILE: runs every law and every mutant that it lists, and writes one JSON line per
// law. plumbline_laws --kills FILE: which mutants break which law, of all of them.
// Exit status: 0 all laws hold and all mutants are noticed, 1 not, 2 misuse or an unwritable file.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "plumbline/base/error.hpp"
#include "properties/records/kills.hpp"
#include "properties/records/record.hpp"

namespace {

using plumbline::properties::LawRecord;

void show_progress(const std::string& id) {
  if (isatty(STDERR_FILENO)) std::cerr << "\r\033[K" << id << std::flush;
}

// To a temporary name first: a file of that name is always complete.
void write(const std::string& text, const std::filesystem::path& path) {
  const std::filesystem::path unfinished = path.string() + ".unfinished";
  std::ofstream out(unfinished);
  out << text;
  out.close();
  if (!out) throw plumbline::Error(path.string() + ": expected a file that can be written");
  std::filesystem::rename(unfinished, path);
}

bool is_clean(const LawRecord& r) {
  return r.holds && std::ranges::all_of(r.kills, [](const auto& k) { return k.after_cases > 0; });
}

int run(const std::filesystem::path& path) {
  const std::vector<LawRecord> records = plumbline::properties::run_all(show_progress);
  if (isatty(STDERR_FILENO)) std::cerr << "\r\033[K";
  std::ostringstream lines;
  write_records(records, lines);
  write(lines.str(), path);
  const auto unclean = std::ranges::count_if(records, [](const LawRecord& r) { return !is_clean(r); });
  std::cout << records.size() << " laws, " << unclean << " that fail or miss a mutant: " << path.string()
            << "\n";
  return unclean ? 1 : 0;
}

// A law a line.
int write_kills(const std::filesystem::path& path) {
  std::string text;
  for (const auto& law : plumbline::properties::all_laws()) {
    show_progress(std::string(law.id));
    text += (text.empty() ? "{\n" : ",\n") + nlohmann::json(law.id).dump() + ": " +
            nlohmann::json(plumbline::properties::kills_of(law)).dump();
  }
  write(text + "\n}\n", path);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 3 ? argv[1] : "";
  if (what != "--records" && what != "--kills") {
    std::cerr << "usage: plumbline_laws --records FILE, or --kills FILE\n";
    return 2;
  }
  try {
    return what == "--kills" ? write_kills(argv[2]) : run(argv[2]);
  } catch (const std::exception& e) {
    std::cerr << "plumbline_laws: " << e.what() << "\n";
    return 2;
  }
}
