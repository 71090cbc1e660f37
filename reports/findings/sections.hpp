// The parts of findings.md that are measured or proved, each as a section with its verdict.
#pragma once

#include "reports/claims/claims.hpp"

namespace plumbline::reports {

// In bold: `yes` or `no`. A heading with what the text claims, and what is said of it.
std::string bold_verdict(bool holds, const char* yes, const char* no);
std::string claim_section(const std::string& text, const std::string& verdict);

// What stands on the residual route, and what a norm does to it.
std::string identity_section(const FindingRecords& findings);
std::string route_section(const LawRecords& laws);
std::string residual_text(const FindingRecords& findings);
std::string norm_section(const FindingRecords& findings);
std::string output_section(const FindingRecords& findings);

// What becomes of a gradient in deep stacks; of how many directions something is kept.
std::string toy_section(const ChainRecords& chains);
std::string training_section(const ChainRecords& chains);
std::string kept_of(const ChainRecords& chains, const char* layout);

}  // namespace plumbline::reports
