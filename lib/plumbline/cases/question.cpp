#include "plumbline/cases/question.hpp"

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/number/grid.hpp"

namespace plumbline {
namespace {

Matrix<double> rounded_to(const Matrix<double>& x, const Grid<double>& grid) {
  Matrix<double> y(x.rows(), x.cols());
  for (Eigen::Index i = 0; i < x.size(); ++i) y.data()[i] = grid.nearest(x.data()[i]);
  return y;
}

void check(const std::string& name, const Matrix<double>& x, const Profile& profile) {
  const Grid<double> grid(profile.storage);
  const auto is_one = [&](double v) { return profile.storage == Dtype::f64 ? v == v : grid.nearest(v) == v; };
  for (int i = 0; i < x.rows(); ++i)
    for (int j = 0; j < x.cols(); ++j)
      if (!is_one(x(i, j)))
        throw Error(name + "[" + std::to_string(i) + ", " + std::to_string(j) + "]: expected a number of " +
                    std::string(info(profile.storage).word) + ", the storage type of profile \"" +
                    profile.name + "\", found " + std::to_string(x(i, j)));
}

}  // namespace

CaseInputs rounded_to(const CaseInputs& inputs, Dtype dtype) {
  if (dtype == Dtype::f64) return inputs;
  const Grid<double> grid(dtype);
  CaseInputs out{rounded_to(inputs.x, grid), {}, rounded_to(inputs.cotangent, grid)};
  for (const auto& [name, value] : inputs.parameters)
    out.parameters[name] = counts(name) ? value : rounded_to(value, grid);
  return out;
}

void check_representable(const CaseInputs& inputs, const Profile& profile) {
  check("x", inputs.x, profile);
  check("grad.y", inputs.cotangent, profile);
  for (const auto& [name, value] : inputs.parameters)
    if (!counts(name)) check(name, value, profile);
}

std::optional<int> key_tokens_of(const Question& q) {
  const TokenTensor* keys = part_of(q.spec).keys();
  if (!keys) return std::nullopt;
  return static_cast<int>(q.inputs.parameters.at(std::string(keys->name)).rows()) / q.batch;
}

std::vector<std::string> output_names(const Question& question) {
  std::vector<std::string> names{"y"};
  if (!question.gradients) return names;
  names.push_back("grad." + std::string(input_name(question.spec)));
  for (const auto& [name, value] : question.inputs.parameters)
    if (!is_given_mask(name)) names.push_back("grad." + name);
  return names;
}

}  // namespace plumbline
