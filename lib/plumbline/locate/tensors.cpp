#include "plumbline/locate/tensors.hpp"

#include <algorithm>

#include "plumbline/spec/parameters.hpp"

namespace plumbline {
namespace {

Axis axis(const std::string& one, Eigen::Index size) { return {one, one + "s", size}; }

// Channels, or heads of them.
View channels(const std::string& name, Eigen::Index n, int heads) {
  if (heads == 0) return {axis(name, n)};
  return {axis("head", heads), axis("channel", n / heads)};
}

View joined(View a, const View& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Rows of tokens: of each sequence, or flat, of all sequences as they lie in memory.
std::vector<View> of_tokens(const Question& q, const std::string& row, Eigen::Index rows,
                            const View& columns) {
  std::vector<View> out{joined({axis("sequence", q.batch), axis(row, rows / q.batch)}, columns)};
  if (q.batch > 1 && rows > q.batch) out.push_back(joined({axis("flat " + row, rows)}, columns));
  return out;
}

// How many heads the output channels of a projection, or the input channels of the last one, belong to.
int heads_of(const AttentionSpec& a, const std::string& parameter, bool outputs) {
  if (parameter.find("q_proj") != parameter.npos) return outputs ? a.n_heads : 0;
  if (parameter.find("k_proj") != parameter.npos || parameter.find("v_proj") != parameter.npos)
    return outputs ? a.n_kv_heads : 0;
  return !outputs && parameter.find("o_proj") != parameter.npos ? a.n_heads : 0;
}

std::vector<View> of_parameter(const AttentionSpec& a, const ParameterShape& p) {
  const std::string out = "output channel", in = "input channel";
  const int out_heads = heads_of(a, p.name, true), in_heads = heads_of(a, p.name, false);
  if (p.rows == 1 && !p.name.ends_with("_proj.weight")) {
    std::vector<View> views{{axis("channel", p.cols)}};
    if (out_heads > 1) views.push_back(channels("channel", p.cols, out_heads));
    return views;
  }
  std::vector<View> views{{axis(out, p.rows), axis(in, p.cols)}};
  if (out_heads > 1) views.push_back(joined(channels(out, p.rows, out_heads), {axis(in, p.cols)}));
  if (in_heads > 1) views.push_back(joined({axis(out, p.rows)}, channels(in, p.cols, in_heads)));
  return views;
}

class Collecting {
 public:
  explicit Collecting(const Question& q) : q_(q), names_(output_names(q)) {}

  std::vector<OutputTensor> operator()() {
    const BlockSpec& s = q_.spec;
    const bool sdpa = s.part == Part::sdpa;
    const int heads = sdpa ? s.attention.n_heads : 0, kv_heads = sdpa ? s.attention.n_kv_heads : 0;
    tokens("y", "y", "row", q_.inputs.x, heads, 0);
    if (s.part == Part::add_norm) tokens("sum", "y", "row", q_.inputs.x, 0, int(q_.inputs.x.cols()));
    if (!q_.gradients) return std::move(out_);
    const std::string x = "grad." + std::string(input_name(s));
    tokens(x, x, "row", q_.inputs.x, heads, 0);
    for (const auto& [name, value] : q_.inputs.parameters) {
      const std::string grad = "grad." + name;
      if (const ParameterShape* shape = parameter(name))
        add(grad, grad, of_parameter(s.attention, *shape), 0, value.cols());
      else
        tokens(grad, grad, sdpa ? "key" : "row", value, kv_heads, 0);
    }
    return std::move(out_);
  }

 private:
  void tokens(const std::string& name, const std::string& output, const std::string& row,
              const Matrix<double>& like, int heads, int first_col) {
    add(name, output, of_tokens(q_, row, like.rows(), channels("channel", like.cols(), heads)), first_col,
        like.cols());
  }

  void add(const std::string& name, const std::string& output, std::vector<View> views, int first_col,
           Eigen::Index cols) {
    const auto at = std::find(names_.begin(), names_.end(), output);
    out_.push_back({name, int(at - names_.begin()), first_col, cols, std::move(views)});
  }

  const ParameterShape* parameter(const std::string& name) const {
    for (const ParameterShape& p : shapes_)
      if (p.name == name) return &p;
    return nullptr;
  }

  const Question& q_;
  std::vector<std::string> names_;
  std::vector<ParameterShape> shapes_ = parameter_shapes(q_.spec);
  std::vector<OutputTensor> out_;
};

}  // namespace

std::vector<OutputTensor> output_tensors(const Question& question) { return Collecting(question)(); }

}  // namespace plumbline
