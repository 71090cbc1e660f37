// What the measuring programs do alike: a file that they write, then options with a value each; an error is
// one line.
#pragma once

#include <iostream>
#include <string>

#include "plumbline/base/error.hpp"

namespace plumbline {

// FILE, which argv begins with; behind it stand keys, each with a value. option(key, value) says whether it
// knows it.
//   bad input: throws Error naming what is unknown or lacks a value
template <class Option>
std::string file_and_options(int argc, char** argv, const Option& option) {
  if (argc < 2 || argc % 2 != 0) throw Error("expected FILE and then options with a value each");
  const std::string file = argv[1];
  if (file.starts_with("-")) throw Error("expected FILE before the options, found " + file);
  for (int i = 2; i < argc; i += 2)
    if (const std::string key = argv[i]; !option(key, std::string(argv[i + 1])))
      throw Error("unknown option " + key);
  return file;
}

// The exit status of body(); 2 where it throws, which is said in one line.
template <class Body>
int run_program(const char* name, const Body& body) {
  try {
    body();
    return 0;
  } catch (const std::exception& e) {
    std::cerr << name << ": " << e.what() << "\n";
    return 2;
  }
}

}  // namespace plumbline
