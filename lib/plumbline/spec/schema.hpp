// The JSON Schema of a spec, for editors and for those who write specs by program: every knob, with its type,
// its names or its range, and what it says.
#pragma once

#include "plumbline/spec/json.hpp"

namespace plumbline {

// The schema, of draft 2020-12. What validate() asks beyond it (that heads divide, say) no schema can say.
//   source: json-schema.org/draft/2020-12
Json schema_of_spec();

}  // namespace plumbline
