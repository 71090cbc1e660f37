// Reading what the user names on the command line.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "plumbline/base/error.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline::cli {

// The JSON in a file, or on standard input for "-". Throws Error naming the file.
Json read_json(const std::string& path);

// read(the JSON in a file); what it throws as Error names the file.
template <class Read>
auto read_file(const std::string& path, Read read) {
  const Json json = read_json(path);
  try {
    return read(json);
  } catch (const Error& e) {
    throw Error((path == "-" ? "standard input" : path) + ": " + e.what());
  }
}

}  // namespace plumbline::cli
