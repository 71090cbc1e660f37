// Whole files, and errors that name them.
#pragma once

#include <string>

namespace plumbline {

// Throws Error naming the path and the reason.
std::string read_bytes(const std::string& path);

// Writes to a temporary name beside the path, then renames: nobody sees half a file. Throws like read_bytes.
void write_bytes(const std::string& path, const std::string& bytes);

}  // namespace plumbline
