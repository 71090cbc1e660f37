// The picture of one layer and the final norm, drawn by running the block over Diagram, and its renderings.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plumbline/algebra/diagram.hpp"
#include "plumbline/block/block_spec.hpp"

namespace plumbline {

// A named place on the residual stream: x, u, y, and z after the final norm.
struct Point {
  std::string name;
  int node;
};

// A factor of the residual or of a branch.
struct Scale {
  std::string name;  // alpha on the residual, beta on the branch; numbered where there are several values
  double value;
  std::string_view says = {};  // of one that is no constant: what it is
};

// "alpha = 2", or "alpha: learned".
std::string line_of(const Scale& scale);

// One layer and the final norm, or a part.
struct Picture {
  std::vector<Node> nodes = {};
  std::vector<Point> points = {};    // x first, in the order of the stream
  std::map<int, Scale> scales = {};  // by node
  bool final_norm = false;           // the last point stands after the last layer
  bool several_streams = false;      // each with points of its own: u_1, u_2, ... and y_1, y_2, ...
  int n_layers = 1;

  // The name of a node that is a point other than `except`, or nullptr.
  const std::string* name_of(int node, int except = -1) const;
  // The block has one input and one stream; only then is there a stream to draw.
  bool has_stream() const;
  // The distinct scales, in the order of the stream; and what other signs mean that explain nothing
  // themselves, a line each.
  std::vector<Scale> legend() const;
  std::vector<std::string> remarks() const;
};

// The picture of one layer of the stack with its final norm, or of the part that the spec names.
Picture picture_of(const BlockSpec& spec);

// The stream runs down the left; a branch leaves it to the right and comes back to the add. Each line ends
// in '\n'.
std::string ascii(const Picture& picture);

// A flowchart in the syntax of mermaid.js. Each line ends in '\n'.
std::string mermaid(const Picture& picture);

// Plain text, or LaTeX for a formula.
enum class Notation { text, latex };

// One equation per point after x: "u = x + Attn(LN(x))".
std::vector<std::string> formulas(const Picture& picture, Notation notation);

// The Jacobian of one layer by the chain rule, y in x: "J = (I + J_FFN J_LN) (I + J_Attn J_LN)".
std::string jacobian_formula(const Picture& picture, Notation notation);

}  // namespace plumbline
