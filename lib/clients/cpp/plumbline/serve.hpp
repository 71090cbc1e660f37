// Answers Plumbline's questions: what an implementation under test in C++ includes. Needs C++20 and nothing
// else.
//
//   #include <plumbline/serve.hpp>
//   using namespace plumbline::client;
//
//   Answer rms_norm(const Request& request) {
//     const std::vector<float> x = request.at("x").numbers();
//     ...
//     return {{"y", request.like("x", y)}};
//   }
//   int main() { serve(rms_norm); }
//
// Questions are frames on standard input: 8 bytes, little endian, the length; then that many bytes of
// safetensors. Answers go to standard output the same way; what the program prints there goes to standard
// error instead, from its start on where Plumbline has started it.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

namespace plumbline::client {

// The version of what is exchanged.
inline constexpr const char* protocol = "1";

// Thrown by an implementation that does not compute what it is asked; counted as skipped, and shown.
struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A JSON value, as much of it as specs and headers need. Asking for what is not there throws.
class Json {
 public:
  static Json parse(std::string_view text) {
    Reader r{text};
    Json value = r.value();
    r.space();
    if (r.at != text.size()) r.fail("the end");
    return value;
  }
  // request.spec["norm_slots"]["attn"]["in"]["eps"].number()
  const Json& operator[](const std::string& key) const {
    const auto it = members_.find(key);
    if (it == members_.end()) throw std::runtime_error("JSON: expected the key \"" + key + "\", found none");
    return it->second;
  }
  bool contains(const std::string& key) const { return members_.contains(key); }
  bool is_null() const { return kind_ == Kind::null; }
  bool boolean() const { return expect(Kind::boolean), number_ != 0; }
  double number() const { return expect(Kind::number), number_; }
  const std::string& text() const { return expect(Kind::text), text_; }
  const std::vector<Json>& items() const { return expect(Kind::array), items_; }
  const std::map<std::string, Json>& members() const { return expect(Kind::object), members_; }

 private:
  enum class Kind { null, boolean, number, text, array, object };

  struct Reader {
    std::string_view text;
    std::size_t at = 0;

    [[noreturn]] void fail(const std::string& expected) const {
      throw std::runtime_error("JSON: expected " + expected + " at byte " + std::to_string(at));
    }
    void space() {
      while (at < text.size() && std::strchr(" \t\r\n", text[at])) ++at;
    }
    bool take(char c) {
      space();
      if (at == text.size() || text[at] != c) return false;
      ++at;
      return true;
    }
    bool word(std::string_view w) {
      if (text.substr(at, w.size()) != w) return false;
      at += w.size();
      return true;
    }
    Json value() {
      space();
      Json v;
      if (take('{')) return object();
      if (take('[')) return array();
      if (at < text.size() && text[at] == '"') return v.kind_ = Kind::text, v.text_ = string(), v;
      if (word("null")) return v;
      v.kind_ = Kind::boolean;
      if (word("true")) return v.number_ = 1, v;
      if (word("false")) return v;
      return number();
    }
    Json object() {
      Json v;
      v.kind_ = Kind::object;
      if (take('}')) return v;
      do {
        space();
        std::string key = string();
        if (!take(':')) fail("':'");
        v.members_.emplace(std::move(key), value());
      } while (take(','));
      return take('}') ? v : (fail("'}'"), v);
    }
    Json array() {
      Json v;
      v.kind_ = Kind::array;
      if (take(']')) return v;
      do v.items_.push_back(value());
      while (take(','));
      return take(']') ? v : (fail("']'"), v);
    }
    Json number() {
      const std::string rest(text.substr(at, 64));
      char* end = nullptr;
      Json v;
      v.kind_ = Kind::number;
      v.number_ = std::strtod(rest.c_str(), &end);
      if (end == rest.c_str()) fail("a value");
      at += std::size_t(end - rest.c_str());
      return v;
    }
    std::string string() {
      if (!take('"')) fail("'\"'");
      std::string out;
      while (at < text.size() && text[at] != '"') {
        char c = text[at++];
        if (c == '\\') {
          if (at == text.size()) break;
          c = text[at++];
          if (c == 'u') {  // names are ASCII; anything else keeps its place as '?'
            const int code = std::stoi(std::string(text.substr(at, 4)), nullptr, 16);
            at += 4;
            c = code < 128 ? char(code) : '?';
          } else if (const char* found = std::strchr("bfnrt", c)) {
            c = "\b\f\n\r\t"[found - std::strchr("bfnrt", 'b')];
          }
        }
        out += c;
      }
      if (at == text.size()) fail("'\"'");
      ++at;
      return out;
    }
  };

  void expect(Kind kind) const {
    if (kind_ != kind) throw std::runtime_error("JSON: a value is of another kind than expected");
  }

  Kind kind_ = Kind::null;
  double number_ = 0;
  std::string text_;
  std::vector<Json> items_;
  std::map<std::string, Json> members_;
};

namespace detail {

template <class To, class From>
std::vector<To> each(const std::string& bytes) {
  std::vector<To> out(bytes.size() / sizeof(From));
  for (std::size_t i = 0; i < out.size(); ++i) {
    From x;
    std::memcpy(&x, bytes.data() + i * sizeof x, sizeof x);
    out[i] = To(x);
  }
  return out;
}

// A binary number of `bits` significant bits whose smallest exponent of a normal number is `least`: nearest,
// ties to even. Values beyond the largest finite one come out of it too large.
inline double rounded(double x, int bits, int least) {
  if (x == 0 || !std::isfinite(x)) return x;
  const int exponent = std::max(std::ilogb(x), least);
  return std::ldexp(std::nearbyint(std::ldexp(x, bits - 1 - exponent)), exponent - bits + 1);
}

inline std::uint16_t to_bfloat16(double x) {
  return std::uint16_t(std::bit_cast<std::uint32_t>(float(rounded(x, 8, -126))) >> 16);
}
inline double from_bfloat16(std::uint16_t x) { return std::bit_cast<float>(std::uint32_t(x) << 16); }

inline std::uint16_t to_float16(double x) {
  const std::uint16_t sign = std::signbit(x) ? 0x8000 : 0;
  if (std::isnan(x)) return sign | 0x7e00;
  const double y = std::abs(rounded(x, 11, -14));
  if (y >= 65536) return sign | 0x7c00;
  if (y < 0x1p-14) return sign | std::uint16_t(y * 0x1p24);
  const int exponent = std::ilogb(y);
  return sign | std::uint16_t(((exponent + 15) << 10) + int(std::ldexp(y, 10 - exponent)) - 1024);
}
inline double from_float16(std::uint16_t x) {
  const int exponent = x >> 10 & 31, fraction = x & 1023;
  const double y = exponent == 31  ? (fraction ? NAN : INFINITY)
                   : exponent == 0 ? fraction * 0x1p-24
                                   : std::ldexp(1024 + fraction, exponent - 25);
  return x & 0x8000 ? -y : y;
}

}  // namespace detail

// A tensor as it comes over the pipe; the last index runs fastest.
struct Tensor {
  std::string dtype;  // "F64", "F32", "BF16" or "F16"
  std::vector<std::int64_t> shape;
  std::string bytes;

  std::size_t size() const {
    std::size_t n = 1;
    for (const std::int64_t s : shape) n *= std::size_t(s);
    return n;
  }
  // The entries; every number of the storage type is exact in T if that is at least as wide.
  template <class T = float>
  std::vector<T> numbers() const {
    if (dtype == "F64") return detail::each<T, double>(bytes);
    if (dtype == "F32") return detail::each<T, float>(bytes);
    std::vector<T> out;
    for (const std::uint16_t x : detail::each<std::uint16_t, std::uint16_t>(bytes))
      out.push_back(T(dtype == "BF16" ? detail::from_bfloat16(x) : detail::from_float16(x)));
    return out;
  }
  // Rounded to the dtype: nearest, ties to even.
  template <class T>
  static Tensor of(const std::vector<T>& numbers, const std::string& dtype, std::vector<std::int64_t> shape) {
    Tensor t{dtype, std::move(shape), {}};
    if (t.size() != numbers.size())
      throw std::runtime_error("a tensor of " + std::to_string(t.size()) + " entries: found " +
                               std::to_string(numbers.size()) + " numbers");
    const auto append = [&](auto x) { t.bytes.append(reinterpret_cast<const char*>(&x), sizeof x); };
    for (const T x : numbers) {
      if (dtype == "F64")
        append(double(x));
      else if (dtype == "F32")
        append(float(x));
      else
        append(dtype == "BF16" ? detail::to_bfloat16(double(x)) : detail::to_float16(double(x)));
    }
    return t;
  }
};

using Answer = std::map<std::string, Tensor>;

struct Request {
  std::string id, profile;
  Json spec;               // written out in full
  bool gradients = false;  // whether grad.x and grad.<parameter> are asked for
  std::map<std::string, Tensor> tensors;

  const Tensor& at(const std::string& name) const {
    const auto it = tensors.find(name);
    if (it == tensors.end()) throw std::runtime_error("expected a tensor \"" + name + "\", found none");
    return it->second;
  }
  // Numbers as a tensor with the dtype and the shape of the one of that name.
  template <class T>
  Tensor like(const std::string& name, const std::vector<T>& numbers) const {
    return Tensor::of(numbers, at(name).dtype, at(name).shape);
  }
};

namespace detail {

inline std::uint64_t little_endian(const char* bytes) {
  std::uint64_t n = 0;
  std::memcpy(&n, bytes, sizeof n);
  return n;
}

inline std::string with_length(const std::string& body) {
  const std::uint64_t n = body.size();
  std::string out(reinterpret_cast<const char*>(&n), sizeof n);
  return out += body;
}

inline Request request_from(const std::string& container) {
  if (container.size() < 8) throw std::runtime_error("a request of fewer than 8 bytes");
  const std::uint64_t length = little_endian(container.data());
  const Json header = Json::parse(std::string_view(container).substr(8, length));
  Request r;
  for (const auto& [name, entry] : header.members()) {
    if (name == "__metadata__") continue;
    Tensor t{entry["dtype"].text(), {}, {}};
    for (const Json& n : entry["shape"].items()) t.shape.push_back(std::int64_t(n.number()));
    const auto& offsets = entry["data_offsets"].items();
    const auto begin = std::size_t(offsets.at(0).number()), end = std::size_t(offsets.at(1).number());
    t.bytes = container.substr(8 + length + begin, end - begin);
    r.tensors.emplace(name, std::move(t));
  }
  const Json& about = header["__metadata__"];
  if (const std::string& found = about["plumbline"].text(); found != protocol)
    throw std::runtime_error(std::string("the protocol: expected ") + protocol + ", found " + found);
  r.id = about["case"].text();
  r.profile = about["profile"].text();
  r.spec = Json::parse(about["spec"].text());
  r.gradients = about["want"].text() == "y,grads";
  return r;
}

inline std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 32 ? ' ' : c;
  }
  return out + "\"";
}

inline std::string container(const std::string& header, const std::string& data) {
  const std::string padding((8 - header.size() % 8) % 8, ' ');
  return with_length(header + padding) + data;
}

inline std::string to_container(const Answer& answer) {
  std::string header = "{", data;
  for (const auto& [name, t] : answer) {
    header +=
        (header.size() > 1 ? "," : "") + quoted(name) + ":{\"dtype\":" + quoted(t.dtype) + ",\"shape\":[";
    for (std::size_t i = 0; i < t.shape.size(); ++i) header += (i ? "," : "") + std::to_string(t.shape[i]);
    header += "],\"data_offsets\":[" + std::to_string(data.size()) + ",";
    data += t.bytes;
    header += std::to_string(data.size()) + "]}";
  }
  return container(header + "}", data);
}

inline std::string refusal(const char* key, const std::string& why) {
  return container(std::string("{\"__metadata__\":{\"") + key + "\":" + quoted(why) + "}}", "");
}

template <class Implementation>
std::string reply(Implementation& implementation, const std::string& request) {
  try {
    return to_container(implementation(request_from(request)));
  } catch (const Unsupported& why) {
    return refusal("unsupported", why.what());
  } catch (const std::exception& why) {
    return refusal("error", why.what());
  }
}

// Where answers go: standard output, which is standard error for everybody else from then on.
#if __has_include(<unistd.h>)
inline std::FILE* take_standard_output() {
  const int replies = dup(STDOUT_FILENO);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  return fdopen(replies, "wb");
}
// Before main() begins, if Plumbline has started this program; what it starts itself is not told.
inline std::FILE* const taken_at_start = [] {
  if (!std::getenv("PLUMBLINE_PIPE")) return static_cast<std::FILE*>(nullptr);
  unsetenv("PLUMBLINE_PIPE");
  return take_standard_output();
}();
inline std::FILE* replies() { return taken_at_start ? taken_at_start : take_standard_output(); }
#else
inline std::FILE* replies() { return stdout; }
#endif

}  // namespace detail

// Answers requests on standard input until it ends. `implementation`: Answer(const Request&).
template <class Implementation>
void serve(Implementation implementation) {
  static_assert(std::endian::native == std::endian::little, "tensors are little endian");
  std::FILE* const replies = detail::replies();
  char head[8];
  while (std::fread(head, 1, sizeof head, stdin) == sizeof head) {
    std::string request(detail::little_endian(head), '\0');
    if (std::fread(request.data(), 1, request.size(), stdin) != request.size()) return;
    const std::string frame = detail::with_length(detail::reply(implementation, request));
    std::fwrite(frame.data(), 1, frame.size(), replies);
    std::fflush(replies);
  }
}

}  // namespace plumbline::client
