// findings.md: each claim of the founding text with what was found.
#pragma once

#include "reports/chains/records.hpp"
#include "reports/findings/records.hpp"
#include "reports/page.hpp"
#include "reports/properties/laws_page.hpp"

namespace plumbline::reports {

Pages findings_pages(const FindingRecords& findings, const ChainRecords& chains, const LawRecords& laws);

}  // namespace plumbline::reports
