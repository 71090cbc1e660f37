#include "reports/folder.hpp"

#include <algorithm>
#include <optional>
#include <sstream>

#include "plumbline/io/file.hpp"

namespace plumbline::reports {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> first_difference(const std::string& expected, const std::string& found) {
  if (expected == found) return std::nullopt;
  std::istringstream a(expected), b(found);
  for (int line = 1;; ++line) {
    std::string x, y;
    const bool more_a = static_cast<bool>(std::getline(a, x)), more_b = static_cast<bool>(std::getline(b, y));
    if (!more_a && !more_b) return std::to_string(line) + ": expected another end of the file";
    if (x != y || more_a != more_b)
      return std::to_string(line) + ": expected " + (more_a ? "\"" + x + "\"" : "the end") + ", found " +
             (more_b ? "\"" + y + "\"" : "the end");
  }
}

}  // namespace

void write(const fs::path& folder, const Pages& pages) {
  fs::create_directories(folder);
  for (const Page& page : pages) {
    const fs::path path = folder / page.name;
    fs::create_directories(path.parent_path());
    write_bytes(path.string(), page.text);
  }
}

std::vector<std::string> differences(const fs::path& folder, const Pages& pages) {
  std::vector<std::string> found;
  for (const Page& page : pages) {
    const fs::path path = folder / page.name;
    if (!fs::exists(path)) {
      found.push_back(path.string() + ": expected this file, found none");
    } else if (page.portable) {
      if (const auto difference = first_difference(page.text, read_bytes(path.string())))
        found.push_back(path.string() + ":" + *difference);
    }
  }
  if (!fs::exists(folder)) return found;
  for (const fs::directory_entry& file : fs::recursive_directory_iterator(folder)) {
    if (file.is_directory()) continue;
    const std::string name = file.path().lexically_relative(folder).generic_string();
    if (std::none_of(pages.begin(), pages.end(), [&](const Page& p) { return p.name == name; }))
      found.push_back(file.path().string() + ": a file that no report writes");
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace plumbline::reports
