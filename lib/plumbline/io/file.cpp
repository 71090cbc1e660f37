#include "plumbline/io/file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "plumbline/base/error.hpp"

namespace plumbline {
namespace {

[[noreturn]] void fail(const std::string& path, const char* what) {
  throw Error(path + ": " + what + ": " + std::strerror(errno));
}

}  // namespace

std::string read_bytes(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(path, "cannot be opened");
  in.peek();  // a directory opens, but does not read
  if (in.bad()) fail(path, "cannot be read");
  std::error_code no_file;  // a pipe, say, which has no size
  const auto size = std::filesystem::file_size(path, no_file);
  std::string bytes(no_file ? 0 : size, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  if (in) bytes.append(std::istreambuf_iterator<char>(in), {});
  if (in.bad()) fail(path, "cannot be read");
  return bytes;
}

void write_bytes(const std::string& path, const std::string& bytes) {
  const std::string temporary = path + "." + std::to_string(getpid()) + ".partial";
  errno = 0;
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  if (!out) fail(path, "cannot be written");
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (out && std::rename(temporary.c_str(), path.c_str()) == 0) return;
  const int reason = errno;
  std::remove(temporary.c_str());
  errno = reason;
  fail(path, "cannot be written");
}

void check_writable(const std::string& path) {
  errno = EISDIR;
  if (std::filesystem::is_directory(path)) fail(path, "cannot be written");
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) != 0) fail(path, "cannot be written");
  errno = ENOTDIR;
  if (!folder.empty() && !std::filesystem::is_directory(folder)) fail(path, "cannot be written");
}

void check_folder(const std::string& path) {
  std::filesystem::path there = std::filesystem::absolute(path);
  if (there.filename().empty()) there = there.parent_path();  // a slash at the end
  while (!std::filesystem::exists(there) && there.has_relative_path()) there = there.parent_path();
  check_writable((there / "file").string());
}

}  // namespace plumbline
