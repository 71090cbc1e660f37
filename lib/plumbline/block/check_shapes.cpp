#include "plumbline/block/check_shapes.hpp"

#include "plumbline/base/error.hpp"
#include "plumbline/block/layout.hpp"
#include "plumbline/block/parameter_shapes.hpp"

namespace plumbline {
namespace {

const Shape& given_shape(const std::map<std::string, Shape>& parameters, const std::string& name) {
  const auto it = parameters.find(name);
  if (it == parameters.end()) throw Error("parameters: expected a tensor \"" + name + "\", found none");
  return it->second;
}

// B T_k where there are keys beside x; elsewhere there is no such thing.
int key_rows(const BlockSpec& spec, const std::map<std::string, Shape>& parameters, int rows, int batch) {
  const TokenTensor* keys = part_of(spec).keys();
  if (!keys) return rows;
  const std::string name(keys->name);
  const Shape& k = given_shape(parameters, name);
  if (k.rows < 1 || k.rows % batch != 0)
    throw Error(name + ": expected [batch * keys, ...] with batch = " + std::to_string(batch) + ", found " +
                text_of(k));
  return static_cast<int>(k.rows);
}

}  // namespace

std::string text_of(const Shape& shape) {
  return "[" + std::to_string(shape.rows) + ", " + std::to_string(shape.cols) + "]";
}

void check_shapes(const BlockSpec& spec, const std::map<std::string, Shape>& parameters, const Shape& x,
                  int batch) {
  const int width = input_width(spec);
  if (x.cols != width || x.rows < 1 || batch < 1 || x.rows % batch != 0)
    throw Error(std::string(input_name(spec)) + ": expected [batch * tokens, " +
                (width == spec.d ? "d = " : "channels of all streams = ") + std::to_string(width) +
                "], found " + text_of(x));
  const int rows = static_cast<int>(x.rows);
  std::vector<ParameterShape> expected =
      other_inputs(spec, rows, key_rows(spec, parameters, rows, batch), batch);
  for (const ParameterShape& shape : parameter_shapes(spec)) expected.push_back(shape);
  for (const ParameterShape& p : expected) {
    const Shape& found = given_shape(parameters, p.name);
    if (found.rows != p.rows || found.cols != p.cols)
      throw Error("parameters: " + p.name + ": expected [" + std::to_string(p.rows) + ", " +
                  std::to_string(p.cols) + "], found " + text_of(found));
  }
}

}  // namespace plumbline
