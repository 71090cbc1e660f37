#include "peer/block.hpp"

#include "peer/peer.hpp"

namespace plumbline::peer {

template <class T>
Result<T> Peer<T>::feed_forward(const std::string& name, const A& x) {
  const FeedForwardSpec& f = s_.ffn;
  const bool gated = f.kind == FeedForwardKind::glu;
  const R up0 = linear(name + "up_proj", f.bias.in, x);
  const R gate0 = gated ? linear(name + "gate_proj", f.bias.in, x) : up0;
  const T most = f.limit ? T(*f.limit) : T(INFINITY);
  A up = up0.y, gate = gate0.y;
  if (gated)
    for (std::size_t i = 0; i < up.v.size(); ++i) {
      gate.v[i] = std::min(gate.v[i], most);
      up.v[i] = std::min(std::max(up.v[i], -most), most);
      if (f.up_offset) up.v[i] = k_.may_store(k_.op(up.v[i] + 1), "raised");
    }
  A act = gate;
  for (T& v : act.v) v = k_.activation(f.activation, v);
  act = gated || f.squared ? k_.may_store(act, "activation") : k_.store(act);
  A power = act;
  for (T& v : power.v)
    if (f.squared) v = gated ? k_.may_store(k_.op(v * v), "squared") : k_.to_storage(v * v);
  A hidden = power;
  if (gated)
    for (std::size_t i = 0; i < hidden.v.size(); ++i) hidden.v[i] = k_.to_storage(power.v[i] * up.v[i]);
  const R mid = norm(s_.norm_slots.ffn.mid, name + "norm_mid", hidden);
  const R down = linear(name + "down_proj", f.bias.out, mid.y);
  return {down.y, [=, this](const A& g) {
            const A gh = mid.pull(down.pull(g));
            A ga = gh, gu = gh;
            for (std::size_t i = 0; i < gh.v.size(); ++i) {
              if (gated) {
                gu.v[i] = k_.to_storage(gh.v[i] * power.v[i]);
                ga.v[i] = k_.may_store(gh.v[i] * up.v[i], "grad activation");
                if (std::abs(up0.y.v[i]) >= most) gu.v[i] = 0;
              }
              if (f.squared) ga.v[i] = k_.may_store(k_.op(2 * ga.v[i] * act.v[i]), "grad squared");
              ga.v[i] = k_.to_storage(k_.op(ga.v[i] * k_.slope(f.activation, gate.v[i])));
              if (gated && gate0.y.v[i] >= most) ga.v[i] = 0;
            }
            const A dx = gate0.pull(ga);
            return gated ? k_.plus(dx, up0.pull(gu)) : dx;
          }};
}

// alpha r + beta b
template <class T>
Array<T> Peer<T>::joined(const A& r, const A& b) const {
  A y(r.rows, r.cols);
  const T alpha = T(s_.residual_scale), beta = T(s_.branch_scale);
  for (std::size_t i = 0; i < y.v.size(); ++i)
    y.v[i] = k_.to_storage((alpha == 1 ? r.v[i] : k_.may_store(alpha * r.v[i], "scaled residual")) +
                           (beta == 1 ? b.v[i] : k_.may_store(beta * b.v[i], "scaled branch")));
  return y;
}

template <class T>
Array<T> Peer<T>::times(double factor, A g, const char* place) const {
  if (factor == 1) return g;
  for (T& v : g.v) v = k_.may_store(T(factor) * v, place);
  return g;
}

template <class T>
template <class Branch>
Result<T> Peer<T>::sublayer(const NormSlot& in, const NormSlot& out, const NormSlot& post,
                            const std::string& name, const A& x, Branch branch) {
  const R u = norm(in, name + "norm_in", x), f = branch(u.y), n = norm(out, name + "norm_out", f.y);
  const bool normed = s_.residual_source == ResidualSource::normed;
  const R y = norm(post, name + "norm_post", joined(normed ? u.y : x, n.y));
  return {y.y, [=, this](const A& g) {
            const A gy = y.pull(g);
            const A gu = f.pull(n.pull(times(s_.branch_scale, gy, "grad branch")));
            const A gr = times(s_.residual_scale, gy, "grad residual");
            return normed ? u.pull(k_.plus(gr, gu)) : k_.plus(gr, u.pull(gu));
          }};
}

template <class T>
Result<T> Peer<T>::parallel(const std::string& name, const A& x) {
  const std::string first = s_.parallel_shared_norm ? name + "norm_in" : name + "attn.norm_in";
  const R u = norm(s_.norm_slots.attn.in, first, x);
  const R w = s_.parallel_shared_norm ? u : norm(s_.norm_slots.ffn.in, name + "ffn.norm_in", x);
  const R fa = attention(name + "attn.", u.y), ff = feed_forward(name + "ffn.", w.y);
  const R a = norm(s_.norm_slots.attn.out, name + "attn.norm_out", fa.y),
          f = norm(s_.norm_slots.ffn.out, name + "ffn.norm_out", ff.y);
  const bool normed = s_.residual_source == ResidualSource::normed;
  return {joined(normed ? u.y : x, k_.plus(a.y, f.y)), [=, this](const A& g) {
            const A gb = times(s_.branch_scale, g, "grad branch");
            const A gw = ff.pull(f.pull(gb)), gr = times(s_.residual_scale, g, "grad residual");
            A gu = fa.pull(a.pull(gb));
            if (s_.parallel_shared_norm) gu = k_.plus(gu, gw);
            const A gx = normed ? u.pull(k_.plus(gr, gu)) : k_.plus(gr, u.pull(gu));
            return s_.parallel_shared_norm ? gx : k_.plus(gx, w.pull(gw));
          }};
}

template <class T>
Result<T> Peer<T>::stack(const A& x) {
  std::vector<std::function<A(const A&)>> pulls;
  A y = x;
  const auto then = [&](const R& r) {
    y = r.y;
    pulls.push_back(r.pull);
  };
  for (int i = 0; i < s_.n_layers; ++i) {
    const std::string name = "layers." + std::to_string(i) + ".";
    if (s_.topology == Topology::parallel) {
      then(parallel(name, y));
      continue;
    }
    const auto& a = s_.norm_slots.attn;
    const auto& f = s_.norm_slots.ffn;
    then(sublayer(a.in, a.out, a.post, name + "attn.", y,
                  [&](const A& u) { return attention(name + "attn.", u); }));
    then(sublayer(f.in, f.out, f.post, name + "ffn.", y,
                  [&](const A& u) { return feed_forward(name + "ffn.", u); }));
  }
  if (s_.final_norm) then(norm(s_.final_norm, "final_norm", y));
  return {y, [pulls](A g) {
            for (auto it = pulls.rbegin(); it != pulls.rend(); ++it) g = (*it)(g);
            return g;
          }};
}

// N(x + residual), and the sum beside it.
template <class T>
Result<T> Peer<T>::add_norm(const A& x) {
  A sum = x;
  const A& residual = parameters_.at("residual");
  for (std::size_t i = 0; i < x.v.size(); ++i) sum.v[i] += residual.v[i];
  const A stored = k_.store(sum);
  const R n = norm(s_.norm_slots.attn.in, "norm", k_.ends_at("sum") ? stored : sum);
  A both(x.rows, 2 * x.cols);
  put(both, 0, 0, n.y);
  put(both, 0, x.cols, stored);
  return {both, [=, this](const A& g) {
            const A d = k_.plus(n.pull(columns(g, 0, x.cols)), columns(g, x.cols, x.cols));
            add_gradient("residual", d);
            return d;
          }};
}

template <class T>
Result<T> Peer<T>::part(const A& x) {
  if (s_.streams) throw Error("streams: expected null, since this peer has one stream");
  if (!(s_.residual == ResidualSpec{}))
    throw Error("residual_rule: expected \"add\", since this peer adds branches as they are");
  if (s_.position.buckets) throw Error("position.buckets: expected null, since this peer has no tables");
  if (s_.ffn.moe && s_.part != Part::router)
    throw Error("ffn.moe: expected null, since this peer has one feed-forward");
  if (s_.attention.latent)
    throw Error("attention.latent: expected null, since this peer projects queries, keys and values");
  switch (s_.part) {
    case Part::stack:
    case Part::block: return stack(x);
    case Part::attention: return attention("layers.0.attn.", x);
    case Part::ffn: return feed_forward("layers.0.ffn.", x);
    case Part::norm: return norm(s_.norm_slots.attn.in, "norm", x);
    case Part::add_norm: return add_norm(x);
    case Part::sdpa: return sdpa(x);
    case Part::router: return router(x);
    case Part::collapse:
    case Part::mixer:
    case Part::rope:
    case Part::linear_attention:
    case Part::softmax:
    case Part::linear:
    case Part::activation:
    case Part::gated_activation:
      throw Error("part: expected another one, since this peer lacks " + std::string(name_of(s_.part)));
  }
  throw Error("part: expected one of a known kind");
}

Outputs answer(const Question& question, const Variant& variant, bool in_double) {
  if (in_double) return Peer<double>(question, variant)(question.inputs, question.gradients);
  return Peer<float>(question, variant)(question.inputs, question.gradients);
}

}  // namespace plumbline::peer
