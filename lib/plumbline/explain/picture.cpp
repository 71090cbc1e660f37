#include "plumbline/explain/picture.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/block/run.hpp"

namespace plumbline {
namespace {

// What a scale is that the block names itself.
std::string_view what_is(std::string_view name) {
  if (name == "lambda") return "learned, one number";
  if (name == "delta") return "1 / sqrt(l) in layer l = 1, 2, ...";
  return "learned, a number for each channel";
}

// Names a scale after the place where it stands: alpha next to the residual, beta everywhere else.
std::map<int, Scale> named_scales(const std::vector<Node>& nodes) {
  std::map<int, Scale> scales;
  for (int i = 0; i < static_cast<int>(nodes.size()); ++i)
    if (nodes[i].kind == NodeKind::scale) {
      const std::string& name = nodes[i].symbol;
      scales[i] = name.empty() ? Scale{"beta", nodes[i].factor} : Scale{name, 1, what_is(name)};
    }
  for (const Node& n : nodes)
    if (n.kind == NodeKind::add)
      if (const auto it = scales.find(n.operands[0]); it != scales.end() && it->second.says.empty())
        it->second.name = "alpha";

  std::map<std::string, std::vector<double>> values;
  for (const auto& [node, scale] : scales) {
    std::vector<double>& v = values[scale.name];
    if (std::find(v.begin(), v.end(), scale.value) == v.end()) v.push_back(scale.value);
  }
  for (auto& [node, scale] : scales) {
    const std::vector<double>& v = values[scale.name];
    if (v.size() == 1) continue;
    scale.name += "_" + std::to_string(std::find(v.begin(), v.end(), scale.value) - v.begin() + 1);
  }
  return scales;
}

ParameterMap<Diagram> parameters_of(Diagram& a, const BlockSpec& spec) {
  ParameterMap<Diagram> p;
  for (const ParameterShape& s : other_inputs(spec, 1, 1)) p[s.name] = a.source(s.name, s.rows, s.cols);
  for (const ParameterShape& s : parameter_shapes(spec)) p[s.name] = a.parameter(s.name, s.rows, s.cols);
  return p;
}

}  // namespace

std::string line_of(const Scale& s) {
  return s.says.empty() ? fmt::format("{} = {}", s.name, s.value) : fmt::format("{}: {}", s.name, s.says);
}

const std::string* Picture::name_of(int node, int except) const {
  if (node == except) return nullptr;
  const auto it = std::find_if(points.begin(), points.end(), [&](const Point& p) { return p.node == node; });
  return it == points.end() ? nullptr : &it->name;
}

bool Picture::has_stream() const {
  return !several_streams && std::count_if(nodes.begin(), nodes.end(),
                                           [](const Node& n) { return n.kind == NodeKind::source; }) == 1;
}

std::vector<Scale> Picture::legend() const {
  std::vector<Scale> out;
  for (const auto& [node, scale] : scales) {
    const auto is_same = [&scale = scale](const Scale& s) { return s.name == scale.name; };
    if (std::none_of(out.begin(), out.end(), is_same)) out.push_back(scale);
  }
  return out;
}

std::vector<std::string> Picture::remarks() const {
  std::vector<std::string> out;
  const auto any = [&](auto is) { return std::any_of(nodes.begin(), nodes.end(), is); };
  if (any([](const Node& n) { return n.kind == NodeKind::join; }))
    out.push_back("lerp(r, b) = r + A (b - r), A = diag |c a|, a learned, a number for each channel");
  if (any([](const Node& n) { return n.passes_gradients; }))
    out.push_back("GPAS(x) = x - silu(a) x, a learned, one number; gradients of x pass it as they are");
  return out;
}

Picture picture_of(const BlockSpec& spec) {
  BlockSpec one = spec;
  one.n_layers = 1;
  Diagram a;
  const Diagram::Tensor x = a.source(std::string(input_name(one)), 1, input_width(one));
  Stream<Diagram> stream;
  const Diagram::Tensor y = run(a, one, parameters_of(a, one), x, 1, &stream);

  Picture p{.nodes = a.nodes, .points = {{std::string(input_name(one)), x.node}}, .n_layers = spec.n_layers};
  const auto& beside_y = part_of(spec).beside_y;
  const bool adds = !beside_y.empty();
  const std::string before_y(adds ? beside_y.front().name : "u");
  p.several_streams = spec.streams.has_value();
  const std::size_t each = p.several_streams ? std::size_t(stream_count(spec)) : 1;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    const std::string which = p.several_streams ? "_" + std::to_string(i % each + 1) : "";
    p.points.push_back({(i + each >= stream.size() ? "y" : before_y) + which, stream[i].node});
  }
  p.final_norm = !adds && !stream.empty() && y.node != stream.back().node;
  if (adds) p.nodes.pop_back();  // y and the sum side by side
  if (stream.empty() || p.final_norm) p.points.push_back({p.final_norm ? "z" : "y", y.node});
  p.scales = named_scales(p.nodes);
  return p;
}

}  // namespace plumbline
