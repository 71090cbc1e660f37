// The founding toy example in 40 proved digits: x = [4, 2, 0], the attention edit [0.2, -0.1, 0] and
// the feed-forward edit [0.1, 0.2, -0.1] (constants, whatever is read), in both layouts; and the chains
// of gradients.
#pragma once

#include <string>

namespace plumbline::golden {

// Lines "name = digits"; those that begin with # explain.
std::string toy_text();

}  // namespace plumbline::golden
