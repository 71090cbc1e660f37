// findings.md: the founding text, question by question, with what was found.
#pragma once

#include "reports/claims/claims.hpp"
#include "reports/page.hpp"

namespace plumbline::reports {

// The smallest and the largest mean square of a row; one number where their digits agree.
std::string mean_square_text(const OutputScale& scale);

Pages findings_pages(const FindingRecords& findings, const ChainRecords& chains, const LawRecords& laws,
                     const std::vector<Claim>& claims, const TrainingFiles& training);

}  // namespace plumbline::reports
