#include "plumbline/depth/corpus.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/crc.hpp>

#include "plumbline/base/error.hpp"
#include "plumbline/depth/repeatable.hpp"
#include "plumbline/io/file.hpp"

namespace plumbline {
namespace {

constexpr const char* licences[] = {"Apache-2.0", "Artistic", "GFDL-1.2", "GFDL-1.3", "GPL-1",   "GPL-2",
                                    "GPL-3",      "LGPL-2",   "LGPL-2.1", "LGPL-3",   "MPL-1.1", "MPL-2.0"};

}  // namespace

double Corpus::loss_without_context(const std::vector<std::string>& sequences) const {
  std::array<double, 256> count = {};
  for (const char c : text) ++count[static_cast<unsigned char>(c)];
  double loss = 0, n = 0;
  for (const std::string& s : sequences)
    for (std::size_t t = 1; t < s.size(); ++t, ++n)
      loss -= repeatable::log(count[static_cast<unsigned char>(s[t])] / double(text.size()));
  return loss / n;
}

Corpus debian_licences(const std::string& folder) {
  Corpus out;
  for (const char* name : licences) out.text += read_bytes(folder + "/" + name);
  boost::crc_32_type crc;
  crc.process_bytes(out.text.data(), out.text.size());
  out.checksum = crc.checksum();
  if (out.checksum != corpus_checksum)
    throw Error(fmt::format("{}: expected the licences of Debian 12, with the checksum {:08x}, found {:08x}",
                            folder, corpus_checksum, out.checksum));
  return out;
}

std::vector<std::string> draw_sequences(const Corpus& corpus, int count, int tokens, Draw& draw) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i)
    out.push_back(corpus.text.substr(std::size_t(draw.whole(0, int(corpus.text.size()) - tokens - 1)),
                                     std::size_t(tokens) + 1));
  return out;
}

}  // namespace plumbline
