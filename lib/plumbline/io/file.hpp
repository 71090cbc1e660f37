// Whole files, and errors that name them.
#pragma once

#include <string>

namespace plumbline {

// All bytes of a file. Throws Error naming the path and the reason.
std::string read_bytes(const std::string& path);

// Writes to a temporary name beside the path, then renames: nobody sees half a file. Throws like read_bytes.
void write_bytes(const std::string& path, const std::string& bytes);

// Throws Error, as write_bytes would, where it is clear beforehand that nothing can be written there.
void check_writable(const std::string& path);
// The same for files in a folder that is made, with those above it, when it is needed.
void check_folder(const std::string& path);

}  // namespace plumbline
