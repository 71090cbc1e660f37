// What was located, in words.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "plumbline/judge/describe.hpp"
#include "plumbline/judge/verdict.hpp"
#include "plumbline/locate/fit.hpp"
#include "plumbline/locate/locate.hpp"

namespace plumbline {
namespace {

// As many digits as tell any two numbers of the type apart.
std::string in_digits_of(Dtype dtype, double x) {
  if (std::isnan(x)) return "NaN";  // its sign says nothing
  char text[40];
  const int digits = 1 + int(std::ceil(info(dtype).precision * std::log10(2.0)));
  std::snprintf(text, sizeof text, "%.*g", digits, x);
  return text;
}

std::string joined(const std::vector<std::string>& all, const char* between) {
  std::string out;
  for (const std::string& s : all) out += (out.empty() ? "" : between) + s;
  return out;
}

std::string text(const std::vector<std::ptrdiff_t>& index) {
  std::vector<std::string> numbers;
  for (const std::ptrdiff_t i : index) numbers.push_back(std::to_string(i));
  return "[" + joined(numbers, ", ") + "]";
}

std::string error_of(const EntryError& e) {
  if (!std::isfinite(e.found)) return "";
  std::string out = brief_number(e.ulps) + " ulp";
  if (e.expected != 0) out += ", " + three_digits(100 * std::abs((e.found - e.expected) / e.expected)) + " %";
  return out;
}

std::string text(const Located& t, const EntryError& e) {
  const std::string error = error_of(e);
  return text(e.index) + ": expected " + in_digits_of(t.storage, e.expected) + ", found " +
         in_digits_of(t.storage, e.found) + (error.empty() ? "" : " (" + error + ")");
}

std::string line(const Located& t) {
  return t.name + ": " + joined(t.statements, "; ") + "; worst at " + text(t, t.worst.front());
}

// Runs of indices with the same share of wrong entries: "0…16: 0 of 240 each; 17…31: 240 of 240 each".
std::string along(const std::vector<std::ptrdiff_t>& wrong, std::ptrdiff_t each) {
  std::vector<std::string> out;
  const auto n = std::ssize(wrong);
  for (std::ptrdiff_t first = 0, end; first < n; first = end) {
    for (end = first + 1; end < n && wrong[end] == wrong[first];) ++end;
    const std::string range = std::to_string(first) + (end > first + 1 ? "…" + std::to_string(end - 1) : "");
    out.push_back(range + ": " + std::to_string(wrong[first]) + " of " + std::to_string(each) +
                  (end > first + 1 ? " each" : ""));
  }
  return joined(out, "; ");
}

std::string in_full(const Located& t) {
  std::string out = t.name + ": " + std::to_string(t.wrong) + " of " + std::to_string(t.entries) +
                    " entries are wrong; " + describe(t.nearness) + "\n";
  for (const std::string& s : t.statements) out += "  " + s + "\n";
  if (!t.worst.empty()) out += "  farthest from the truth:\n";
  for (const EntryError& e : t.worst) out += "    " + text(t, e) + "\n";
  if (t.is_right()) return out;
  out += "  wrong entries along each axis:\n";
  for (std::size_t a = 0; a < t.view.size(); ++a)
    if (t.view[a].size > 1)
      out += "    " + t.view[a].many + " " + along(t.wrong_along[a], t.entries / t.view[a].size) + "\n";
  return out;
}

}  // namespace

std::string describe(const Nearness& n) {
  if (!n.is_known()) return "nothing here has a scale";
  return "largest error " + three_digits(n.ulps) + " ulp (" + n.output +
         "), correct code here: " + three_digits(n.least) + "…" + three_digits(n.most) + " ulp";
}

std::string place(const Location& location) {
  if (!location.exchanged.empty())
    return location.exchanged.front().first + " and " + location.exchanged.front().second +
           " are in each other's place";
  std::string out;
  int others = 0;
  for (const Located& t : location.tensors) {
    if (t.is_right()) continue;
    if (out.empty())
      out = t.name + ": " + joined(t.statements, "; ");
    else
      ++others;
  }
  if (others > 0)
    out += "; " + std::to_string(others) + (others == 1 ? " other output is" : " other outputs are") +
           " wrong too";
  return out;
}

std::vector<std::string> lines(const Location& location, int most) {
  std::vector<std::string> out, right, wrong;
  for (const auto& [a, b] : location.exchanged) out.push_back(a + " and " + b + " are in each other's place");
  for (const Located& t : location.tensors) {
    (t.is_right() ? right : wrong).push_back(t.name);
    if (!t.is_right()) out.push_back(line(t));
  }
  if (wrong.empty()) {
    Nearness farthest;
    for (const Located& t : location.tensors)
      if (t.nearness.is_known() && (!farthest.is_known() || t.nearness.ratio() > farthest.ratio()))
        farthest = t.nearness;
    return {"no entry by itself is beyond what correct code does: " + describe(farthest)};
  }
  if (int(out.size()) > most) {
    const auto more = out.size() - std::size_t(most) + 1;
    out.resize(std::size_t(most) - 1);
    out.push_back("and " + std::to_string(more) + " more; wrong are " + joined(wrong, ", "));
  }
  if (!right.empty()) out.push_back("right: " + joined(right, ", "));
  return out;
}

std::string in_full(const Location& location) {
  std::string out;
  for (const Located& t : location.tensors) out += in_full(t);
  for (const auto& [a, b] : location.exchanged) out += a + " and " + b + " are in each other's place\n";
  return out;
}

}  // namespace plumbline
