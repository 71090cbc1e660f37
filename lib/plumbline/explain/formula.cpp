// The equations of a picture: each point in terms of the points before it.
#include "plumbline/explain/notation.hpp"
#include "plumbline/explain/picture.hpp"

namespace plumbline {
namespace {

struct Equation {
  const Picture& picture;
  Notation notation;
  int defined;  // the node on the left-hand side

  std::string of(int node) const {
    if (const std::string* name = picture.name_of(node, defined)) return *name;
    const Node& n = picture.nodes[node];
    switch (n.kind) {
      case NodeKind::source: return n.symbol;
      case NodeKind::add: return of(n.operands[0]) + " + " + of(n.operands[1]);
      case NodeKind::scale:
        return symbol(picture.scales.at(node).name, notation) + " " + factor(n.operands[0]);
      case NodeKind::box:
      case NodeKind::join: break;
    }
    std::string arguments;
    for (const int i : n.operands) arguments += (arguments.empty() ? "" : ", ") + of(i);
    return upright(n.symbol, notation) + "(" + arguments + ")";
  }
  std::string factor(int node) const {
    const bool sum = picture.nodes[node].kind == NodeKind::add && !picture.name_of(node, defined);
    return sum ? "(" + of(node) + ")" : of(node);
  }
};

}  // namespace

std::vector<std::string> formulas(const Picture& picture, Notation notation) {
  std::vector<std::string> out;
  for (std::size_t i = 1; i < picture.points.size(); ++i) {
    const Point& p = picture.points[i];
    out.push_back(p.name + " = " + Equation{picture, notation, p.node}.of(p.node));
  }
  return out;
}

}  // namespace plumbline
