#include "plumbline/io/safetensors.hpp"

#include <nlohmann/json.hpp>

#include "plumbline/base/error.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/io/safetensors_header.hpp"

namespace plumbline {
namespace {

using SortedJson = nlohmann::json;  // sorted keys: a header with very many of them is still read in good time
constexpr const char* metadata_key = "__metadata__";

void append_little_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i & 0xff);
}

void check_booleans(const std::string& name, const StoredTensor& t, const std::string& origin) {
  if (t.dtype != Dtype::boolean) return;
  for (std::size_t i = 0; i < t.bytes.size(); ++i)
    if (const int value = static_cast<unsigned char>(t.bytes[i]); value > 1)
      throw Error(origin + ": tensor " + shown(name) + ": index " + std::to_string(i) +
                  ": expected 0 or 1, found " + std::to_string(value));
}

}  // namespace

std::int64_t StoredTensor::size() const {
  std::uint64_t n = 1;
  for (std::int64_t extent : shape) n *= static_cast<std::uint64_t>(extent);
  return static_cast<std::int64_t>(n);
}

double StoredTensor::operator[](std::int64_t i) const {
  const int width = info(dtype).bytes;
  return decode(
      read_little_endian(std::string_view(bytes).substr(static_cast<std::size_t>(i * width), width)), dtype);
}

StoredTensor stored(const Matrix<double>& values, Dtype dtype, std::vector<std::int64_t> shape) {
  StoredTensor t{dtype, std::move(shape), {}};
  t.bytes.resize(static_cast<std::size_t>(values.size() * info(dtype).bytes));
  encode(values.data(), values.size(), dtype, t.bytes.data());
  return t;
}

Matrix<double> as_matrix(const StoredTensor& t) {
  const std::int64_t cols = t.shape.empty() ? 1 : t.shape.back();
  Matrix<double> x(cols ? t.size() / cols : 0, cols);
  decode(t.bytes.data(), x.size(), t.dtype, x.data());
  return x;
}

std::string to_bytes(const Container& container) {
  SortedJson header = SortedJson::object();
  if (!container.metadata.empty()) header[metadata_key] = container.metadata;
  std::string data;
  for (const auto& [name, t] : container.tensors) {
    const std::size_t begin = data.size();
    data += t.bytes;
    header[name] = {
        {"dtype", info(t.dtype).name}, {"shape", t.shape}, {"data_offsets", {begin, data.size()}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the data begins at a multiple of 8
  std::string out;
  append_little_endian(out, text.size(), 8);
  return out + text + data;
}

Container from_bytes(std::string_view bytes, const std::string& origin) {
  const std::uint64_t length = header_length(bytes.substr(0, 8), bytes.size(), origin);
  const std::string_view data = bytes.substr(8 + length);
  SafetensorsHeader header =
      read_header(bytes.substr(8, length), data.size(), origin, UnknownDtypes::refused);
  Container c{.metadata = std::move(header.metadata), .tensors = {}};
  for (HeaderEntry& e : header.entries) {
    StoredTensor t{*e.dtype, std::move(e.shape), std::string(data.substr(e.begin, e.end - e.begin))};
    check_booleans(e.name, t, origin);
    c.tensors[e.name] = std::move(t);
  }
  return c;
}

Container read_container(const std::string& path) { return from_bytes(read_bytes(path), path); }

void write_container(const Container& container, const std::string& path) {
  write_bytes(path, to_bytes(container));
}

}  // namespace plumbline
