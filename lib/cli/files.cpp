#include "cli/files.hpp"

#include <iostream>
#include <iterator>

#include "plumbline/io/file.hpp"

namespace plumbline::cli {
namespace {

std::string read_standard_input() {
  std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  if (std::cin.bad()) throw Error("standard input: cannot be read");
  return text;
}

}  // namespace

Json read_json(const std::string& path) {
  if (path == "-") return parse_json(read_standard_input(), "standard input");
  return parse_json(read_bytes(path), path);
}

}  // namespace plumbline::cli
