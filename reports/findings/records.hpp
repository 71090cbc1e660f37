// The runs behind the findings that are not chains.
#pragma once

#include "reports/findings/identity_route.hpp"
#include "reports/findings/norm_jacobian.hpp"
#include "reports/findings/output_scale.hpp"

namespace plumbline::reports {

struct FindingRecords {
  std::vector<IdentityRoute> routes;
  ResidualRoute residual;
  std::vector<OutputScale> outputs;
  std::vector<NormJacobian> norms;
};

FindingRecords run_findings();

}  // namespace plumbline::reports
