// Diagram: a tensor is a place in a picture. Running the block over it draws the block: every component
// becomes a box, every add and scale outside of a box a node; what happens inside a box only leaves a note in
// its label.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plumbline/algebra/operations.hpp"

namespace plumbline {

// An input of the block; a component, or an operation outside of all components; an add or a scale outside of
// all components; how a branch joins the stream where that is no sum.
enum class NodeKind { source, box, add, scale, join };

// A node of the picture; its operands stand before it.
struct Node {
  NodeKind kind = NodeKind::source;
  // Of a source, its name; of a box: LN, Attn, ... or a bare operation; of a join, or a learned scale.
  std::string symbol = {};
  std::vector<int> operands = {};  // nodes
  double factor = 1;               // of a scale
  std::string notes = {};          // of a box: the norms inside, e.g. "RMS on q, k"
  bool passes_gradients = false;   // of a box: derivatives take it for the identity
};

// The algebra, and the picture that it has drawn so far.
struct Diagram : AlgebraBase<Diagram> {
  struct Tensor {
    int rows = 0, cols = 0;
    int node = -1;                // where it stands outside of all boxes; -1: inside one, or a parameter
    std::set<std::string> reads;  // inside a box: the parameters that it depends on
  };
  std::vector<Node> nodes = {};

  // An input, which is a node; a parameter, which is none: boxes remember that they read it.
  Tensor source(const std::string& name, int rows, int cols) { return push(rows, cols, {.symbol = name}); }
  Tensor parameter(const std::string& name, int rows, int cols) const { return {rows, cols, -1, {name}}; }

  // The shape of x.
  int rows(const Tensor& x) const { return x.rows; }
  int cols(const Tensor& x) const { return x.cols; }

  // The operations of Algebra (operations.hpp). Outside of all components each is a node: add and scale of
  // their own kind, any other a box with its name. Inside a component none is drawn; the box reads what
  // they read.
  Tensor matmul(const Tensor& x, const Tensor& y) { return bare("matmul", x.rows, y.cols, x, y); }
  Tensor transpose(const Tensor& x) { return bare("transpose", x.cols, x.rows, x); }
  Tensor add(const Tensor& x, const Tensor& y) {
    return inside_ ? within(x.rows, x.cols, x, y)
                   : push(x.rows, x.cols, {.kind = NodeKind::add, .operands = {x.node, y.node}});
  }
  Tensor sub(const Tensor& x, const Tensor& y) { return bare("sub", x.rows, x.cols, x, y); }
  Tensor mul(const Tensor& x, const Tensor& y) { return bare("mul", x.rows, x.cols, x, y); }
  Tensor scale(const Tensor& x, Exact c) {
    if (inside_) return within(x.rows, x.cols, x);
    return push(x.rows, x.cols, {.kind = NodeKind::scale, .operands = {x.node}, .factor = c.factor});
  }
  Tensor add_scalar(const Tensor& x, Exact) { return bare("add_scalar", x.rows, x.cols, x); }
  Tensor add_row(const Tensor& x, const Tensor& r) { return bare("add_row", x.rows, x.cols, x, r); }
  Tensor mul_row(const Tensor& x, const Tensor& r) { return bare("mul_row", x.rows, x.cols, x, r); }
  Tensor sub_col(const Tensor& x, const Tensor& c) { return bare("sub_col", x.rows, x.cols, x, c); }
  Tensor mul_col(const Tensor& x, const Tensor& c) { return bare("mul_col", x.rows, x.cols, x, c); }
  Tensor row_sum(const Tensor& x) { return bare("row_sum", x.rows, 1, x); }
  Tensor col_sum(const Tensor& x) { return bare("col_sum", 1, x.cols, x); }
  Tensor divide(const Tensor& x, int) { return bare("divide", x.rows, x.cols, x); }

  // The same of functions.
  Tensor rsqrt(const Tensor& x) { return bare("rsqrt", x.rows, x.cols, x); }
  Tensor reciprocal(const Tensor& x) { return bare("reciprocal", x.rows, x.cols, x); }
  Tensor exp(const Tensor& x) { return bare("exp", x.rows, x.cols, x); }
  Tensor tanh(const Tensor& x) { return bare("tanh", x.rows, x.cols, x); }
  Tensor maximum(const Tensor& x, Exact) { return bare("maximum", x.rows, x.cols, x); }
  Tensor above(const Tensor& x, Exact) { return bare("above", x.rows, x.cols, x); }
  Tensor activation(Activation, int, const Tensor& x) { return bare("activation", x.rows, x.cols, x); }
  Tensor softmax_rows(const Tensor& x, const Mask&) { return bare("softmax", x.rows, x.cols, x); }
  Tensor rotate(const Tensor& x, const Rotation&) { return bare("rotate", x.rows, x.cols, x); }

  // The same of moved entries; constants, and places where something is stored, are not drawn.
  Tensor take_cols(const Tensor& x, int, int count) { return bare("take_cols", x.rows, count, x); }
  Tensor take_rows(const Tensor& x, int, int count) { return bare("take_rows", count, x.cols, x); }
  Tensor concat_cols(const std::vector<Tensor>& parts) {
    int cols = 0;
    for (const Tensor& p : parts) cols += p.cols;
    return joined("concat_cols", parts.front().rows, cols, parts);
  }
  Tensor concat_rows(const std::vector<Tensor>& parts) {
    int rows = 0;
    for (const Tensor& p : parts) rows += p.rows;
    return joined("concat_rows", rows, parts.front().cols, parts);
  }
  Tensor whole_numbers(int rows, int cols, const WholeNumber&) const { return {rows, cols, -1, {}}; }
  Tensor zeros(int rows, int cols) const { return {rows, cols, -1, {}}; }
  Tensor detach(const Tensor& x) const { return x; }
  Tensor store(const Tensor& x, const Place&) const { return x; }

  // The outermost component is a box, a scale or a join; a component inside it is a note in that box's label.
  template <class Body>
  Tensor component(Component component, const char* symbol, const Tensor& x, Body body) {
    if (inside_) {
      note(symbol, x);
      return body();
    }
    inside_ = true;
    notes_.clear();
    read_ = {x.node};
    const Tensor y = body();
    inside_ = false;
    const NodeKind kind = component == Component::scaling ? NodeKind::scale
                          : component == Component::join  ? NodeKind::join
                                                          : NodeKind::box;
    return push(y.rows, y.cols,
                {.kind = kind,
                 .symbol = symbol,
                 .operands = read_,
                 .notes = text_of(notes_),
                 .passes_gradients = component == Component::stopped});
  }

 private:
  // Which symbol stands on which tensors inside the current box, each once, in the order of execution.
  using Notes = std::vector<std::pair<std::string, std::vector<std::string>>>;

  Tensor push(int rows, int cols, Node node) {
    std::erase(node.operands, -1);
    nodes.push_back(std::move(node));
    return {rows, cols, static_cast<int>(nodes.size()) - 1, {}};
  }
  Tensor joined(const char* name, int rows, int cols, const std::vector<Tensor>& operands) {
    if (!inside_) {
      Node node{.kind = NodeKind::box, .symbol = name};
      for (const Tensor& x : operands) node.operands.push_back(x.node);
      return push(rows, cols, std::move(node));
    }
    Tensor y{rows, cols, -1, {}};
    for (const Tensor& x : operands) {
      y.reads.insert(x.reads.begin(), x.reads.end());
      if (std::find(read_.begin(), read_.end(), x.node) == read_.end()) read_.push_back(x.node);
    }
    return y;
  }
  template <class... Operands>
  Tensor bare(const char* name, int rows, int cols, const Operands&... operands) {
    return joined(name, rows, cols, {operands...});
  }
  template <class... Operands>
  Tensor within(int rows, int cols, const Operands&... operands) {
    return joined("", rows, cols, {operands...});
  }

  void note(const std::string& symbol, const Tensor& x);
  static std::string text_of(const Notes& notes);

  bool inside_ = false;
  std::vector<int> read_;  // the nodes that the current box reads
  Notes notes_;
};

static_assert(Algebra<Diagram>);

}  // namespace plumbline
