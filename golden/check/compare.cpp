#include "golden/check/compare.hpp"

#include <fmt/format.h>

#include "golden/generate/form.hpp"

namespace plumbline::golden {
namespace {

std::string hexadecimal(double x) { return fmt::format("{:a}", x); }

}  // namespace

std::string to_string(const std::string& id, const Mismatch& p) {
  return fmt::format("{}: {}{}: expected {}, found {}", id, p.tensor,
                     p.index < 0 ? "" : fmt::format(" [{}]", p.index), p.expected, p.found);
}

std::vector<Mismatch> differences(const Container& expected, const Container& found, std::size_t limit) {
  std::vector<Mismatch> places;
  const auto add = [&](Mismatch p) {
    if (places.size() < limit) places.push_back(std::move(p));
  };
  for (const auto& [key, value] : expected.metadata)
    if (const auto it = found.metadata.find(key); it == found.metadata.end() || it->second != value)
      add({"__metadata__." + key, -1, value, it == found.metadata.end() ? "none" : it->second});
  for (const auto& [key, value] : found.metadata)
    if (!expected.metadata.contains(key)) add({"__metadata__." + key, -1, "none", value});
  for (const auto& [name, t] : found.tensors)
    if (!expected.tensors.contains(name)) add({name, -1, "no such tensor", "one"});
  for (const auto& [name, t] : expected.tensors) {
    const auto it = found.tensors.find(name);
    if (it == found.tensors.end()) {
      add({name, -1, "a tensor", "none"});
    } else if (it->second.dtype != t.dtype || it->second.shape != t.shape) {
      add({name, -1, fmt::format("{} [{}]", info(t.dtype).word, fmt::join(t.shape, ", ")),
           fmt::format("{} [{}]", info(it->second.dtype).word, fmt::join(it->second.shape, ", "))});
    } else if (it->second.bytes != t.bytes) {
      for (std::int64_t i = 0; i < t.size(); ++i)
        if (encode(t[i], t.dtype) != encode(it->second[i], t.dtype))
          add({name, i, hexadecimal(t[i]), hexadecimal(it->second[i])});
    }
  }
  return places;
}

std::vector<Mismatch> refuted(const Container& file, const BlockSpec& spec,
                              const std::vector<Certificate>& truth, std::size_t limit) {
  std::vector<Mismatch> places;
  for (const Certificate& c : truth)
    for (const Form& form : forms()) {
      const auto it = file.tensors.find(c.name + form.suffix);
      if (it == file.tensors.end() || it->second.size() != c.value.size()) {
        places.push_back({c.name + form.suffix, -1, "a tensor of this shape", "none"});
        continue;
      }
      for (Eigen::Index i = 0; i < c.value.size() && places.size() < limit; ++i) {
        const std::optional<double> one = value_of(spec, c, i, form);
        if (const double found = it->second[i]; one != found)
          places.push_back({c.name + form.suffix, i, one ? hexadecimal(*one) : "no decision",
                            hexadecimal(found), one.has_value()});
      }
    }
  return places;
}

}  // namespace plumbline::golden
