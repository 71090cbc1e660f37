// findings.md: the founding text, question by question, with what was found.
#pragma once

#include "reports/claims/claims.hpp"
#include "reports/page.hpp"

namespace plumbline::reports {

Pages findings_pages(const FindingRecords& findings, const ChainRecords& chains, const LawRecords& laws,
                     const std::vector<Claim>& claims, const TrainingFiles& training);

}  // namespace plumbline::reports
