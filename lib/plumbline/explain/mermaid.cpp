#include "plumbline/explain/picture.hpp"

namespace plumbline {
namespace {

std::string shape_of(const Picture& p, int node) {
  const Node& n = p.nodes[node];
  switch (n.kind) {
    case NodeKind::source: return "([\"" + n.symbol + "\"])";
    case NodeKind::add: return "((\"+\"))";
    case NodeKind::join: return "((\"" + n.symbol + "\"))";
    case NodeKind::scale: return "((\"* " + p.scales.at(node).name + "\"))";
    case NodeKind::box: break;
  }
  return "[\"" + n.symbol + (n.notes.empty() ? "" : " (" + n.notes + ")") + "\"]";
}

}  // namespace

// Nodes are n0, n1, ...; a point has a node of its own, named after it, that stands after the one it names.
std::string mermaid(const Picture& p) {
  std::string out = "flowchart TB\n";
  const auto place = [&](int node) {
    const std::string* name = p.name_of(node);
    return name ? "stream_" + *name : "n" + std::to_string(node);
  };
  for (int i = 0; i < static_cast<int>(p.nodes.size()); ++i) {
    const bool source = p.nodes[i].kind == NodeKind::source;
    const std::string self = source ? place(i) : "n" + std::to_string(i);
    out += "  " + self + shape_of(p, i) + "\n";
    for (const int operand : p.nodes[i].operands) out += "  " + place(operand) + " --> " + self + "\n";
    const std::string* name = p.name_of(i);
    if (name && !source) out += "  " + self + " --> " + place(i) + "([\"" + *name + "\"])\n";
  }
  return out;
}

}  // namespace plumbline
