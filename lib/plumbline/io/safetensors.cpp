#include "plumbline/io/safetensors.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "plumbline/base/error.hpp"
#include "plumbline/base/strict_json.hpp"
#include "plumbline/io/file.hpp"

namespace plumbline {
namespace {

using SortedJson = nlohmann::json;  // sorted keys: a header with very many of them is still read in good time
constexpr std::uint64_t longest_header = 100'000'000;  // as in the reference implementation
constexpr const char* metadata_key = "__metadata__";

std::uint64_t read_little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

void append_little_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i & 0xff);
}

// What one tensor's entry in the header says.
struct Entry {
  std::string name;
  StoredTensor tensor;
  std::uint64_t begin = 0, end = 0;
};

class EntryReader {
 public:
  EntryReader(const std::string& name, const SortedJson& json, const std::string& origin)
      : name_(name), json_(json), origin_(origin) {}

  Entry read() const {
    if (!json_.is_object()) fail("expected an object", excerpt(json_));
    for (const auto& [key, value] : json_.items())
      if (key != "dtype" && key != "shape" && key != "data_offsets")
        fail("expected dtype, shape and data_offsets", shown(key));
    Entry e{name_, {.dtype = dtype(), .shape = {}, .bytes = {}}};
    for (std::uint64_t n : numbers("shape")) e.tensor.shape.push_back(static_cast<std::int64_t>(n));
    const std::vector<std::uint64_t> offsets = numbers("data_offsets");
    if (offsets.size() != 2 || offsets[0] > offsets[1])
      fail("expected data_offsets [begin, end]", excerpt(at("data_offsets")));
    e.begin = offsets[0];
    e.end = offsets[1];
    const std::uint64_t bytes = byte_count(e.tensor);
    if (e.end - e.begin != bytes)
      fail("expected " + std::to_string(bytes) + " bytes for its shape", std::to_string(e.end - e.begin));
    return e;
  }

 private:
  [[noreturn]] void fail(const std::string& expected, const std::string& found) const {
    throw Error(origin_ + ": tensor " + shown(name_) + ": " + expected + ", found " + found);
  }

  const SortedJson& at(const char* key) const {
    if (!json_.contains(key)) fail(std::string("expected ") + key, "none");
    return json_.at(key);
  }

  Dtype dtype() const {
    const SortedJson& found = at("dtype");
    std::string known;
    for (const DtypeInfo& d : dtypes()) {
      if (found == d.name) return d.dtype;
      known += (known.empty() ? "" : ", ") + std::string(d.name);
    }
    fail("expected a dtype of " + known, excerpt(found));
  }

  std::vector<std::uint64_t> numbers(const char* key) const {
    std::vector<std::uint64_t> values;
    if (!at(key).is_array()) fail(std::string("expected ") + key + " as a list", excerpt(at(key)));
    for (const SortedJson& n : at(key)) {
      if (!n.is_number_unsigned() || n.get<std::uint64_t>() > INT64_MAX)
        fail(std::string("expected whole numbers in ") + key, excerpt(n));
      values.push_back(n.get<std::uint64_t>());
    }
    return values;
  }

  std::uint64_t byte_count(const StoredTensor& t) const {
    std::uint64_t bytes = info(t.dtype).bytes;
    for (std::int64_t n : t.shape)
      if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(n), &bytes))
        fail("expected a shape of fewer than 2^64 bytes", excerpt(at("shape")));
    return bytes;
  }

  const std::string& name_;
  const SortedJson& json_;
  const std::string& origin_;
};

void check_booleans(const Entry& e, const std::string& origin) {
  if (e.tensor.dtype != Dtype::boolean) return;
  for (std::size_t i = 0; i < e.tensor.bytes.size(); ++i)
    if (const int value = static_cast<unsigned char>(e.tensor.bytes[i]); value > 1)
      throw Error(origin + ": tensor " + shown(e.name) + ": index " + std::to_string(i) +
                  ": expected 0 or 1, found " + std::to_string(value));
}

std::map<std::string, std::string> read_metadata(const SortedJson& json, const std::string& origin) {
  if (!json.is_object()) throw Error(origin + ": header: expected __metadata__ to be an object");
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string())
      throw Error(origin + ": header: __metadata__ " + shown(key) + ": expected text, found " +
                  excerpt(value));
    metadata[key] = value.get<std::string>();
  }
  return metadata;
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
  for (Eigen::Index i = 0; i < values.size(); ++i)
    append_little_endian(t.bytes, encode(values.data()[i], dtype), info(dtype).bytes);
  return t;
}

Matrix<double> as_matrix(const StoredTensor& t) {
  const std::int64_t cols = t.shape.empty() ? 1 : t.shape.back();
  Matrix<double> x(cols ? t.size() / cols : 0, cols);
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = t[i];
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
  if (bytes.size() < 8)
    throw Error(origin + ": expected 8 bytes for the length of the header, found " +
                std::to_string(bytes.size()));
  const std::uint64_t length = read_little_endian(bytes.substr(0, 8));
  if (length > longest_header || length > bytes.size() - 8)
    throw Error(origin + ": expected a header of at most " +
                std::to_string(std::min<std::uint64_t>(longest_header, bytes.size() - 8)) +
                " bytes, found its length given as " + std::to_string(length));
  const SortedJson header = parse_strict<SortedJson>(bytes.substr(8, length), origin + ": header");
  if (!header.is_object()) throw Error(origin + ": header: expected an object, found " + excerpt(header));
  const std::string_view data = bytes.substr(8 + length);
  Container c;
  std::vector<Entry> entries;
  for (const auto& [name, json] : header.items()) {
    if (name == metadata_key)
      c.metadata = read_metadata(json, origin);
    else
      entries.push_back(EntryReader(name, json, origin).read());
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  std::uint64_t at = 0;
  for (Entry& e : entries) {
    if (e.begin != at)
      throw Error(origin + ": tensor " + shown(e.name) + ": expected to begin at byte " + std::to_string(at) +
                  " of the data, found " + std::to_string(e.begin));
    if (e.end > data.size())
      throw Error(origin + ": tensor " + shown(e.name) + ": expected data up to byte " +
                  std::to_string(e.end) + ", found only " + std::to_string(data.size()));
    e.tensor.bytes = data.substr(e.begin, e.end - e.begin);
    check_booleans(e, origin);
    at = e.end;
    c.tensors[e.name] = std::move(e.tensor);
  }
  if (at != data.size())
    throw Error(origin + ": expected " + std::to_string(at) + " bytes of data, found " +
                std::to_string(data.size()));
  return c;
}

Container read_container(const std::string& path) { return from_bytes(read_bytes(path), path); }

void write_container(const Container& container, const std::string& path) {
  write_bytes(path, to_bytes(container));
}

}  // namespace plumbline
