#include "plumbline/hugging_face/tensor_folder.hpp"

#include <cmath>
#include <filesystem>

#include "plumbline/base/error.hpp"
#include "plumbline/base/excerpt.hpp"
#include "plumbline/base/strict_json.hpp"
#include "plumbline/io/file.hpp"

namespace plumbline {
namespace {

namespace fs = std::filesystem;
using SortedJson = nlohmann::json;

std::string text_of(const std::vector<std::int64_t>& shape) {
  std::string out;
  for (const std::int64_t n : shape) out += (out.empty() ? "" : ", ") + std::to_string(n);
  return "[" + out + "]";
}

bool is_plain_name(const std::string& file) {
  return !file.empty() && file != "." && file != ".." && file.find('/') == file.npos &&
         file.find('\0') == file.npos;
}

std::map<std::string, std::string> files_of_index(const std::string& folder, const std::string& index) {
  const SortedJson json = parse_strict<SortedJson>(read_bytes(index), index);
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object())
    throw Error(index + ": expected an object with weight_map, found " + excerpt(json));
  std::map<std::string, std::string> out;
  for (const auto& [name, file] : json["weight_map"].items()) {
    if (!file.is_string() || !is_plain_name(file.get<std::string>()))
      throw Error(index + ": tensor " + shown(name) + ": expected the name of a file beside it, found " +
                  excerpt(file));
    out[name] = (fs::path(folder) / file.get<std::string>()).string();
  }
  return out;
}

}  // namespace

TensorFolder::TensorFolder(const std::string& folder) {
  const std::string whole = (fs::path(folder) / "model.safetensors").string();
  const std::string index = whole + ".index.json";
  listed_in_ = fs::exists(whole) ? whole : index;
  if (fs::exists(whole))
    for (const auto& [name, entry] : opened(whole).entries()) files_[name] = whole;
  else if (fs::exists(index))
    files_ = files_of_index(folder, index);
  else
    throw Error(folder + ": expected model.safetensors or model.safetensors.index.json, found neither");
}

const TensorFile& TensorFolder::opened(const std::string& path) const {
  const auto it = opened_.find(path);
  return it != opened_.end() ? it->second : opened_.emplace(path, TensorFile(path)).first->second;
}

int TensorFolder::dimensions(const std::string& name) const {
  const auto it = files_.find(name);
  if (it == files_.end()) return 0;
  const auto& entries = opened(it->second).entries();
  const auto entry = entries.find(name);
  return entry == entries.end() ? 0 : static_cast<int>(entry->second.shape.size());
}

StoredTensor TensorFolder::read(const std::string& name, const std::vector<std::int64_t>& shape) const {
  const auto it = files_.find(name);
  const std::string tensor = ": tensor " + shown(name) + ": expected ";
  if (it == files_.end())
    throw Error(listed_in_ + tensor + "it with shape " + text_of(shape) + ", found none");
  const TensorFile& file = opened(it->second);
  const auto entry = file.entries().find(name);
  if (entry == file.entries().end())
    throw Error(file.path() + tensor + "it here, as " + fs::path(listed_in_).filename().string() +
                " says, found none");
  if (entry->second.shape != shape)
    throw Error(file.path() + tensor + "shape " + text_of(shape) + ", found " + text_of(entry->second.shape));
  StoredTensor t = file.read(name);
  for (std::int64_t i = 0; i < t.size(); ++i)
    if (!std::isfinite(t[i]))
      throw Error(file.path() + tensor + "finite numbers, found " + std::to_string(t[i]) + " at index " +
                  std::to_string(i));
  return t;
}

}  // namespace plumbline
