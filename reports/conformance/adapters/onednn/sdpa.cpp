#include "parts.hpp"

#include <nlohmann/json.hpp>

namespace plumbline::onednn {
namespace {

// q, k, v and their gradients are stored [B, T, heads, head_dim] and read as matrices
// [B, heads, T, head_dim].
memory::desc heads(const Tensor& t) {
  const memory::dims s = t.shape, strides = dense_strides(s);
  return {{s[0], s[2], s[1], s[3]}, type_of(t), {strides[0], strides[2], strides[1], strides[3]}};
}

memory transposed(const memory& m) {
  return {m.get_desc().permute_axes({0, 1, 3, 2}), cpu(), m.get_data_handle()};
}

memory heads_of(const Tensor& t) { return memory_of(heads(t), t.bytes); }

// factor a b, plus the mask where there is one, into `out`.
void multiply(const memory& a, const memory& b, const memory& out, float factor = 1,
              const memory* mask = nullptr) {
  dnnl::primitive_attr attributes;
  if (factor != 1) attributes.set_output_scales(0, {factor});
  Arguments arguments{{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, out}};
  if (mask) {
    dnnl::post_ops plus_mask;
    plus_mask.append_binary(dnnl::algorithm::binary_add, mask->get_desc());
    attributes.set_post_ops(plus_mask);
    arguments[DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1] = *mask;
  }
  run<dnnl::matmul>({{a.get_desc(), b.get_desc(), out.get_desc()}, attributes, cpu()}, arguments);
}

// 0 where a query sees a key, minus infinity elsewhere; the last query stands beside the last key.
memory causal_mask(std::int64_t queries, std::int64_t keys) {
  memory m(dense({1, 1, queries, keys}, memory::data_type::f32), cpu());
  auto* entry = static_cast<float*>(m.get_data_handle());
  for (std::int64_t i = 0; i < queries; ++i)
    for (std::int64_t j = 0; j < keys; ++j) *entry++ = j <= i + keys - queries ? 0.f : -INFINITY;
  return m;
}

using Softmax = dnnl::softmax_forward;
using SoftmaxBack = dnnl::softmax_backward;

Softmax::primitive_desc softmax_over_keys(const memory::desc& scores) {
  return {{dnnl::prop_kind::forward_training, scores, 3}, cpu()};
}

// The gradient of the scores from that of the probabilities.
memory scores_gradient(const memory& probabilities, const memory& gradient) {
  const memory::desc desc = probabilities.get_desc();
  memory out(desc, cpu());
  run<SoftmaxBack>({{desc, desc, 3}, cpu(), softmax_over_keys(desc)},
                   {{DNNL_ARG_DST, probabilities}, {DNNL_ARG_DIFF_DST, gradient}, {DNNL_ARG_DIFF_SRC, out}});
  return out;
}

void add_gradients(const Request& r, float scale, const memory& probabilities, Answer& answer) {
  const memory q = heads_of(r.at("q")), k = heads_of(r.at("k")), v = heads_of(r.at("v"));
  const memory g = heads_of(r.at("grad.y"));
  const memory dq(q.get_desc(), cpu()), dk(k.get_desc(), cpu()), dv(v.get_desc(), cpu());
  const memory dp(probabilities.get_desc(), cpu());
  multiply(g, transposed(v), dp);
  const memory ds = scores_gradient(probabilities, dp);
  multiply(ds, k, dq, scale);
  multiply(transposed(ds), q, dk, scale);
  multiply(transposed(probabilities), g, dv);
  answer["grad.q"] = tensor_of(dq, r.at("q"));
  answer["grad.k"] = tensor_of(dk, r.at("k"));
  answer["grad.v"] = tensor_of(dv, r.at("v"));
}

void check(const client::Json& a) {
  if (a["n_heads"].number() != a["n_kv_heads"].number())
    throw Unsupported("has as many heads of keys as of queries");
  if (!a["logit_softcap"].is_null()) throw Unsupported("has no softcap");
  if (a["mask"].text() == "causal_sliding") throw Unsupported("has no window");
  if (a["scale"]["rule"].text() != "inv_sqrt_head_dim" || a["scale"]["mult"].number() != 1)
    throw Unsupported("scales by 1/sqrt(head_dim)");
}

}  // namespace

Answer sdpa(const Request& request) {
  const client::Json& a = request.spec["attention"];
  check(a);
  const auto scale = float(1 / std::sqrt(a["head_dim"].number()));
  const memory q = heads_of(request.at("q")), k = heads_of(request.at("k")), v = heads_of(request.at("v"));
  const memory::dims qs = q.get_desc().dims(), ks = k.get_desc().dims();
  const memory p(dense({qs[0], qs[1], qs[2], ks[2]}, type_of(request.at("q"))), cpu());
  const memory mask = causal_mask(qs[2], ks[2]);
  multiply(q, transposed(k), p, scale, a["mask"].text() == "causal" ? &mask : nullptr);
  run<Softmax>(softmax_over_keys(p.get_desc()), {{DNNL_ARG_SRC, p}, {DNNL_ARG_DST, p}});
  const memory y(q.get_desc(), cpu());
  multiply(p, v, y);
  Answer answer{{"y", tensor_of(y, request.at("q"))}};
  if (request.gradients) add_gradients(request, scale, p, answer);
  return answer;
}

}  // namespace plumbline::onednn
