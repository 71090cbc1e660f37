// Pages in a folder: writing them, and comparing them with what is there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "reports/page.hpp"

namespace plumbline::reports {

// Throws Error naming the file that cannot be written.
void write(const std::filesystem::path& folder, const Pages& pages);

// One line for each file that differs from its page, naming the first line that does; for each page without a
// file, and each file without a page. Of pages that depend on the machine only the existence is compared.
std::vector<std::string> differences(const std::filesystem::path& folder, const Pages& pages);

}  // namespace plumbline::reports
