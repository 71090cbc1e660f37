#include "plumbline/locate/tensors.hpp"

#include <algorithm>

#include "plumbline/block/parameter_shapes.hpp"

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
int heads_of(const AttentionSpec& a, Module projection, bool outputs) {
  switch (projection) {
    case Module::q_proj:
    case Module::attention_gate:
    case Module::kv_b_proj: return outputs ? a.n_heads : 0;
    case Module::k_proj:
    case Module::v_proj: return outputs ? a.n_kv_heads : 0;
    case Module::o_proj: return outputs ? 0 : a.n_heads;
    default: return 0;
  }
}

std::vector<View> of_parameter(const AttentionSpec& a, const ParameterShape& p) {
  const std::string out = "output channel", in = "input channel";
  const int out_heads = heads_of(a, p.module, true), in_heads = heads_of(a, p.module, false);
  if (p.module == Module::relative_bias) return {{axis("bucket", p.rows), axis("head", p.cols)}};
  if (p.role == Role::sink) return {{axis("head", p.cols)}};
  if (p.is_vector()) {
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
    const PartRecord& part = part_of(s);
    const Eigen::Index rows = q_.inputs.x.rows();
    tokens("y", "y", part.y, rows, 0);
    int first_col = width_of(s, part.y);
    for (const TokenTensor& t : part.beside_y) {
      tokens(std::string(t.name), "y", t, rows, first_col);
      first_col += width_of(s, t);
    }
    if (!q_.gradients) return std::move(out_);
    const std::string x = "grad." + std::string(part.x.name);
    tokens(x, x, part.x, rows, 0);
    for (const auto& [name, value] : q_.inputs.parameters) {
      const std::string grad = "grad." + name;
      if (const ParameterShape* shape = parameter(name))
        add(grad, grad, of_parameter(s.attention, *shape), 0, value.cols());
      else if (const TokenTensor* t = part.find_beside_x(name))
        tokens(grad, grad, *t, value.rows(), 0);
      else if (!is_given_mask(name))  // keys and values of a cache
        add(grad, grad,
            of_tokens(q_, "key", value.rows(), channels("channel", value.cols(), s.attention.n_kv_heads)), 0,
            value.cols());
    }
    return std::move(out_);
  }

 private:
  void tokens(const std::string& name, const std::string& output, const TokenTensor& t, Eigen::Index rows,
              int first_col) {
    const int cols = width_of(q_.spec, t);
    const View columns = channels("channel", cols, heads_of(q_.spec, t));
    const char* row = t.rows == Rows::keys ? "key" : t.rows == Rows::states ? "row of the state" : "row";
    add(name, output, of_tokens(q_, row, rows, columns), first_col, cols);
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
