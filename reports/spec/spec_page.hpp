// The reference of the spec: every knob, what it may hold, the wrong choices that are known of it; and the
// JSON Schema.
#pragma once

#include "reports/page.hpp"

namespace plumbline::reports {

// "spec.md" and "spec.schema.json", from what the features say of themselves.
Pages spec_pages();

}  // namespace plumbline::reports
