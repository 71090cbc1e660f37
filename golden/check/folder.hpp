// All golden files in a folder: writing them, and checking that they are what a run generates.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "golden/generate/case_list.hpp"

namespace plumbline::golden {

// Writes every file of that case; to temporary names first.
void write_case(const std::filesystem::path& folder, const GoldenCase& c);
void write_toy(const std::filesystem::path& folder);

// One line for each thing that is wrong: file, tensor or line, index, expected, found. Empty where every byte
// is what write_case would write.
std::vector<std::string> check_case(const std::filesystem::path& folder, const GoldenCase& c);
std::vector<std::string> check_toy(const std::filesystem::path& folder);

// Files in the folder that belong to no case.
std::vector<std::string> strangers(const std::filesystem::path& folder);

}  // namespace plumbline::golden
