// The parameters of a block as tensors of an algebra, found by name.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "plumbline/algebra/operations.hpp"
#include "plumbline/error.hpp"

namespace plumbline {

template <class A>
using ParameterMap = std::map<std::string, Tensor<A>>;

// The parameters below a prefix: at("q_proj.weight") under "layers.0.attn.".
template <class A>
struct ParameterView {
  const ParameterMap<A>& all;
  std::string prefix;

  ParameterView under(const std::string& name) const { return {all, prefix + name + "."}; }
  // The path of something that is stored below the prefix.
  std::string place(std::string_view name) const { return prefix + std::string(name); }
  const Tensor<A>& at(const std::string& name) const {
    const auto it = all.find(prefix + name);
    if (it == all.end()) throw Error("parameters: expected a tensor \"" + prefix + name + "\", found none");
    return it->second;
  }
};

}  // namespace plumbline
