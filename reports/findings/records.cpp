#include "reports/findings/records.hpp"

#include "reports/progress.hpp"

namespace plumbline::reports {

FindingRecords run_findings() {
  FindingRecords r;
  run_all("findings", {[&] { r.routes = identity_routes(); }, [&] { r.residual = post_norm_residual(); },
                       [&] { r.outputs = output_scales(); }, [&] { r.norms = norm_jacobians(); }});
  return r;
}

}  // namespace plumbline::reports
