#include "golden/check/folder.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include "golden/check/compare.hpp"
#include "golden/generate/text.hpp"
#include "golden/generate/toy.hpp"
#include "plumbline/io/file.hpp"

namespace plumbline::golden {
namespace {

namespace fs = std::filesystem;

fs::path container_path(const fs::path& folder, const GoldenCase& c) {
  return folder / (c.id + ".safetensors");
}
fs::path text_path(const fs::path& folder, const GoldenCase& c) { return folder / (c.id + ".txt"); }
fs::path toy_path(const fs::path& folder) { return folder / "toy.txt"; }

void write_text(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  write_bytes(path.string(), text);
}

std::vector<std::string> check_text(const fs::path& path, const std::string& expected) {
  if (!fs::exists(path)) return {path.string() + ": expected this file, found none"};
  const std::string found = read_bytes(path.string());
  std::istringstream a(expected), b(found);
  for (int line = 1;; ++line) {
    std::string x, y;
    const bool more_a = static_cast<bool>(std::getline(a, x)), more_b = static_cast<bool>(std::getline(b, y));
    if (!more_a && !more_b) break;
    if (x != y || more_a != more_b)
      return {path.string() + ":" + std::to_string(line) + ": expected \"" + x + "\", found \"" + y + "\""};
  }
  if (expected != found) return {path.string() + ": expected another end of the file"};
  return {};
}

}  // namespace

void write_case(const fs::path& folder, const GoldenCase& c) {
  fs::create_directories(container_path(folder, c).parent_path());
  write_container(golden_file(c), container_path(folder, c));
  if (is_small(c)) write_text(text_path(folder, c), text_of(c));
}

void write_toy(const fs::path& folder) { write_text(toy_path(folder), toy_text()); }

std::vector<std::string> check_case(const fs::path& folder, const GoldenCase& c) {
  const fs::path path = container_path(folder, c);
  const Container expected = golden_file(c);
  std::vector<std::string> wrong;
  try {
    for (const Mismatch& p : differences(expected, read_container(path)))
      wrong.push_back(to_string(path.string(), p));
    if (wrong.empty() && read_bytes(path.string()) != to_bytes(expected))
      wrong.push_back(path.string() + ": the header is written in another way");
  } catch (const Error& e) {
    wrong.push_back(e.what());
  }
  if (is_small(c))
    for (std::string& line : check_text(text_path(folder, c), text_of(c))) wrong.push_back(std::move(line));
  return wrong;
}

std::vector<std::string> check_toy(const fs::path& folder) {
  return check_text(toy_path(folder), toy_text());
}

std::vector<std::string> strangers(const fs::path& folder) {
  std::set<fs::path> known{toy_path(folder)};
  for (const GoldenCase& c : cases()) {
    known.insert(container_path(folder, c));
    if (is_small(c)) known.insert(text_path(folder, c));
  }
  std::vector<std::string> found;
  for (const fs::directory_entry& file : fs::recursive_directory_iterator(folder))
    if (file.is_regular_file() && !known.contains(file.path()))
      found.push_back(file.path().string() + ": belongs to no case");
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace plumbline::golden
