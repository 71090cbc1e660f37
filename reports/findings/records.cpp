#include "reports/findings/records.hpp"

#include <stdexcept>

#include "reports/progress.hpp"

namespace plumbline::reports {

FindingRecords run_findings() {
  FindingRecords r;
  run_all("findings", {[&] { r.routes = identity_routes(); }, [&] { r.residual = post_norm_residual(); },
                       [&] { r.outputs = output_scales(); }, [&] { r.norms = norm_jacobians(); },
                       [&] { r.toy = toy_pass(); }});
  return r;
}

const IdentityRoute& silent(const FindingRecords& records, const std::string& layout, int stream_scale) {
  for (const IdentityRoute& r : records.routes)
    if (r.layout == layout && r.branch_scale == 0 && r.stream_scale == stream_scale) return r;
  throw std::logic_error("no silent block of " + layout);
}

const OutputScale& deepest_output(const FindingRecords& records, const std::string& layout) {
  const OutputScale* deepest = nullptr;
  for (const OutputScale& o : records.outputs)
    if (o.layout == layout && (!deepest || o.layers > deepest->layers)) deepest = &o;
  if (!deepest) throw std::logic_error("no stack of " + layout);
  return *deepest;
}

}  // namespace plumbline::reports
