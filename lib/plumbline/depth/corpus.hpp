// Text to train on: licences that every Debian has, so that everybody trains on the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plumbline/cases/drawing.hpp"

namespace plumbline {

// The text as bytes, and its checksum.
struct Corpus {
  std::string text;
  std::uint32_t checksum = 0;  // CRC-32 of it

  // The mean loss in nats, on these sequences but for their first bytes, of a model that sees no context and
  // gives each byte the frequency that it has in the text.
  double loss_without_context(const std::vector<std::string>& sequences) const;
};

inline constexpr const char* corpus_folder = "/usr/share/common-licenses";
inline constexpr std::uint32_t corpus_checksum = 0xb56a6307;

// The licences of Debian 12, one after the other.
//   bad input: throws Error where a file is missing, or the checksum of all is not corpus_checksum
Corpus debian_licences(const std::string& folder = corpus_folder);

// Sequences of tokens + 1 bytes that begin anywhere in the text.
std::vector<std::string> draw_sequences(const Corpus& corpus, int count, int tokens, Draw& draw);

}  // namespace plumbline
