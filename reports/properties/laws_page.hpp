// properties.md: every law, what it was tried on and what it kills.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "properties/records/record.hpp"
#include "reports/page.hpp"

namespace plumbline::reports {

using LawRecords = std::vector<properties::LawRecord>;

LawRecords run_laws();

// Throws std::logic_error where there is none of that id.
const properties::LawRecord& find_law(const LawRecords& laws, const std::string& id);

// "PRE-1 (60 cases)"
std::string cited(const LawRecords& laws, const std::string& id);

// The ids of the laws that are tried on that layout, whatever its norm.
std::vector<std::string> laws_of(const LawRecords& laws, const std::string& layout);

// Mutant -> the laws that kill it.
std::map<std::string, std::vector<std::string>> killers(const LawRecords& laws);

Pages laws_pages(const LawRecords& laws);

}  // namespace plumbline::reports
