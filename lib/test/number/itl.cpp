#include "number/itl.hpp"

#include <algorithm>
#include <limits>
#include <regex>

namespace plumbline::itl {
namespace {

// Comments become blanks, so that lines keep their numbers.
std::string without_comments(std::string text) {
  const auto blank = [&](const char* begin, const char* end) {
    for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos;) {
      const std::size_t stop = std::min(text.find(end, at), text.size());
      for (; at < stop; ++at)
        if (text[at] != '\n') text[at] = ' ';
      if (*end == '*' && stop < text.size()) text[stop] = text[stop + 1] = ' ';
    }
  };
  blank("/*", "*/");
  blank("//", "\n");
  return text;
}

std::optional<Domain> domain(const std::string& decoration) {
  if (decoration.empty()) return std::nullopt;
  return decoration == "trv" ? Domain::trv : Domain::def;
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \n\t"), last = text.find_last_not_of(" \n\t");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

}  // namespace

std::optional<Interval> interval(const std::string& text) {
  constexpr double infinity = std::numeric_limits<double>::infinity(),
                   none = std::numeric_limits<double>::quiet_NaN();
  static const std::regex form(R"(\[\s*([^\],\s]+)\s*(?:,\s*([^\],\s]+)\s*)?\](?:_(com|dac|def|trv))?)");
  std::smatch part;
  if (!std::regex_match(text, part, form)) return std::nullopt;
  const std::string first = part[1], second = part[2];
  if (first == "nai") return Interval{none, none, Domain::ill};
  if (first == "empty") return Interval{none, none, domain(part[3])};
  if (first == "entire") return Interval{-infinity, infinity, domain(part[3])};
  return Interval{number(first), number(second.empty() ? first : second), domain(part[3])};
}

double number(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  return std::strtod(text.c_str(), nullptr);
}

std::vector<Row> parsed(std::string_view all) {
  static const std::regex statement(R"(([A-Za-z0-9]+)\s+(\[[^=;{}]*)=([^;{}]*);)"),
      operand(R"(\[[^\]]*\](?:_[a-z]+)?)");
  const std::string text = without_comments(std::string(all));
  std::vector<Row> rows;
  for (std::sregex_iterator it(text.begin(), text.end(), statement), end; it != end; ++it) {
    const std::string operands = (*it)[2];
    Row row{1 + static_cast<int>(std::count(text.begin(), text.begin() + it->position(), '\n')),
            (*it)[1],
            {},
            trimmed((*it)[3])};
    for (std::sregex_iterator o(operands.begin(), operands.end(), operand); o != end; ++o)
      row.operands.push_back(interval(o->str()).value());
    if (trimmed(std::regex_replace(operands, operand, "")).empty()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace plumbline::itl
