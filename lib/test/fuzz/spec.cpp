#include "fuzz/targets.hpp"

#include <nlohmann/json.hpp>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline::fuzz {
namespace {

// Sizes that are accepted can be multiplied; a stack may have more layers than anybody would list.
void expect_possible_shapes(BlockSpec s) {
  s.n_layers = std::min(s.n_layers, 3);
  for (const ParameterShape& p : parameter_shapes(s)) expect(p.rows > 0 && p.cols > 0, "an impossible shape");
  for (const ParameterShape& p : other_inputs(s, 1, 1)) expect(p.cols > 0, "an impossible shape");
  expect(output_width(s) > 0, "an impossible width");
}

}  // namespace

bool spec(std::string_view bytes) {
  try {
    const BlockSpec s = spec_from_json(parse_json(bytes, "f"));
    expect_possible_shapes(s);
    const std::string canonical = to_json(s).dump();
    const BlockSpec again = spec_from_json(parse_json(canonical, "g"));
    expect(again == s, "the canonical form is another spec");
    expect(to_json(again).dump() == canonical, "the canonical form is not canonical");
    return true;
  } catch (const Error& e) {
    expect_one_clear_line(e.what());
    return false;
  }
}

}  // namespace plumbline::fuzz
