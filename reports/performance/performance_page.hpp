// performance.md: what a certified block costs beside PyTorch's float64 one. Made from the record of
// measure.py alone.
#pragma once

#include <filesystem>

#include "reports/page.hpp"

namespace plumbline::reports {

// reports/performance/record.json of the source.
std::filesystem::path performance_record();

// Throws Error naming the file where it is not as measure.py writes it.
Pages performance_pages(const std::filesystem::path& record);

}  // namespace plumbline::reports
