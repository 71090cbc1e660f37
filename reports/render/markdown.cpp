#include "reports/render/markdown.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>
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

int width_of(const std::string& word) {  // in characters: UTF-8 continues with 10xxxxxx
  return static_cast<int>(std::ranges::count_if(word, [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

// What would be a heading, a list, a quotation or a table if a line began with it.
bool begins_a_block(const std::string& word) {
  const std::size_t digits = word.find_first_not_of("0123456789");
  if (digits != 0 && digits != std::string::npos)
    return digits + 1 == word.size() && (word[digits] == '.' || word[digits] == ')');
  return word == "-" || word == "+" || word == "*" ||
         std::string("#>|=~`").find(word[0]) != std::string::npos;
}

std::string folded(const std::string& paragraph, int columns) {
  const std::string indent = paragraph.starts_with("- ") ? "  " : "";
  std::istringstream words(paragraph);
  std::string text;
  int column = 0;
  for (std::string word; words >> word;) {
    const int width = width_of(word);
    const bool breaks =
        column > 0 && column + 1 + width > columns && (word[0] == '`' || !begins_a_block(word));
    text += column == 0 ? "" : breaks ? "\n" + indent : " ";
    column = breaks ? static_cast<int>(indent.size()) : column + (column > 0);
    text += word;
    column += width;
  }
  return text + "\n";
}

bool stands_by_itself(const std::string& line) {
  return line.empty() || std::string("|#! ").find(line[0]) != std::string::npos;
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

std::string wrapped(const std::string& page, int columns) {
  std::istringstream lines(page);
  std::string text, paragraph;
  const auto flush = [&] {
    if (!paragraph.empty()) text += folded(paragraph, columns);
    paragraph.clear();
  };
  bool is_fenced = false;
  for (std::string line; std::getline(lines, line);) {
    const bool fence = line.starts_with("```");
    const bool continues = paragraph.starts_with("- ") && line.starts_with("  ");
    if (fence || is_fenced || (stands_by_itself(line) && !continues)) {
      flush();
      text += line + "\n";
      is_fenced = is_fenced != fence;
      continue;
    }
    if (line.starts_with("- ")) flush();
    paragraph += (paragraph.empty() ? "" : " ") + line;
  }
  flush();
  return text;
}

std::string fenced(const std::string& text, const std::string& language) {
  return "```" + language + "\n" + text + (text.ends_with('\n') ? "" : "\n") + "```\n\n";
}

}  // namespace plumbline::reports
