// safetensors: named tensors in one file. Eight bytes N (little endian), N bytes of JSON, then the data.
//
//   {"__metadata__": {"key": "text", ...},
//    "name": {"dtype": "F64", "shape": [2, 3], "data_offsets": [0, 48]}, ...}
//
// Offsets count from the end of the JSON; tensors lie behind one another without holes or overlaps. The
// format is that of github.com/huggingface/safetensors, dtypes as in dtype.hpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plumbline/base/excerpt.hpp"
#include "plumbline/number/dtype.hpp"
#include "plumbline/number/matrix.hpp"

namespace plumbline {

// A tensor as it lies in a file.
struct StoredTensor {
  Dtype dtype = Dtype::f64;
  std::vector<std::int64_t> shape;
  std::string bytes;  // little endian, the last index runs fastest

  std::int64_t size() const;  // how many entries the shape has
  // Entry i in the order of the bytes, 0 <= i < size(), which is not checked.
  double operator[](std::int64_t i) const;
  bool operator==(const StoredTensor&) const = default;
};

// What one file holds.
struct Container {
  std::map<std::string, std::string> metadata;
  std::map<std::string, StoredTensor> tensors;
  bool operator==(const Container&) const = default;
};

// A matrix as a tensor of that shape, which must have as many entries; these must be numbers that the dtype
// has. Neither is checked.
StoredTensor stored(const Matrix<double>& values, Dtype dtype, std::vector<std::int64_t> shape);
// A tensor [a, ..., n] as a matrix [a ..., n]; a vector [n] as [1, n], a single number as [1, 1].
Matrix<double> as_matrix(const StoredTensor& tensor);

// The bytes of the file: tensors and keys sorted by name, so equal containers have equal bytes.
std::string to_bytes(const Container& container);

// The container in the bytes of a file. Throws Error with one line: `origin` (a file name, say), the tensor,
// what was expected and what was found. Refused is what the format does not allow: a header beyond 100 MB or
// beyond the file, text that is not UTF-8, names that stand twice, unknown dtypes, negative or overflowing
// shapes, holes, overlaps, data that are cut short or too long.
Container from_bytes(std::string_view bytes, const std::string& origin);

// The container in a file. Throws Error as read_bytes and from_bytes do.
Container read_container(const std::string& path);
// As write_bytes: to a temporary name first, then renamed. Throws Error where it cannot be written.
void write_container(const Container& container, const std::string& path);

}  // namespace plumbline
