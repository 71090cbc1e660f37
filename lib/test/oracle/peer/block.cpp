#include "oracle/peer/block.hpp"

#include "oracle/peer/kernels.hpp"

namespace plumbline::peer {
namespace {

template <class T>
struct Result {
  Array<T> y;
  std::function<Array<T>(const Array<T>&)> pull;  // the cotangent of the input, from that of y
};

template <class T>
class Peer {
 public:
  using A = Array<T>;
  using R = Result<T>;

  Peer(const Question& q, const Variant& v) : s_(q.spec), batch_(q.batch), k_(v) {
    for (const auto& [name, value] : q.inputs.parameters) parameters_[name] = from(value);
  }

  static A from(const Matrix<double>& m) {
    A a(int(m.rows()), int(m.cols()));
    for (std::size_t i = 0; i < a.v.size(); ++i) a.v[i] = T(m.data()[i]);
    return a;
  }
  static Matrix<double> back(const A& a) {
    Matrix<double> m(a.rows, a.cols);
    for (std::size_t i = 0; i < a.v.size(); ++i) m.data()[i] = double(a.v[i]);
    return m;
  }

  Outputs operator()(const CaseInputs& in, bool gradients) {
    const R r = stack(from(in.x));
    Outputs out{{"y", back(r.y)}};
    if (!gradients) return out;
    out["grad.x"] = back(r.pull(from(in.cotangent)));
    for (const auto& [name, value] : parameters_)
      out["grad." + name] =
          back(gradients_.count(name) ? k_.store(gradients_[name]) : A(value.rows, value.cols));
    return out;
  }

 private:
  void add_gradient(const std::string& name, A g) {
    const auto it = gradients_.find(name);
    if (it == gradients_.end())
      gradients_[name] = std::move(g);
    else
      it->second = k_.plus(it->second, g);
  }

  R linear(const std::string& name, bool bias, const A& x) {
    const A& w = parameters_.at(name + ".weight");
    A y = k_.times_transposed(x, w);
    if (bias) {
      const A& b = parameters_.at(name + ".bias");
      if (k_.variant.bias_apart) y = k_.store(y);
      for (int i = 0; i < y.rows; ++i)
        for (int j = 0; j < y.cols; ++j) y(i, j) += b(0, j);
    }
    return {k_.store(y), [=, this](const A& g) {
              add_gradient(name + ".weight", k_.transposed_times(g, x));
              if (bias) add_gradient(name + ".bias", k_.sum_of_rows(g));
              return k_.store(k_.times(g, parameters_.at(name + ".weight")));
            }};
  }

  void statistics(const NormSpec& n, const A& x, int i, T& mean, T& factor) {
    const int d = x.cols;
    T variance;
    mean = 0;
    if (n.kind == NormKind::rms_norm) {
      variance = k_.op(k_.sum(d, [&](int j) { return k_.op(x(i, j) * x(i, j)); }) / T(d));
    } else if (k_.variant.welford) {
      T m2 = 0;
      for (int j = 0; j < d; ++j) {
        const T delta = x(i, j) - mean;
        mean += delta / T(j + 1);
        m2 += delta * (x(i, j) - mean);
      }
      variance = m2 / T(d);
    } else {
      mean = k_.op(k_.sum(d, [&](int j) { return x(i, j); }) / T(d));
      variance = k_.op(
          k_.sum(d, [&](int j) { return k_.op(k_.op(x(i, j) - mean) * k_.op(x(i, j) - mean)); }) / T(d));
    }
    factor = k_.op(1 / k_.op(std::sqrt(k_.op(variance + T(n.eps)))));
    if (k_.variant.stored_statistics) mean = k_.to_storage(mean), factor = k_.to_storage(factor);
  }

  R norm(const NormSlot& slot, const std::string& name, const A& x) {
    if (!slot) return {x, [](const A& g) { return g; }};
    const NormSpec n = *slot;
    A normalized(x.rows, x.cols), stored(x.rows, x.cols), y(x.rows, x.cols);
    std::vector<T> factors(x.rows);
    const auto gain = [n, name, this](int j) {
      return n.gain ? k_.op(T(n.gain_offset) + parameters_.at(name + ".weight")(0, j)) : T(1);
    };
    for (int i = 0; i < x.rows; ++i) {
      T mean;
      statistics(n, x, i, mean, factors[i]);
      for (int j = 0; j < x.cols; ++j) {
        normalized(i, j) = k_.op(k_.op(x(i, j) - mean) * factors[i]);
        stored(i, j) = k_.may_store(normalized(i, j), "normalized");
        T v = stored(i, j);
        if (n.gain) v = k_.may_store(k_.op(v * gain(j)), "scaled");
        if (n.bias) v = k_.op(v + parameters_.at(name + ".bias")(0, j));
        y(i, j) = v;
      }
    }
    return {k_.store(y), [=, this](const A& g) {
              const int d = g.cols;
              A dx(g.rows, d), dgain(1, d);
              for (int j = 0; j < d && n.gain; ++j)
                dgain(0, j) = k_.sum(g.rows, [&](int i) { return k_.op(g(i, j) * stored(i, j)); });
              if (n.gain) add_gradient(name + ".weight", dgain);
              if (n.bias) add_gradient(name + ".bias", k_.sum_of_rows(g));
              const A& hat = k_.variant.rounded_normalized ? stored : normalized;
              for (int i = 0; i < g.rows; ++i) {
                std::vector<T> u(d);
                for (int j = 0; j < d; ++j) u[j] = k_.op(g(i, j) * gain(j));
                const bool centres = n.kind == NormKind::layer_norm;
                const T a = centres ? k_.op(k_.sum(d, [&](int j) { return u[j]; }) / T(d)) : T(0);
                const T b = k_.op(k_.sum(d, [&](int j) { return k_.op(u[j] * hat(i, j)); }) / T(d));
                for (int j = 0; j < d; ++j)
                  dx(i, j) = k_.op(factors[i] * k_.op(k_.op(u[j] - a) - k_.op(hat(i, j) * b)));
              }
              return k_.store(dx);
            }};
  }

  A columns(const A& x, int first, int count) const {
    A y(x.rows, count);
    for (int i = 0; i < x.rows; ++i)
      for (int j = 0; j < count; ++j) y(i, j) = x(i, first + j);
    return y;
  }
  void put(A& into, int row, int col, const A& part) const {
    for (int i = 0; i < part.rows; ++i)
      for (int j = 0; j < part.cols; ++j) into(row + i, col + j) = part(i, j);
  }
  A sequence(const A& x, int b) const {
    const int tokens = x.rows / batch_;
    A y(tokens, x.cols);
    std::copy_n(x.v.begin() + std::size_t(b) * tokens * x.cols, y.v.size(), y.v.begin());
    return y;
  }

  A rotated(A x, int direction) const {  // one head of one sequence
    const RopeSpec& r = *s_.rope;
    const int half = r.rotary_dim / 2;
    for (int p = 0; p < half; ++p)
      for (int t = 0; t < x.rows; ++t) {
        T c, s;
        if (k_.variant.double_tables) {
          const double angle = t * std::pow(r.base, -2.0 * p / r.rotary_dim);
          c = T(std::cos(angle)), s = T(std::sin(angle));
        } else {
          const T angle = T(t) * (1 / std::pow(T(r.base), T(2 * p) / T(r.rotary_dim)));
          c = std::cos(angle), s = std::sin(angle);
        }
        c = k_.op(c), s = k_.op(s * T(direction));
        const int i = r.style == RopeStyle::half ? p : 2 * p,
                  j = r.style == RopeStyle::half ? p + half : 2 * p + 1;
        const T a = x(t, i), b = x(t, j);
        x(t, i) = k_.op(k_.op(a * c) - k_.op(b * s));
        x(t, j) = k_.op(k_.op(b * c) + k_.op(a * s));
      }
    return k_.store(x);
  }

  // Queries or keys [B T, heads h]: norm and rotation, in the order of the spec.
  R positioned(const NormSlot& slot, const std::string& name, int heads, const A& x) {
    const int h = s_.attention.head_dim;
    std::vector<std::function<A(const A&)>> pulls;
    A y = x;
    const auto apply_norm = [&] {
      if (slot->width == NormWidth::full_heads) {
        const R r = norm(slot, name, y);
        y = r.y;
        pulls.push_back(r.pull);
        return;
      }
      A tall(y.rows * heads, h);  // every head of every token is a row
      tall.v = y.v;
      const R r = norm(slot, name, tall);
      y.v = r.y.v;
      pulls.push_back([=](const A& g) {
        A t(g.rows * heads, h), out = g;
        t.v = g.v;
        out.v = r.pull(t).v;
        return out;
      });
    };
    if (slot && slot->position == QkPosition::before_rope) apply_norm();
    if (s_.rope) {
      const auto rotate_all = [=, this](const A& u, int direction) {
        A out(u.rows, u.cols);
        for (int b = 0; b < batch_; ++b)
          for (int i = 0; i < heads; ++i)
            put(out, b * u.rows / batch_, i * h, rotated(columns(sequence(u, b), i * h, h), direction));
        return out;
      };
      y = rotate_all(y, 1);
      pulls.push_back([=](const A& g) { return rotate_all(g, -1); });
    }
    if (slot && slot->position == QkPosition::after_rope) apply_norm();
    return {y, [pulls](A g) {
              for (auto it = pulls.rbegin(); it != pulls.rend(); ++it) g = (*it)(g);
              return g;
            }};
  }

  bool sees(int i, int j) const {
    const AttentionSpec& a = s_.attention;
    if (a.mask == MaskKind::bidirectional) return true;
    return j <= i && (a.mask == MaskKind::causal || i - j < *a.window);
  }

  T score_factor() const {
    const AttentionSpec& a = s_.attention;
    const double radicand = a.scale_rule == ScaleRule::inv_sqrt_head_dim ? a.head_dim
                            : a.scale_rule == ScaleRule::one             ? 1
                                                                         : *a.scale_value;
    return T(a.scale_mult) / std::sqrt(T(radicand));
  }
  T scaled(T x) const {
    const AttentionSpec& a = s_.attention;
    if (k_.variant.divides_by_root && a.scale_rule == ScaleRule::inv_sqrt_head_dim && a.scale_mult == 1)
      return x / std::sqrt(T(a.head_dim));
    return x * score_factor();
  }

  struct Head {
    A q, k, v, p, o, t;  // t: tanh(score / cap)
  };

  Head one_head(A q, A k, A v) {
    const auto& cap = s_.attention.logit_softcap;
    Head head{q, k, v, A(q.rows, k.rows), A(q.rows, v.cols), A(q.rows, k.rows)};
    for (int i = 0; i < q.rows; ++i) {
      std::vector<T> score(k.rows);
      T largest = -INFINITY;
      for (int j = 0; j < k.rows; ++j) {
        if (!sees(i, j)) continue;
        T x = k_.may_store(k_.sum(q.cols, [&](int c) { return q(i, c) * k(j, c); }), "products");
        x = k_.may_store(k_.op(scaled(x)), "scores");
        if (cap) {
          head.t(i, j) = k_.may_store(k_.op(std::tanh(k_.may_store(k_.op(x / T(*cap)), "over cap"))), "tanh");
          x = k_.may_store(k_.op(head.t(i, j) * T(*cap)), "capped");
        }
        score[j] = x;
        largest = std::max(largest, x);
      }
      T total;
      if (k_.variant.online_softmax) {
        T running = -INFINITY;
        total = 0;
        for (int j = 0; j < k.rows; ++j) {
          if (!sees(i, j)) continue;
          const T next = std::max(running, score[j]);
          total = total * std::exp(running - next) + std::exp(score[j] - next);
          running = next;
        }
      } else {
        total = k_.sum(k.rows,
                       [&](int j) { return sees(i, j) ? k_.op(std::exp(k_.op(score[j] - largest))) : T(0); });
      }
      for (int j = 0; j < k.rows; ++j)
        head.p(i, j) = sees(i, j) ? k_.to_storage(k_.op(std::exp(k_.op(score[j] - largest))) / total) : T(0);
      for (int c = 0; c < v.cols; ++c)
        head.o(i, c) = k_.to_storage(k_.sum(k.rows, [&](int j) { return head.p(i, j) * v(j, c); }));
    }
    return head;
  }

  // Gradients of one head; dk and dv are added to in the accumulator's type.
  void pull_head(const Head& x, const A& g, A& dq, A& dk, A& dv) {
    const auto& cap = s_.attention.logit_softcap;
    A ds(x.p.rows, x.p.cols);
    for (int i = 0; i < g.rows; ++i) {
      std::vector<T> dp(x.k.rows);
      for (int j = 0; j < x.k.rows; ++j)
        if (sees(i, j))
          dp[j] =
              k_.may_store(k_.sum(g.cols, [&](int c) { return g(i, c) * x.v(j, c); }), "grad probabilities");
      const T mean =
          k_.variant.output_dot
              ? k_.sum(g.cols, [&](int c) { return g(i, c) * x.o(i, c); })
              : k_.sum(x.k.rows, [&](int j) { return sees(i, j) ? k_.op(x.p(i, j) * dp[j]) : T(0); });
      for (int j = 0; j < x.k.rows; ++j) {
        if (!sees(i, j)) continue;
        T d = k_.may_store(k_.op(x.p(i, j) * k_.op(dp[j] - mean)), "grad scores");
        if (cap) d = k_.may_store(k_.op(d * k_.op(1 - k_.op(x.t(i, j) * x.t(i, j)))), "grad capped");
        ds(i, j) = k_.to_storage(k_.op(scaled(d)));
      }
    }
    dq = k_.store(k_.times(ds, x.k));
    const A one_dk = k_.transposed_times(ds, x.q), one_dv = k_.transposed_times(x.p, g);
    for (std::size_t i = 0; i < dk.v.size(); ++i) dk.v[i] += k_.may_store(one_dk.v[i], "grad k of a head");
    for (std::size_t i = 0; i < dv.v.size(); ++i) dv.v[i] += k_.may_store(one_dv.v[i], "grad v of a head");
  }

  R attention(const std::string& name, const A& x) {
    const AttentionSpec& a = s_.attention;
    const int h = a.head_dim, group = a.n_heads / a.n_kv_heads, tokens = x.rows / batch_;
    const R q0 = linear(name + "q_proj", a.bias.q, x), k0 = linear(name + "k_proj", a.bias.k, x),
            v = linear(name + "v_proj", a.bias.v, x);
    const R q = positioned(s_.attn_norms.q, name + "norm_q", a.n_heads, q0.y);
    const R k = positioned(s_.attn_norms.k, name + "norm_k", a.n_kv_heads, k0.y);
    std::vector<Head> heads;
    A o(x.rows, a.n_heads * h);
    for (int b = 0; b < batch_; ++b)
      for (int i = 0; i < a.n_heads; ++i) {
        const int kv = i / group;
        heads.push_back(one_head(columns(sequence(q.y, b), i * h, h), columns(sequence(k.y, b), kv * h, h),
                                 columns(sequence(v.y, b), kv * h, h)));
        put(o, b * tokens, i * h, heads.back().o);
      }
    const R mid = norm(s_.attn_norms.mid, name + "norm_mid", o);
    const R out = linear(name + "o_proj", a.bias.o, mid.y);
    return {out.y, [=, this](const A& g) {
              const A go = mid.pull(out.pull(g));
              A dq(q.y.rows, q.y.cols), dk(k.y.rows, k.y.cols), dv(v.y.rows, v.y.cols);
              for (int b = 0; b < batch_; ++b)
                for (int kv = 0; kv < a.n_kv_heads; ++kv) {
                  A one_k(tokens, h), one_v(tokens, h), one_q;
                  for (int i = kv * group; i < (kv + 1) * group; ++i) {
                    pull_head(heads[b * a.n_heads + i], columns(sequence(go, b), i * h, h), one_q, one_k,
                              one_v);
                    put(dq, b * tokens, i * h, one_q);
                  }
                  put(dk, b * tokens, kv * h, k_.store(one_k));
                  put(dv, b * tokens, kv * h, k_.store(one_v));
                }
              A dx = q0.pull(q.pull(dq));
              dx = k_.plus(dx, k0.pull(k.pull(dk)));
              return k_.plus(dx, v.pull(dv));
            }};
  }

  R feed_forward(const std::string& name, const A& x) {
    const FeedForwardSpec& f = s_.ffn;
    const bool gated = f.kind == FeedForwardKind::glu;
    const R up = linear(name + "up_proj", f.bias_in, x);
    const R gate = gated ? linear(name + "gate_proj", f.bias_in, x) : up;
    A act = gate.y;
    for (T& v : act.v) v = k_.activation(f.activation, v);
    act = gated ? k_.may_store(act, "activation") : k_.store(act);
    A hidden = act;
    if (gated)
      for (std::size_t i = 0; i < hidden.v.size(); ++i) hidden.v[i] = k_.to_storage(act.v[i] * up.y.v[i]);
    const R mid = norm(s_.ffn_norms.mid, name + "norm_mid", hidden);
    const R down = linear(name + "down_proj", f.bias_out, mid.y);
    return {down.y, [=, this](const A& g) {
              const A gh = mid.pull(down.pull(g));
              A ga = gh, gu = gh;
              for (std::size_t i = 0; i < gh.v.size(); ++i) {
                if (gated) {
                  gu.v[i] = k_.to_storage(gh.v[i] * act.v[i]);
                  ga.v[i] = k_.may_store(gh.v[i] * up.y.v[i], "grad activation");
                }
                ga.v[i] = k_.to_storage(k_.op(ga.v[i] * k_.slope(f.activation, gate.y.v[i])));
              }
              const A dx = gate.pull(ga);
              return gated ? k_.plus(dx, up.pull(gu)) : dx;
            }};
  }

  // alpha r + beta b
  A joined(const A& r, const A& b) const {
    A y(r.rows, r.cols);
    const T alpha = T(s_.residual_scale), beta = T(s_.branch_scale);
    for (std::size_t i = 0; i < y.v.size(); ++i)
      y.v[i] = k_.to_storage((alpha == 1 ? r.v[i] : k_.may_store(alpha * r.v[i], "scaled residual")) +
                             (beta == 1 ? b.v[i] : k_.may_store(beta * b.v[i], "scaled branch")));
    return y;
  }
  A times(double factor, A g, const char* place) const {
    if (factor == 1) return g;
    for (T& v : g.v) v = k_.may_store(T(factor) * v, place);
    return g;
  }

  template <class Branch>
  R sublayer(const NormSlot& in, const NormSlot& out, const NormSlot& post, const std::string& name,
             const A& x, Branch branch) {
    const R u = norm(in, name + "norm_in", x), f = branch(u.y), n = norm(out, name + "norm_out", f.y);
    const R y = norm(post, name + "norm_post", joined(x, n.y));
    return {y.y, [=, this](const A& g) {
              const A gy = y.pull(g);
              const A gx = u.pull(f.pull(n.pull(times(s_.branch_scale, gy, "grad branch"))));
              return k_.plus(times(s_.residual_scale, gy, "grad residual"), gx);
            }};
  }

  R parallel(const std::string& name, const A& x) {
    const std::string first = s_.parallel_shared_norm ? name + "norm_in" : name + "attn.norm_in";
    const R u = norm(s_.attn_norms.in, first, x);
    const R w = s_.parallel_shared_norm ? u : norm(s_.ffn_norms.in, name + "ffn.norm_in", x);
    const R fa = attention(name + "attn.", u.y), ff = feed_forward(name + "ffn.", w.y);
    const R a = norm(s_.attn_norms.out, name + "attn.norm_out", fa.y),
            f = norm(s_.ffn_norms.out, name + "ffn.norm_out", ff.y);
    return {joined(x, k_.plus(a.y, f.y)), [=, this](const A& g) {
              const A gb = times(s_.branch_scale, g, "grad branch");
              const A gu = fa.pull(a.pull(gb)), gw = ff.pull(f.pull(gb));
              const A gx = times(s_.residual_scale, g, "grad residual");
              if (s_.parallel_shared_norm) return k_.plus(gx, u.pull(k_.plus(gu, gw)));
              return k_.plus(k_.plus(gx, u.pull(gu)), w.pull(gw));
            }};
  }

  R stack(const A& x) {
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
      const auto& a = s_.attn_norms;
      const auto& f = s_.ffn_norms;
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

  const BlockSpec& s_;
  int batch_;
  Kernels<T> k_;
  std::map<std::string, A> parameters_, gradients_;
};

}  // namespace

Outputs answer(const Question& question, const Variant& variant, bool in_double) {
  if (in_double) return Peer<double>(question, variant)(question.inputs, question.gradients);
  return Peer<float>(question, variant)(question.inputs, question.gradients);
}

}  // namespace plumbline::peer
