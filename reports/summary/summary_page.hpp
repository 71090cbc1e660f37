// README.md of the reports: the answer on one page, and where to read on.
#pragma once

#include "reports/claims/claims.hpp"
#include "reports/conformance/records.hpp"
#include "reports/findings/records.hpp"
#include "reports/golden/records.hpp"
#include "reports/page.hpp"
#include "reports/properties/laws_page.hpp"
#include "reports/training/training_page.hpp"

namespace plumbline::reports {

Pages summary_pages(const FindingRecords& findings, const ChainRecords& chains,
                    const std::vector<GoldenRecord>& golden, const LawRecords& laws,
                    const ConformanceRecords& conformance, const DepthRecord& depth,
                    const std::vector<Claim>& claims, const TrainingFiles& training);

}  // namespace plumbline::reports
