// The formulas of a layout as the code that computes it writes them; without its final norm.
#pragma once

#include <string>
#include <vector>

namespace plumbline::reports {

// "u = x + Attn(LN(x))", "y = u + FFN(LN(u))"
std::vector<std::string> layout_formulas(const std::string& layout);
// "J = (I + J_FFN J_LN)(I + J_Attn J_LN)"
std::string layout_jacobian(const std::string& layout);

}  // namespace plumbline::reports
