#include "plumbline/explain/sublayer.hpp"

#include <algorithm>

namespace plumbline {
namespace {

// What leads to `node`: nodes with one operand, back to a point or to an add. `defined` is no stop.
Lane lane_to(const Picture& p, int node, int defined) {
  Lane lane;
  while (!p.name_of(node, defined) && p.nodes[node].operands.size() == 1) {
    lane.items.insert(lane.items.begin(), node);
    node = p.nodes[node].operands[0];
  }
  lane.source = node;
  return lane;
}

bool is_add(const Picture& p, int node, int defined) {
  return p.nodes[node].kind == NodeKind::add && !p.name_of(node, defined);
}

// Where a branch comes back to the stream.
bool is_join(const Picture& p, int node, int defined) {
  return is_add(p, node, defined) || (p.nodes[node].kind == NodeKind::join && !p.name_of(node, defined));
}

// Takes the items that all lanes begin with away from them.
std::vector<int> common_start(std::vector<Lane*> lanes) {
  std::vector<int> common;
  const auto begins_alike = [&](const Lane* lane) {
    return lane->source == lanes[0]->source && !lane->items.empty() && lane->items[0] == lanes[0]->items[0];
  };
  while (!lanes[0]->items.empty() && std::all_of(lanes.begin(), lanes.end(), begins_alike)) {
    common.push_back(lanes[0]->items[0]);
    for (Lane* lane : lanes) lane->items.erase(lane->items.begin());
  }
  return common;
}

// A scale at the end of a single lane stands between the branch and the add.
void move_scales_to_tail(const Picture& p, Sublayer& s) {
  std::vector<int>& items = s.lanes[0].items;
  while (s.lanes.size() == 1 && !items.empty() && p.nodes[items.back()].kind == NodeKind::scale) {
    s.tail.insert(s.tail.begin(), items.back());
    items.pop_back();
  }
}

}  // namespace

Sublayer sublayer_of(const Picture& p, std::size_t i) {
  const int defined = p.points[i].node;
  Sublayer s;
  const Lane end = lane_to(p, defined, defined);
  s.after = end.items;
  s.residual.source = end.source;
  if (!is_join(p, end.source, defined)) return s;
  s.adds = p.nodes[end.source].kind == NodeKind::add;

  const std::vector<int>& operands = p.nodes[end.source].operands;
  s.residual = lane_to(p, operands[0], defined);
  const Lane branch = lane_to(p, operands[1], defined);
  if (is_add(p, branch.source, defined)) {
    s.tail = branch.items;
    for (const int operand : p.nodes[branch.source].operands) s.lanes.push_back(lane_to(p, operand, defined));
  } else {
    s.lanes = {branch};
  }
  std::vector<Lane*> all{&s.residual};
  for (Lane& lane : s.lanes) all.push_back(&lane);
  for (const Lane* lane : all)
    if (is_join(p, lane->source, defined)) throw Error("diagram: expected at most two branches, found more");
  s.before = common_start(all);
  if (s.lanes.size() == 2) s.trunk = common_start({&s.lanes[0], &s.lanes[1]});
  move_scales_to_tail(p, s);
  return s;
}

}  // namespace plumbline
