#include "cli/files.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

namespace plumbline::cli {
namespace {

std::string read_all(std::istream& in, const std::string& origin) {
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) throw Error(origin + ": cannot be read");
  return text;
}

}  // namespace

Json read_json(const std::string& path) {
  if (path == "-") return parse_json(read_all(std::cin, "standard input"), "standard input");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(path + ": cannot be opened: " + std::strerror(errno));
  in.peek();  // a directory opens, but does not read
  if (in.bad()) throw Error(path + ": cannot be read: " + std::strerror(errno));
  return parse_json(read_all(in, path), path);
}

}  // namespace plumbline::cli
