// The tensors of a Hugging Face folder, in one file or in several.
#pragma once

#include <map>
#include <string>

#include "plumbline/io/tensor_file.hpp"

namespace plumbline {

// model.safetensors, or where there is none the files that model.safetensors.index.json lists. Files are
// opened, and tensors read, when they are asked for.
class TensorFolder {
 public:
  // Throws Error naming the file where there is neither, or where the index is none.
  explicit TensorFolder(const std::string& folder);

  // Which tensors there are: names, and the paths of their files.
  const std::map<std::string, std::string>& files() const { return files_; }
  // The file that says so.
  const std::string& listed_in() const { return listed_in_; }

  // How many indices a tensor has; 0 where there is none of that name.
  int dimensions(const std::string& name) const;
  // One tensor of that shape, of finite numbers. Throws Error naming the file, the tensor, what was expected
  // and what was found; also where the index names a file that lacks it.
  StoredTensor read(const std::string& name, const std::vector<std::int64_t>& shape) const;

 private:
  const TensorFile& opened(const std::string& path) const;

  std::string listed_in_;
  std::map<std::string, std::string> files_;
  mutable std::map<std::string, TensorFile> opened_;
};

}  // namespace plumbline
