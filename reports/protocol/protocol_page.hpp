// How questions and answers travel: for whoever writes a client, in any language.
#pragma once

#include "reports/page.hpp"

namespace plumbline::reports {

// "protocol.md": frames, metadata, and the tensors of each part as the code that writes them has them.
Pages protocol_page();

}  // namespace plumbline::reports
