#include "plumbline/campaign/spec_template.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

namespace plumbline {
namespace {

bool is_range(const Json& j) { return j.is_object() && j.contains("from"); }
bool is_choice(const Json& j) { return j.is_object() && j.contains("one_of"); }

int whole(const Json& range, const char* key) {
  using Limits = std::numeric_limits<int>;
  if (!range.contains(key) || !range.at(key).is_number_integer())
    throw Error("expected a range {\"from\": N, \"to\": N}, found " + range.dump());
  const Json& n = range.at(key);
  const bool fits = n.is_number_unsigned() ? n.get<std::uint64_t>() <= std::uint64_t(Limits::max())
                                           : n.get<std::int64_t>() >= Limits::min();
  if (!fits)
    throw Error("expected a range of numbers of at most " + std::to_string(Limits::max()) +
                " in size, found " + range.dump());
  return n.get<int>();
}

SizeRange range_from(const Json& j) {
  SizeRange r{0, whole(j, "from"), whole(j, "to")};
  r.least = j.contains("least") ? whole(j, "least") : r.from;
  if (r.least > r.from || r.from > r.to || j.size() != (j.contains("least") ? 3 : 2))
    throw Error("expected a range {\"from\": N, \"to\": N} that is not empty, found " + j.dump());
  return r;
}

void check_choice(const Json& j) {
  if (!j.at("one_of").is_array() || j.at("one_of").empty() || j.size() != 1)
    throw Error("expected {\"one_of\": [...]} with something in it, found " + j.dump());
}

// Sizes are usually no larger than this: what is asked often has to be quick. Other numbers have no limit.
int usual(std::string_view key) {
  static const std::map<std::string_view, int> table = {
      {"d", 64},     {"d_ff", 96},       {"d_out", 96}, {"head_dim", 64}, {"n_heads", 6}, {"n_kv_heads", 6},
      {"window", 8}, {"rotary_dim", 64}, {"T", 8},      {"T_k", 13},      {"batch", 2}};
  const auto it = table.find(key);
  return it == table.end() ? std::numeric_limits<int>::max() : it->second;
}

// How many sizes that are wished for are open in it.
int grants(const Json& j, const Chooser& choose) {
  int n = 0;
  if (j.is_structured())
    for (const auto& [key, value] : j.items())
      n += is_range(value) && choose.wishes(key) ? 1 : grants(value, choose);
  return n;
}

// Which of several: one that grants most wishes.
int alternative(const Json& all, Chooser& choose) {
  std::vector<int> best;
  int most = 0;
  for (int i = 0; i < int(all.size()); ++i) {
    const int n = grants(all[std::size_t(i)], choose);
    if (n > most) best.clear();
    most = std::max(most, n);
    if (n == most) best.push_back(i);
  }
  return choose.one_of(best, int(all.size()) - 1);
}

void add_open(const Json& j, std::string_view key, OpenSizes& out) {
  if (is_range(j)) {
    const SizeRange r = range_from(j);
    const auto [it, is_new] = out.try_emplace(std::string(key), r);
    SizeRange& all = it->second;
    if (!is_new) all = {std::min(all.least, r.least), std::min(all.from, r.from), std::max(all.to, r.to)};
  } else if (j.is_object()) {
    for (const auto& [name, value] : j.items()) add_open(value, name == "one_of" ? key : name, out);
  } else if (j.is_array()) {
    for (const Json& value : j) add_open(value, key, out);
  }
}

}  // namespace

bool is_open(const Json& j) {
  if (is_range(j)) return range_from(j), true;
  if (is_choice(j)) check_choice(j);
  bool open = is_choice(j);
  if (j.is_structured())
    for (const Json& value : j) open = is_open(value) || open;
  return open;
}

Json filled_in(const Json& j, Chooser& choose, std::string_view key) {
  if (is_range(j)) return choose.size(key, range_from(j), usual(key));
  if (is_choice(j)) {
    const Json& all = j["one_of"];
    return filled_in(all[std::size_t(alternative(all, choose))], choose, key);
  }
  Json out = j;
  if (j.is_object())
    for (auto& [name, value] : out.items()) value = filled_in(value, choose, name);
  else if (j.is_array())
    for (Json& value : out) value = filled_in(value, choose, key);
  return out;
}

Json simplest(const Json& j) {
  if (is_range(j)) return j["from"];
  if (is_choice(j)) return simplest(j["one_of"][0]);
  Json out = j;
  if (j.is_structured())
    for (Json& value : out) value = simplest(value);
  return out;
}

OpenSizes open_sizes(const SpecTemplate& spec) {
  OpenSizes out;
  add_open(spec, "", out);
  return out;
}

bool admits(const SpecTemplate& open, const Json& value) {
  if (is_choice(open)) {
    const Json& all = open["one_of"];
    return std::any_of(all.begin(), all.end(), [&](const Json& j) { return admits(j, value); });
  }
  if (!is_range(open)) return open == value;
  const SizeRange r = range_from(open);
  return value.is_number_integer() && r.least <= value && value <= r.to;
}

bool leaves_open(const SpecTemplate& spec, std::string_view key, const Json& value) {
  if (!spec.is_structured()) return false;
  for (const auto& [name, part] : spec.items())
    if ((name == key && is_open(part) && admits(part, value)) || leaves_open(part, key, value)) return true;
  return false;
}

}  // namespace plumbline
