#include "plumbline/base/strict_json.hpp"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "plumbline/base/excerpt.hpp"

namespace plumbline {
namespace {

using SortedJson = nlohmann::json;

class Check : public nlohmann::json_sax<SortedJson> {
 public:
  Check(const std::string& origin, std::size_t most_keys) : origin_(origin), most_keys_(most_keys) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }

  bool start_object(std::size_t) override { return begin(); }
  bool start_array(std::size_t) override { return begin(); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }

  bool key(string_t& key) override {
    if (keys_.back().size() == most_keys_)
      throw Error(origin_ + ": an object of more than " + std::to_string(most_keys_) + " keys");
    if (!keys_.back().insert(key).second)
      throw Error(origin_ + ": the key " + shown(key) + " is given twice");
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) override {
    std::string what = e.what();  // "[json.exception.parse_error.101] parse error at line ..."
    what.erase(0, what.find("] ") == what.npos ? 0 : what.find("] ") + 2);
    constexpr std::size_t longest = 200;  // without what was read last, which may be no UTF-8
    throw Error(origin_ + ": not JSON: " + excerpt(what.substr(0, what.find("; last read")), longest));
  }

 private:
  bool begin() {
    constexpr std::size_t deepest = 64;
    keys_.emplace_back();
    if (keys_.size() > deepest)
      throw Error(origin_ + ": nested more than " + std::to_string(deepest) + " deep");
    return true;
  }
  bool end() {
    keys_.pop_back();
    return true;
  }

  const std::string& origin_;
  std::size_t most_keys_;
  std::vector<std::set<std::string>> keys_;  // of each list or object that is open
};

}  // namespace

void check_strict_json(std::string_view text, const std::string& origin, std::size_t most_keys) {
  if (const auto zero = text.find('\0'); zero != text.npos)  // the parser would take it for the end
    throw Error(origin + ": not JSON: a zero byte at byte " + std::to_string(zero));
  Check check(origin, most_keys);
  SortedJson::sax_parse(text, &check);
}

template <class J>
J parse_strict(std::string_view text, const std::string& origin) {
  // An ordered object is searched from its beginning for every key that it gets.
  constexpr std::size_t most_keys = std::is_same_v<J, nlohmann::ordered_json> ? 1000 : std::size_t(-1);
  check_strict_json(text, origin, most_keys);  // a callback of the parser's would take quadratic time
  return J::parse(text);
}
template nlohmann::json parse_strict(std::string_view text, const std::string& origin);
template nlohmann::ordered_json parse_strict(std::string_view text, const std::string& origin);

}  // namespace plumbline
