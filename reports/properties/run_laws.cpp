#include <unistd.h>

#include <cstdio>

#include "reports/properties/laws_page.hpp"

namespace plumbline::reports {

LawRecords run_laws() {
  const bool terminal = isatty(STDERR_FILENO);
  LawRecords records = properties::run_all([&](const std::string& id) {
    if (terminal) std::fprintf(stderr, "\r\033[Klaws: %s", id.c_str());
  });
  if (terminal) std::fprintf(stderr, "\r\033[K");
  return records;
}

}  // namespace plumbline::reports
