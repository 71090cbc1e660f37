#include "plumbline/io/tensor_file.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "plumbline/base/error.hpp"

namespace plumbline {
namespace {

std::ifstream opened(const std::string& path) {
  errno = std::filesystem::is_directory(path) ? EISDIR : 0;
  std::ifstream in(path, std::ios::binary);
  if (!in || errno == EISDIR) throw Error(path + ": cannot be opened: " + std::strerror(errno));
  return in;
}

// So many bytes from a place on; fewer where the file ends.
std::string bytes_at(std::ifstream& in, std::uint64_t at, std::uint64_t count) {
  std::string bytes(count, '\0');
  in.clear();
  in.seekg(static_cast<std::streamoff>(at));
  in.read(bytes.data(), static_cast<std::streamsize>(count));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return bytes;
}

}  // namespace

TensorFile::TensorFile(std::string path) : path_(std::move(path)) {
  std::ifstream in = opened(path_);
  const std::uint64_t size = std::filesystem::file_size(path_);
  const std::uint64_t length = header_length(bytes_at(in, 0, 8), size, path_);
  data_at_ = 8 + length;
  SafetensorsHeader header =
      read_header(bytes_at(in, 8, length), size - data_at_, path_, UnknownDtypes::kept);
  for (HeaderEntry& e : header.entries) {
    const std::string name = e.name;
    entries_.emplace(name, std::move(e));
  }
}

StoredTensor TensorFile::read(const std::string& name) const {
  const auto it = entries_.find(name);
  if (it == entries_.end()) throw Error(path_ + ": tensor " + shown(name) + ": expected it here, found none");
  const HeaderEntry& e = it->second;
  if (!e.dtype || info(*e.dtype).precision == 0)
    throw Error(path_ + ": tensor " + shown(name) + ": expected a dtype of F64, F32, BF16, F16, found " +
                e.dtype_name);
  std::ifstream in = opened(path_);
  StoredTensor t{*e.dtype, e.shape, bytes_at(in, data_at_ + e.begin, e.end - e.begin)};
  if (t.bytes.size() != e.end - e.begin)
    throw Error(path_ + ": tensor " + shown(name) + ": expected " + std::to_string(e.end - e.begin) +
                " bytes, found only " + std::to_string(t.bytes.size()));
  return t;
}

}  // namespace plumbline
