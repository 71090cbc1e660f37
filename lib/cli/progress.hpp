// A line on the terminal that says how far long work is; nothing where stderr is no terminal.
#pragma once

#include <string>

namespace plumbline::cli {

class Progress {
 public:
  Progress();
  ~Progress();  // wipes the line
  void show(const std::string& text);

 private:
  bool on_terminal_;
  std::size_t width_ = 0;
};

}  // namespace plumbline::cli
