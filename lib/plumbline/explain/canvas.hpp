// A sheet of characters that grows as it is written on.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace plumbline {

// Rows and columns count from 0; what is beyond the sheet is blank.
class Canvas {
 public:
  // Writes the text from (row, col) on, over what stands there. Neither may be negative, here and below.
  void put(int row, int col, const std::string& text) {
    reach(row, col + static_cast<int>(text.size()));
    std::copy(text.begin(), text.end(), lines_[row].begin() + col);
  }
  // A vertical line over rows [first, last], behind whatever stands there.
  void vertical(int col, int first, int last) {
    for (int row = first; row <= last; ++row) {
      reach(row, col + 1);
      if (lines_[row][col] == ' ') lines_[row][col] = '|';
    }
  }
  // A box around `text` whose upper left corner stands at (row, col).
  void box(int row, int col, const std::string& text) {
    const std::string edge = "+" + std::string(text.size() + 2, '-') + "+";
    put(row, col, edge);
    put(row + 1, col, "| " + text + " |");
    put(row + 2, col, edge);
  }
  // The lines without trailing blanks, each ended by '\n'.
  std::string text() const {
    std::string out;
    for (const std::string& line : lines_) out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    return out;
  }

 private:
  void reach(int row, int end) {
    if (row >= static_cast<int>(lines_.size())) lines_.resize(row + 1);
    if (end > static_cast<int>(lines_[row].size())) lines_[row].resize(end, ' ');
  }
  std::vector<std::string> lines_;
};

}  // namespace plumbline
