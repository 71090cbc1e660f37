// claims.md: every claim with its source, its verdict and what the verdict follows from.
#pragma once

#include "reports/claims/claims.hpp"
#include "reports/page.hpp"

namespace plumbline::reports {

Pages claims_pages(const std::vector<Claim>& claims, const LawRecords& laws);

// What was found; or that it did not come out as it did when the line was written.
std::string found_line(const Claim& claim);

// "31 claims, of which 12 hold, …": for the page and for the summary.
std::string claims_summary(const std::vector<Claim>& claims);

}  // namespace plumbline::reports
