// A safetensors file whose tensors are read one at a time: files of models are larger than memory.
#pragma once

#include <map>
#include <string>

#include "plumbline/io/safetensors.hpp"
#include "plumbline/io/safetensors_header.hpp"

namespace plumbline {

// Which tensors lie in a file, and each of them when it is asked for. Holds the header alone.
class TensorFile {
 public:
  // Reads the header. Throws Error naming the path, where the file cannot be read or is none of this format;
  // also where its data are cut short.
  explicit TensorFile(std::string path);

  // By name. A dtype that is none of ours is no error before somebody reads that tensor.
  const std::map<std::string, HeaderEntry>& entries() const { return entries_; }
  const std::string& path() const { return path_; }

  // One of the tensors, in float64, float32, bfloat16 or float16. Throws Error naming the file, the tensor,
  // what was expected and what was found.
  StoredTensor read(const std::string& name) const;

 private:
  std::string path_;
  std::uint64_t data_at_ = 0;
  std::map<std::string, HeaderEntry> entries_;
};

}  // namespace plumbline
