#include "plumbline/io/safetensors_header.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "plumbline/base/error.hpp"
#include "plumbline/base/excerpt.hpp"
#include "plumbline/base/strict_json.hpp"

namespace plumbline {
namespace {

using SortedJson = nlohmann::json;  // sorted keys: a header with very many of them is still read in good time
constexpr std::uint64_t longest_header = 100'000'000;  // as in the reference implementation

class EntryReader {
 public:
  EntryReader(const std::string& name, const SortedJson& json, const std::string& origin,
              UnknownDtypes unknown)
      : name_(name), json_(json), origin_(origin), unknown_(unknown) {}

  HeaderEntry read() const {
    if (!json_.is_object()) fail("expected an object", excerpt(json_));
    for (const auto& [key, value] : json_.items())
      if (key != "dtype" && key != "shape" && key != "data_offsets")
        fail("expected dtype, shape and data_offsets", shown(key));
    HeaderEntry e{.name = name_, .dtype_name = excerpt(at("dtype")), .dtype = dtype()};
    for (std::uint64_t n : numbers("shape")) e.shape.push_back(static_cast<std::int64_t>(n));
    const std::vector<std::uint64_t> offsets = numbers("data_offsets");
    if (offsets.size() != 2 || offsets[0] > offsets[1])
      fail("expected data_offsets [begin, end]", excerpt(at("data_offsets")));
    e.begin = offsets[0];
    e.end = offsets[1];
    if (!e.dtype) return e;
    const std::uint64_t bytes = byte_count(e);
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

  std::optional<Dtype> dtype() const {
    const SortedJson& found = at("dtype");
    std::string known;
    for (const DtypeInfo& d : dtypes()) {
      if (found == d.name) return d.dtype;
      known += (known.empty() ? "" : ", ") + std::string(d.name);
    }
    if (unknown_ == UnknownDtypes::refused || !found.is_string())
      fail("expected a dtype of " + known, excerpt(found));
    return std::nullopt;
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

  std::uint64_t byte_count(const HeaderEntry& t) const {
    std::uint64_t bytes = info(*t.dtype).bytes;
    for (std::int64_t n : t.shape)
      if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(n), &bytes))
        fail("expected a shape of fewer than 2^64 bytes", excerpt(at("shape")));
    return bytes;
  }

  const std::string& name_;
  const SortedJson& json_;
  const std::string& origin_;
  UnknownDtypes unknown_;
};

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

// Without holes and overlaps, up to the end of the data.
void check_places(const std::vector<HeaderEntry>& entries, std::uint64_t data_bytes,
                  const std::string& origin) {
  std::uint64_t at = 0;
  for (const HeaderEntry& e : entries) {
    if (e.begin != at)
      throw Error(origin + ": tensor " + shown(e.name) + ": expected to begin at byte " + std::to_string(at) +
                  " of the data, found " + std::to_string(e.begin));
    if (e.end > data_bytes)
      throw Error(origin + ": tensor " + shown(e.name) + ": expected data up to byte " +
                  std::to_string(e.end) + ", found only " + std::to_string(data_bytes));
    at = e.end;
  }
  if (at != data_bytes)
    throw Error(origin + ": expected " + std::to_string(at) + " bytes of data, found " +
                std::to_string(data_bytes));
}

}  // namespace

std::uint64_t read_little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::uint64_t header_length(std::string_view first, std::uint64_t file_bytes, const std::string& origin) {
  if (first.size() < 8)
    throw Error(origin + ": expected 8 bytes for the length of the header, found " +
                std::to_string(first.size()));
  const std::uint64_t length = read_little_endian(first);
  const std::uint64_t most = std::min<std::uint64_t>(longest_header, file_bytes - 8);
  if (length > most)
    throw Error(origin + ": expected a header of at most " + std::to_string(most) +
                " bytes, found its length given as " + std::to_string(length));
  return length;
}

SafetensorsHeader read_header(std::string_view text, std::uint64_t data_bytes, const std::string& origin,
                              UnknownDtypes unknown) {
  const SortedJson json = parse_strict<SortedJson>(text, origin + ": header");
  if (!json.is_object()) throw Error(origin + ": header: expected an object, found " + excerpt(json));
  SafetensorsHeader header;
  for (const auto& [name, entry] : json.items()) {
    if (name == "__metadata__")
      header.metadata = read_metadata(entry, origin);
    else
      header.entries.push_back(EntryReader(name, entry, origin, unknown).read());
  }
  std::sort(header.entries.begin(), header.entries.end(), [](const HeaderEntry& a, const HeaderEntry& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  check_places(header.entries, data_bytes, origin);
  return header;
}

}  // namespace plumbline
