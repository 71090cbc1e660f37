#include "cli/terminal.hpp"

#include <fmt/color.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <string_view>
#include <vector>

namespace plumbline::cli {
namespace {

constexpr int narrowest = 40;

bool is_command(std::string_view line) { return line.find("plumbline ") != line.npos; }

std::string broken(const std::string& line, int width) {
  const std::size_t indent = line.find_first_not_of(' ');
  if (indent == line.npos || int(line.size()) <= width || is_command(line)) return line;
  std::string out, rest = line;
  while (int(rest.size()) > width) {
    const std::size_t at = rest.rfind(' ', std::size_t(width));
    if (at == rest.npos || at <= indent + 2) break;  // one word, longer than the line
    out += rest.substr(0, at) + "\n";
    rest = std::string(indent + 2, ' ') + rest.substr(at + 1);
  }
  return out + rest;
}

bool is_failure(std::string_view line) {
  for (const std::string_view name :
       {"invalid: ", "wrong: ", "broken: ", "coarser: ", "Stopped: ", "A fault of "})
    if (line.starts_with(name)) return true;
  return false;
}

}  // namespace

std::optional<Terminal> terminal() {
  if (!isatty(STDOUT_FILENO)) return std::nullopt;
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  const char *none = std::getenv("NO_COLOR"), *kind = std::getenv("TERM");
  const bool plain = (none && *none) || !kind || std::string_view(kind) == "dumb";
  return Terminal{known ? std::max(int(size.ws_col), narrowest) : 80, !plain};
}

std::string suited(const std::string& report, const Terminal& t, bool is_green) {
  std::vector<std::string> lines;
  std::istringstream in(report);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool last = i + 1 == lines.size(), bad = last ? !is_green : is_failure(lines[i]);
    const std::string text = broken(lines[i], t.width);
    const auto colour = fmt::emphasis::bold | fg(bad ? fmt::terminal_color::red : fmt::terminal_color::green);
    out += (t.colour && (last || bad) ? fmt::format(colour, "{}", text) : text) + "\n";
  }
  return out;
}

}  // namespace plumbline::cli
