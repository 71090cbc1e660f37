// The parameters of a block as tensors of an algebra, found by name.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "plumbline/algebra/operations.hpp"
#include "plumbline/error.hpp"

namespace plumbline {

// Parameters and inputs beside x by name.
template <class A>
using ParameterMap = std::map<std::string, Tensor<A>>;

// The parameters below a prefix: at("q_proj.weight") under "layers.0.attn.". The map must outlive the view.
template <class A>
struct ParameterView {
  const ParameterMap<A>& all;
  std::string prefix;

  // The view of what stands under that name, which a dot follows.
  ParameterView under(const std::string& name) const { return {all, prefix + name + "."}; }
  // The path of something that is stored below the prefix.
  std::string place(std::string_view name) const { return prefix + std::string(name); }
  // Throws Error, naming it in full, where there is none.
  const Tensor<A>& at(const std::string& name) const {
    const auto it = all.find(prefix + name);
    if (it == all.end()) throw Error("parameters: expected a tensor \"" + prefix + name + "\", found none");
    return it->second;
  }
};

}  // namespace plumbline
