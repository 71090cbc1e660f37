// The parameters of a block as tensors of an algebra, found by name.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "plumbline/algebra/operations.hpp"
#include "plumbline/base/error.hpp"

namespace plumbline {

// Parameters and inputs beside x by name.
template <class A>
using ParameterMap = std::map<std::string, Tensor<A>>;

// The parameters below a prefix: at("q_proj.weight") under "layers.0.attn.". The map must outlive the view.
template <class A>
struct ParameterView {
  const ParameterMap<A>& all;
  std::string prefix;
  bool on_stream = false;  // see Place

  // The view of what stands under that name, which a dot follows.
  ParameterView under(const std::string& name) const { return {all, prefix + name + "."}; }
  // The same of a norm whose input and output are the residual stream.
  ParameterView under_stream_norm(const std::string& name) const { return {all, prefix + name + ".", true}; }
  // Where something is stored below the prefix.
  Place place(Site site) const {
    const bool joins = site == Site::residual || site == Site::scaled_residual;
    return {site, prefix + std::string(name_of(site)), on_stream || joins};
  }
  // Throws Error, naming it in full, where there is none.
  const Tensor<A>& at(const std::string& name) const {
    const auto it = all.find(prefix + name);
    if (it == all.end()) throw Error("parameters: expected a tensor \"" + prefix + name + "\", found none");
    return it->second;
  }
};

}  // namespace plumbline
