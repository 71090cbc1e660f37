#include "reports/layouts/formulas.hpp"

#include "plumbline/explain/picture.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::reports {
namespace {

Picture layer_picture(const std::string& layout) {
  BlockSpec s = find_preset(layout).make({});
  s.final_norm.reset();
  return picture_of(s);
}

}  // namespace

std::vector<std::string> layout_formulas(const std::string& layout) {
  return formulas(layer_picture(layout), Notation::text);
}

std::string layout_jacobian(const std::string& layout) {
  return jacobian_formula(layer_picture(layout), Notation::text);
}

}  // namespace plumbline::reports
