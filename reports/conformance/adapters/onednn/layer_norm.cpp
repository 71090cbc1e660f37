#include "parts.hpp"

#include <nlohmann/json.hpp>

namespace plumbline::onednn {
namespace {

using dnnl::normalization_flags, dnnl::prop_kind;
using Forward = dnnl::layer_normalization_forward;
using Backward = dnnl::layer_normalization_backward;

normalization_flags flags_of(const Request& r) {
  auto flags = normalization_flags::none;
  if (r.tensors.contains("norm.weight")) flags = flags | normalization_flags::use_scale;
  if (r.tensors.contains("norm.bias")) flags = flags | normalization_flags::use_shift;
  return flags;
}

struct Known {  // what both ways take
  const Request& request;
  memory::desc desc;
  float eps;
  normalization_flags flags;
  Forward::primitive_desc forward;
};

Known known_of(const Request& r, const client::Json& norm) {
  const Tensor& x = r.at("x");
  const memory::desc desc = dense(x.shape, type_of(x));
  const auto eps = float(norm["eps"].number());
  const normalization_flags flags = flags_of(r);
  return {r, desc, eps, flags, {{prop_kind::forward_training, desc, eps, flags}, cpu()}};
}

void add_parameters(const Request& r, Arguments& arguments) {
  if (r.tensors.contains("norm.weight")) arguments[DNNL_ARG_SCALE] = wide_memory_of(r.at("norm.weight"));
  if (r.tensors.contains("norm.bias")) arguments[DNNL_ARG_SHIFT] = wide_memory_of(r.at("norm.bias"));
}

void add_gradients(const Known& k, const Arguments& forward, Answer& answer) {
  const Request& r = k.request;
  const Backward::primitive_desc description({prop_kind::backward, k.desc, k.desc, k.eps, k.flags}, cpu(),
                                             k.forward);
  Arguments arguments{{DNNL_ARG_SRC, forward.at(DNNL_ARG_SRC)},
                      {DNNL_ARG_MEAN, forward.at(DNNL_ARG_MEAN)},
                      {DNNL_ARG_VARIANCE, forward.at(DNNL_ARG_VARIANCE)},
                      {DNNL_ARG_DIFF_DST, memory_of(r.at("grad.y"))},
                      {DNNL_ARG_DIFF_SRC, memory(k.desc, cpu())}};
  add_parameters(r, arguments);
  const memory::desc row = dense({r.at("x").shape.back()}, memory::data_type::f32);
  const std::pair<int, const char*> gradients[] = {{DNNL_ARG_DIFF_SCALE, "norm.weight"},
                                                   {DNNL_ARG_DIFF_SHIFT, "norm.bias"}};
  for (const auto& [argument, name] : gradients)
    if (r.tensors.contains(name)) arguments[argument] = memory(row, cpu());
  run<Backward>(description, arguments);
  answer["grad.x"] = tensor_of(arguments.at(DNNL_ARG_DIFF_SRC), r.at("x"));
  for (const auto& [argument, name] : gradients)
    if (r.tensors.contains(name))
      answer[std::string("grad.") + name] = tensor_of(arguments.at(argument), r.at(name));
}

}  // namespace

Answer layer_norm(const Request& request) {
  const client::Json& norm = request.spec["norm_slots"]["attn"]["in"];
  if (norm["kind"].text() != "layer_norm") throw Unsupported("has no " + norm["kind"].text());
  if (norm["gain_offset"].number() != 0) throw Unsupported("has no gain of 1 + weight");
  const Known k = known_of(request, norm);
  Arguments arguments{{DNNL_ARG_SRC, memory_of(request.at("x"))},
                      {DNNL_ARG_DST, memory(k.desc, cpu())},
                      {DNNL_ARG_MEAN, memory(k.forward.mean_desc(), cpu())},
                      {DNNL_ARG_VARIANCE, memory(k.forward.variance_desc(), cpu())}};
  add_parameters(request, arguments);
  run<Forward>(k.forward, arguments);
  Answer answer{{"y", tensor_of(arguments.at(DNNL_ARG_DST), request.at("x"))}};
  if (request.gradients) add_gradients(k, arguments, answer);
  return answer;
}

}  // namespace plumbline::onednn
