// How names are written in plain text and in LaTeX.
#pragma once

#include <string>

#include "plumbline/explain/picture.hpp"

namespace plumbline {

// A name such as Attn: \mathrm{Attn} in LaTeX.
inline std::string upright(const std::string& name, Notation notation) {
  if (notation == Notation::text) return name;
  std::string escaped;
  for (const char c : name) escaped += c == '_' ? "\\_" : std::string(1, c);
  return "\\mathrm{" + escaped + "}";
}

// A Greek letter such as alpha or alpha_1: \alpha in LaTeX.
inline std::string symbol(const std::string& name, Notation notation) {
  return notation == Notation::text ? name : "\\" + name;
}

}  // namespace plumbline
