// The header of a safetensors file (safetensors.hpp), without its data: which tensor lies where.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plumbline/number/dtype.hpp"

namespace plumbline {

// What the header says of one tensor.
struct HeaderEntry {
  std::string name;
  std::string dtype_name;
  std::optional<Dtype> dtype = {};  // none: a type that is none of ours
  std::vector<std::int64_t> shape = {};
  std::uint64_t begin = 0, end = 0;  // of its bytes, counted from the end of the header
};

// All of it, the tensors in the order of their bytes.
struct SafetensorsHeader {
  std::map<std::string, std::string> metadata;
  std::vector<HeaderEntry> entries;
};

// Whole files are refused where they hold a type that is none of ours; where tensors are read one at a time,
// it is enough that nobody reads that one.
enum class UnknownDtypes { refused, kept };

// A number of as many bytes as there are, at most eight, the lowest first.
std::uint64_t read_little_endian(std::string_view bytes);

// How long the header is, from the first bytes of a file of so many. Throws Error naming `origin` where that
// is beyond 100 MB or beyond the file.
std::uint64_t header_length(std::string_view first, std::uint64_t file_bytes, const std::string& origin);

// What the text of a header says. Throws Error with one line, as from_bytes (safetensors.hpp) does: also
// where tensors leave holes, overlap, or do not end where the data does.
SafetensorsHeader read_header(std::string_view text, std::uint64_t data_bytes, const std::string& origin,
                              UnknownDtypes unknown);

}  // namespace plumbline
