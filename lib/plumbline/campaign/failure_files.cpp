#include "plumbline/campaign/failure_files.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "plumbline/io/file.hpp"

namespace plumbline {
namespace {

namespace fs = std::filesystem;

// FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv: two failures have two names, one failure has the same
// name in every run.
std::uint32_t hash_of(std::string_view bytes) {
  std::uint32_t hash = 2166136261;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  return hash;
}

std::string file_name(std::string name) {
  constexpr std::size_t longest = 100;
  std::string out;
  for (const char c : name.substr(0, longest)) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    if (plain || !out.ends_with('-')) out += plain ? c : '-';
  }
  return out;
}

}  // namespace

// plumbline-failures/llama-1-17-wrong-norm-eps-outside-sqrt-0c51fe27.safetensors
std::string FailureFiles::write(const std::string& name, const Replay& replay, const Answer& answer) {
  const std::string bytes = to_bytes(to_container(replay, answer));
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) throw Error(folder_ + ": cannot be made: " + error.message());
  const std::string path = fmt::format("{}/{}-{:08x}.safetensors", folder_, file_name(name), hash_of(bytes));
  write_bytes(path, bytes);
  written_.insert(path);
  return path;
}

void FailureFiles::found(const std::string& kind, const Replay& replay, const Answer& answer) {
  if (int(kinds_.size()) >= most_kinds || !kinds_.insert(kind).second) return;
  try {
    const std::string path = write(replay.request.id + " " + kind, replay, answer);
    written_.erase(path);
    early_.insert(path);
  } catch (const Error& e) {
    trouble_ = e.what();
  }
}

void FailureFiles::settle() {
  std::error_code ignored;  // what cannot be removed stays
  for (const std::string& path : early_)
    if (!written_.contains(path)) fs::remove(path, ignored);
  early_.clear();
}

}  // namespace plumbline
