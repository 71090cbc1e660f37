// Tensors of a request as memory of oneDNN, and primitives that run at once.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <plumbline/serve.hpp>
#include <unordered_map>

namespace plumbline::onednn {

using client::Answer;
using client::Request;
using client::Tensor;
using client::Unsupported;
using dnnl::memory;
using Arguments = std::unordered_map<int, memory>;

inline const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

inline memory::data_type type_of(const Tensor& t) {
  if (t.dtype == "F32") return memory::data_type::f32;
  if (t.dtype == "BF16") return memory::data_type::bf16;
  throw Unsupported("has no " + t.dtype);
}

// The last index runs fastest.
inline memory::dims dense_strides(const memory::dims& shape) {
  memory::dims strides(shape.size(), 1);
  for (std::size_t i = shape.size() - 1; i > 0; --i) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

inline memory::desc dense(const memory::dims& shape, memory::data_type type) {
  return {shape, type, dense_strides(shape)};
}

inline memory memory_of(const memory::desc& desc, const std::string& bytes) {
  memory m(desc, cpu());
  std::copy(bytes.begin(), bytes.end(), static_cast<char*>(m.get_data_handle()));
  return m;
}

inline memory memory_of(const Tensor& t) { return memory_of(dense(t.shape, type_of(t)), t.bytes); }

// Numbers of a one-dimensional tensor, in float32 whatever their type is.
inline memory wide_memory_of(const Tensor& t) {
  const Tensor wide = Tensor::of(t.numbers<float>(), "F32", t.shape);
  return memory_of(wide);
}

// What dense memory of float32 or of the like's type holds, as a tensor of the like's type and shape.
inline Tensor tensor_of(const memory& m, const Tensor& like) {
  const auto* data = static_cast<const char*>(m.get_data_handle());
  const bool wide = m.get_desc().data_type() == memory::data_type::f32;
  const Tensor found{wide ? "F32" : "BF16", like.shape, std::string(data, m.get_desc().get_size())};
  return Tensor::of(found.numbers<float>(), like.dtype, like.shape);
}

template <class Primitive>
void run(const typename Primitive::primitive_desc& description, const Arguments& arguments) {
  dnnl::stream stream(cpu());
  Primitive(description).execute(stream, arguments);
  stream.wait();
}

}  // namespace plumbline::onednn
