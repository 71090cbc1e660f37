// What Plumbline throws at input that cannot be used.
#pragma once

#include <stdexcept>
#include <string>

namespace plumbline {

// what() is one line: where, what was expected, what was found.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace plumbline
