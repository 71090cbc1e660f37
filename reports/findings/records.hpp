// The runs behind the findings that are not chains.
#pragma once

#include "reports/findings/identity_route.hpp"
#include "reports/findings/norm_jacobian.hpp"
#include "reports/findings/output_scale.hpp"
#include "reports/findings/toy_pass.hpp"

namespace plumbline::reports {

struct FindingRecords {
  std::vector<IdentityRoute> routes;
  ResidualRoute residual;
  std::vector<OutputScale> outputs;
  std::vector<NormJacobian> norms;
  ToyPass toy;
};

FindingRecords run_findings();

// The block of that layout with silent branches, on rows of that standard deviation; the deepest stack of
// that layout. Throw std::logic_error where there is none.
const IdentityRoute& silent(const FindingRecords& records, const std::string& layout, int stream_scale);
const OutputScale& deepest_output(const FindingRecords& records, const std::string& layout);

}  // namespace plumbline::reports
