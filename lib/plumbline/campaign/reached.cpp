#include "plumbline/campaign/reached.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace plumbline {
namespace {

// In the order in which they are told. `missing` is told where none has reached `worth_asking`.
struct Size {
  const char *name, *text;
  int worth_asking;  // 0: any
  const char* missing;
};
constexpr Size told[] = {{"batch", "batch {}", 0, ""},
                         {"T", "T {}", 64, "64 tokens or more"},
                         {"T_k", "keys {}", 64, "64 keys or more"},
                         {"rows", "rows {}", 0, ""},
                         {"d", "d {}", 64, "64 channels or more"},
                         {"n_heads", "{} heads", 0, ""},
                         {"head_dim", "heads of {}", 64, "heads of 64 channels or more"},
                         {"d_ff", "d_ff {}", 64, "d_ff of 64 or more"},
                         {"d_out", "d_out {}", 64, "64 outputs or more"}};

}  // namespace

void Reached::extend(const std::string& name, int size) {
  Extent& e = sizes_.try_emplace(name, Extent{size, size}).first->second;
  e = {std::min(e.least, size), std::max(e.most, size)};
}

void Reached::add(const QuestionSettings& q) {
  for (const auto& [name, size] : asked_sizes(q)) extend(name, size);
  const BlockSpec& s = q.spec;
  if (attends(s)) ++attending_, shared_ += s.attention.n_kv_heads < s.attention.n_heads;
  if (!attends(s) || !s.attention.mask.window) return;
  has_window_ = true;
  windows_ = std::max(windows_, double(q.key_tokens.value_or(q.tokens)) / *s.attention.mask.window);
}

int Reached::most(const char* name) const { return sizes_.at(name).most; }

std::string Reached::sizes() const {
  std::vector<std::string> out;
  for (const Size& size : told) {
    const auto it = sizes_.find(size.name);
    if (it == sizes_.end()) continue;
    const Extent& e = it->second;
    const std::string range =
        e.least == e.most ? fmt::format("{}", e.least) : fmt::format("{}…{}", e.least, e.most);
    out.push_back(fmt::format(fmt::runtime(size.text), range));
  }
  if (shared_ > 0) out.push_back(fmt::format("keys shared by heads in {} of {} cases", shared_, attending_));
  if (windows_ > 1) out.push_back(fmt::format("{:.2g} × the window", std::floor(10 * windows_) / 10));
  return fmt::format("{}", fmt::join(out, ", "));
}

std::vector<std::string> Reached::missing() const {
  std::vector<std::string> out;
  if (has_window_ && windows_ <= 1) out.push_back("the end of the window: no sequence is longer than it");
  for (const Size& size : told)
    if (sizes_.contains(size.name) && most(size.name) < size.worth_asking) out.push_back(size.missing);
  return out;
}

std::vector<std::string> Reached::lines() const {
  if (sizes_.empty()) return {};
  std::vector<std::string> out{"reached " + sizes()};
  if (const auto none = missing(); !none.empty())
    out.push_back(fmt::format("not reached: {}", fmt::join(none, "; ")));
  return out;
}

}  // namespace plumbline
