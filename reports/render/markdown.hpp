// Markdown from finished text: knows nothing of numbers.
#pragma once

#include <string>
#include <vector>

namespace plumbline::reports {

using Row = std::vector<std::string>;

// A table with a header; `|` in cells is escaped. Columns of `align` 'r' are right-aligned, 'l' left-aligned.
std::string table(const Row& header, const std::string& align, const std::vector<Row>& rows);

// The same page with paragraphs and list items folded to that many columns; tables, headings, pictures,
// fenced and indented blocks stay as they are.
std::string wrapped(const std::string& page, int columns = 100);

// A fenced block.
std::string fenced(const std::string& text, const std::string& language = "");

}  // namespace plumbline::reports
