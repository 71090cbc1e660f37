#include "plumbline/identify/named_tensors.hpp"

#include <algorithm>

#include "plumbline/base/error.hpp"

namespace plumbline::identify {

std::string described(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

void fail(const Tensor& t, const std::string& expected) {
  throw Error("parameter " + t.name + ": expected " + expected + ", found " + described(t.shape));
}

const Tensor* NamedTensors::find(NamedRole role, NamedKind kind) const {
  for (const Named& p : parts_)
    if (p.name.role == role && p.name.kind == kind && p.name.layer >= 0 && p.name.expert != "shared" &&
        !p.name.is_whole)
      return p.tensor;
  return nullptr;
}

const Tensor* NamedTensors::find_in(const std::string& expert, NamedRole role) const {
  for (const Named& p : parts_)
    if (p.name.role == role && p.name.kind == NamedKind::weight && p.name.layer >= 0 &&
        p.name.expert == expert)
      return p.tensor;
  return nullptr;
}

const Tensor& NamedTensors::matrix(NamedRole role) const {
  const Tensor* t = find(role, NamedKind::weight);
  if (!t) throw Error("parameters: expected one called " + identify::our_name(role) + ".weight, found none");
  if (t->shape.size() != 2) fail(*t, "[out, in]");
  return *t;
}

int NamedTensors::vector(const Tensor& t) {
  if (t.shape.size() != 1) fail(t, "[n]");
  return int(t.shape[0]);
}

bool& NamedTensors::flag(NormParameters& has, NamedKind kind) {
  return kind == NamedKind::alpha ? has.alpha : kind == NamedKind::bias ? has.bias : has.gain;
}

NormSlot NamedTensors::norm_of(NamedRole role) const {
  NormParameters has;
  for (auto [kind, text] : names<NamedKind>()) flag(has, kind) = find(role, kind) != nullptr;
  return has.any() ? NormSlot(declared_norm(has)) : std::nullopt;
}

int NamedTensors::norm_width_of(NamedRole role) const {
  const Tensor* t = find(role, NamedKind::weight);
  if (!t) t = find(role, NamedKind::bias);
  return t ? vector(*t) : 0;
}

}  // namespace plumbline::identify
