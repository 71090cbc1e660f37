#include "reports/render/markdown.hpp"

#include <stdexcept>

namespace plumbline::reports {
namespace {

std::string line(const Row& cells) {
  std::string text = "|";
  for (const std::string& cell : cells) {
    text += ' ';
    for (char c : cell) text += c == '|' ? std::string("\\|") : std::string(1, c);
    text += " |";
  }
  return text + "\n";
}

}  // namespace

std::string table(const Row& header, const std::string& align, const std::vector<Row>& rows) {
  std::string text = line(header) + "|";
  for (char a : align) text += a == 'r' ? "--:|" : ":--|";
  text += "\n";
  for (const Row& row : rows) {
    if (row.size() != header.size() || align.size() != header.size())
      throw std::logic_error("a table is rectangular: a row of " + std::to_string(row.size()) +
                             " cells under " + std::to_string(header.size()) + " columns");
    text += line(row);
  }
  return text + "\n";
}

std::string fenced(const std::string& text, const std::string& language) {
  return "```" + language + "\n" + text + (text.ends_with('\n') ? "" : "\n") + "```\n\n";
}

}  // namespace plumbline::reports
