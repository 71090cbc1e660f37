// What Plumbline throws at input that cannot be used: one line that says where, what was expected, what was
// found.
#pragma once

#include <stdexcept>
#include <string>

namespace plumbline {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace plumbline
