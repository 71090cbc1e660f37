#include "peer/peer.hpp"

namespace plumbline::peer {
namespace {

// How many pairs turn more than beta times in the original length, as a number with decimals.
template <class U>
U yarn_pair(const RopeScaling& s, double beta, int dim, double base) {
  const double turns = s.original_max_position / (beta * 2 * 3.141592653589793);
  return U(dim * std::log(turns) / (2 * std::log(base)));
}

// A frequency w of pair p as published code scales it for n tokens, case by case.
template <class U>
U scaled_frequency(const RopeScaling& s, U w, int p, int dim, double base, int n) {
  if (s.kind == RopeScalingKind::longrope) {
    const auto& factors = n > s.original_max_position ? s.long_factor : s.short_factor;
    const int last = static_cast<int>(factors.size()) - 1;
    return 1 / (U(factors[std::size_t(std::min(p, last))]) * (1 / w));
  }
  if (s.kind == RopeScalingKind::dynamic) {
    if (p == 0 || n <= s.original_max_position) return w;
    const U grown = U(s.factor) * U(n) / U(s.original_max_position) - U(s.factor - 1);
    return 1 / std::pow(U(base) * std::pow(grown, U(dim) / U(dim - 2)), U(2 * p) / U(dim));
  }
  const U less = w / U(s.factor);
  if (s.kind == RopeScalingKind::linear) return less;
  if (s.kind == RopeScalingKind::llama3) {
    const U wavelength = U(2 * 3.141592653589793) / w, old = U(s.original_max_position);
    if (wavelength < old / U(s.high_freq_factor)) return w;
    if (wavelength > old / U(s.low_freq_factor)) return less;
    const U smooth = (old / wavelength - U(s.low_freq_factor)) / U(s.high_freq_factor - s.low_freq_factor);
    return (1 - smooth) * less + smooth * w;
  }
  U low = yarn_pair<U>(s, s.beta_fast, dim, base), high = yarn_pair<U>(s, s.beta_slow, dim, base);
  if (s.truncate) low = std::floor(low), high = std::ceil(high);
  low = std::max(low, U(0)), high = std::min(high, U(dim - 1));
  if (low == high) high += U(0.001);
  const U ramp = std::min(std::max((U(p) - low) / (high - low), U(0)), U(1));
  return less * ramp + w * (1 - ramp);
}

double amplitude(const RopeSpec& r) {
  if (!r.scaling) return 1;
  const RopeScaling& s = *r.scaling;
  const double longer = std::log(std::max(s.factor, 1.0));
  if (s.kind == RopeScalingKind::yarn) return s.attention_factor.value_or(0.1 * longer + 1);
  if (s.kind != RopeScalingKind::longrope) return 1;
  return s.attention_factor.value_or(std::sqrt(1 + longer / std::log(s.original_max_position)));
}

}  // namespace

// One head of one sequence.
template <class T>
Array<T> Peer<T>::rotated(A x, int direction) const {
  const RopeSpec& r = *s_.position.rope;
  const int half = r.rotary_dim / 2;
  for (int p = 0; p < half; ++p)
    for (int t = 0; t < x.rows; ++t) {
      T c, s;
      if (k_.variant.double_tables) {
        double frequency = std::pow(r.base, -2.0 * p / r.rotary_dim);
        if (r.scaling) frequency = scaled_frequency(*r.scaling, frequency, p, r.rotary_dim, r.base, x.rows);
        const double angle = t * frequency;
        c = T(std::cos(angle)), s = T(std::sin(angle));
      } else {
        T frequency = 1 / std::pow(T(r.base), T(2 * p) / T(r.rotary_dim));
        if (r.scaling) frequency = scaled_frequency(*r.scaling, frequency, p, r.rotary_dim, r.base, x.rows);
        const T angle = T(t) * frequency;
        c = std::cos(angle), s = std::sin(angle);
      }
      if (const T m = T(amplitude(r)); m != 1) c *= m, s *= m;
      c = k_.op(c), s = k_.op(s * T(direction * r.sign));
      const int i = r.style == RopeStyle::half ? p : 2 * p,
                j = r.style == RopeStyle::half ? p + half : 2 * p + 1;
      const T a = x(t, i), b = x(t, j);
      x(t, i) = k_.op(k_.op(a * c) - k_.op(b * s));
      x(t, j) = k_.op(k_.op(b * c) + k_.op(a * s));
    }
  return k_.store(x);
}

// Queries, keys or values [B T, heads h]: norm and rotation, in the order of the spec.
template <class T>
Result<T> Peer<T>::positioned(const NormSlot& slot, const std::string& name, int heads, const A& x,
                              bool rotates) {
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
  if (s_.position.rope && rotates) {
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

template <class T>
bool Peer<T>::sees(int i, int j) const {
  const AttentionSpec& a = s_.attention;
  if (a.mask.kind == MaskKind::bidirectional) return true;
  const int distance = first_position_ + i - j;
  if (a.mask.kind == MaskKind::causal_chunked)
    return distance >= 0 && (first_position_ + i) / *a.mask.window == j / *a.mask.window;
  if (a.mask.kind == MaskKind::sliding) return std::abs(distance) < *a.mask.window;
  return distance >= 0 && (a.mask.kind == MaskKind::causal || distance < *a.mask.window);
}

template <class T>
T Peer<T>::score_factor() const {
  const AttentionSpec& a = s_.attention;
  const double radicand = a.scale.rule == ScaleRule::inv_sqrt_head_dim ? a.head_dim
                          : a.scale.rule == ScaleRule::one             ? 1
                                                                       : *a.scale.value;
  return T(a.scale.mult) / std::sqrt(T(radicand));
}

template <class T>
T Peer<T>::scaled(T x) const {
  const AttentionSpec& a = s_.attention;
  if (k_.variant.divides_by_root && a.scale.rule == ScaleRule::inv_sqrt_head_dim && a.scale.mult == 1)
    return x / std::sqrt(T(a.head_dim));
  return x * score_factor();
}

template <class T>
T Peer<T>::raw_score(const A& q, const A& k, int i, int j) const {
  return k_.sum(q.cols, [&](int c) { return k_.product(q(i, c), k(j, c)); });
}

// Of ALiBi: as its authors compute them, by powers of a base that is rounded.
template <class T>
T Peer<T>::slope(int head) const {
  if (!s_.position.bias) return 0;
  const int n = s_.attention.n_heads, most = s_.position.bias->max_bias;
  int below = 1;
  while (2 * below <= n) below *= 2;
  const bool is_beyond = head >= below;
  const T base = T(std::pow(2.0, -double(most) / (is_beyond ? 2 * below : below)));
  return std::pow(base, T(is_beyond ? 2 * (head - below) + 1 : head + 1));
}

template <class T>
typename Peer<T>::Head Peer<T>::one_head(A q, A k, A v, T slope, std::optional<T> sink) {
  const auto& cap = s_.attention.softcap.cap;
  Head head{q, k, v, A(q.rows, k.rows), A(q.rows, v.cols), A(q.rows, k.rows), A(q.rows, 1), slope, sink};
  const bool by_roots = k_.variant.roots_of_scale && score_factor() > 0;
  if (by_roots) {
    const T root = std::sqrt(score_factor());
    for (A* a : {&q, &k})
      for (T& x : a->v) x *= root;
  }
  for (int i = 0; i < q.rows; ++i) {
    std::vector<T> score(k.rows);
    T largest = sink.value_or(-INFINITY);
    for (int j = 0; j < k.rows; ++j) {
      if (!sees(i, j)) continue;
      T x = k_.may_store(raw_score(q, k, i, j), "products");
      x = k_.may_store(k_.op(by_roots ? x : scaled(x)), "scores");
      if (cap) {
        head.t(i, j) = k_.may_store(k_.op(std::tanh(k_.may_store(k_.op(x / T(*cap)), "over cap"))), "tanh");
        x = k_.may_store(k_.op(head.t(i, j) * T(*cap)), "capped");
      }
      if (slope != 0) x = k_.may_store(k_.op(x + k_.may_store(position_bias(slope, i, j), "bias")), "biased");
      score[j] = x;
      largest = std::max(largest, x);
    }
    T total;
    if (k_.variant.online_softmax) {
      T running = sink.value_or(-INFINITY);
      total = sink ? 1 : 0;
      for (int j = 0; j < k.rows; ++j) {
        if (!sees(i, j)) continue;
        const T next = std::max(running, score[j]);
        total = total * std::exp(running - next) + std::exp(score[j] - next);
        running = next;
      }
    } else {
      total = k_.sum(k.rows,
                     [&](int j) { return sees(i, j) ? k_.op(std::exp(k_.op(score[j] - largest))) : T(0); });
      if (sink) total = k_.op(total + k_.op(std::exp(k_.op(*sink - largest))));
    }
    head.log_sum(i, 0) = largest + std::log(total);
    const bool at_end = k_.variant.divides_at_end;
    for (int j = 0; j < k.rows; ++j) {
      const T e = sees(i, j) ? k_.op(std::exp(k_.op(score[j] - largest))) : T(0);
      head.p(i, j) = at_end ? k_.to_storage(e) / total : k_.to_storage(e / total);
    }
    for (int c = 0; c < v.cols; ++c) {
      const auto term = [&](int j) {
        return k_.product(at_end ? head.p(i, j) * total : head.p(i, j), v(j, c));
      };
      const T sum = k_.sum(k.rows, term);
      head.o(i, c) = k_.to_storage(at_end ? sum / total : sum);
    }
  }
  return head;
}

// Probabilities as the backward pass of flash attention recomputes them: sums in another order, no rounding
// of the scores.
template <class T>
typename Peer<T>::A Peer<T>::anew(const Head& x) const {
  A p(x.p.rows, x.p.cols);
  for (int i = 0; i < p.rows; ++i)
    for (int j = 0; j < p.cols; ++j) {
      if (!sees(i, j)) continue;
      T product = 0;
      for (int c = x.q.cols; c-- > 0;) product += k_.product(x.q(i, c), x.k(j, c));
      p(i, j) = k_.to_storage(
          std::exp(std::fma(product, score_factor(), position_bias(x.slope, i, j) - x.log_sum(i, 0))));
    }
  return p;
}

// to += a^T b; in the accumulator's type.
template <class T>
void Peer<T>::add_product(A& to, const A& a, const A& b, const char* place) const {
  if (k_.variant.sums_go_on) {
    for (int i = 0; i < to.rows; ++i)
      for (int j = 0; j < to.cols; ++j)
        for (int t = 0; t < a.rows; ++t) to(i, j) += k_.product(a(t, i), b(t, j));
    return;
  }
  const A one = k_.transposed_times(a, b);
  for (std::size_t i = 0; i < to.v.size(); ++i) to.v[i] += k_.may_store(one.v[i], place);
}

// Gradients of one head; dk and dv are added to. That of its sink is returned.
template <class T>
T Peer<T>::pull_head(const Head& x, const A& g, A& dq, A& dk, A& dv) {
  const auto& cap = s_.attention.softcap.cap;
  const A p = k_.variant.recomputes && !cap ? anew(x) : x.p;
  A ds(x.p.rows, x.p.cols);
  T of_sink = 0;
  for (int i = 0; i < g.rows; ++i) {
    std::vector<T> dp(x.k.rows);
    for (int j = 0; j < x.k.rows; ++j)
      if (sees(i, j))
        dp[j] = k_.may_store(k_.sum(g.cols, [&](int c) { return k_.product(g(i, c), x.v(j, c)); }),
                             "grad probabilities");
    const T mean =
        k_.variant.output_dot
            ? k_.sum(g.cols, [&](int c) { return g(i, c) * x.o(i, c); })
            : k_.sum(x.k.rows, [&](int j) { return sees(i, j) ? k_.op(x.p(i, j) * dp[j]) : T(0); });
    if (x.sink) of_sink -= std::exp(*x.sink - x.log_sum(i, 0)) * mean;
    for (int j = 0; j < x.k.rows; ++j) {
      if (!sees(i, j)) continue;
      T d = k_.may_store(k_.op(p(i, j) * k_.op(dp[j] - mean)), "grad scores");
      if (cap) d = k_.may_store(k_.op(d * k_.op(1 - k_.op(x.t(i, j) * x.t(i, j)))), "grad capped");
      ds(i, j) = k_.to_storage(k_.op(scaled(d)));
    }
  }
  dq = k_.store(k_.times(ds, x.k));
  add_product(dk, ds, x.q, "grad k of a head");
  add_product(dv, p, g, "grad v of a head");
  return of_sink;
}

template <class T>
typename Peer<T>::Heads Peer<T>::all_heads(const std::string& name, const A& q, const A& k, const A& v) {
  const AttentionSpec& a = s_.attention;
  const int h = a.head_dim, group = a.n_heads / a.n_kv_heads;
  const int tokens = q.rows / batch_, key_tokens = k.rows / batch_;
  first_position_ = a.mask.alignment == CausalAlignment::bottom_right ? key_tokens - tokens : 0;
  const auto sink = [&](int i) {
    return a.sink.present ? std::optional(parameters_.at(name + "sink")(0, i)) : std::nullopt;
  };
  std::vector<Head> heads;
  A o(q.rows, a.n_heads * h);
  for (int b = 0; b < batch_; ++b)
    for (int i = 0; i < a.n_heads; ++i) {
      const int kv = i / group;
      heads.push_back(one_head(columns(sequence(q, b), i * h, h), columns(sequence(k, b), kv * h, h),
                               columns(sequence(v, b), kv * h, h), slope(i), sink(i)));
      put(o, b * tokens, i * h, heads.back().o);
    }
  return {o, [=, this](const A& g) {
            Cotangents d{A(q.rows, q.cols), A(k.rows, k.cols), A(v.rows, v.cols)};
            A of_sinks(1, a.n_heads);
            for (int b = 0; b < batch_; ++b)
              for (int kv = 0; kv < a.n_kv_heads; ++kv) {
                A one_k(key_tokens, h), one_v(key_tokens, h), one_q;
                for (int i = kv * group; i < (kv + 1) * group; ++i) {
                  of_sinks(0, i) += pull_head(heads[b * a.n_heads + i], columns(sequence(g, b), i * h, h),
                                              one_q, one_k, one_v);
                  put(d.q, b * tokens, i * h, one_q);
                }
                put(d.k, b * key_tokens, kv * h, k_.store(one_k));
                put(d.v, b * key_tokens, kv * h, k_.store(one_v));
              }
            if (a.sink.present) add_gradient(name + "sink", of_sinks);
            return d;
          }};
}

// f(gate_proj x)
template <class T>
Result<T> Peer<T>::gate(const std::string& name, const A& x) {
  const Activation f = *s_.attention.gate;
  const R raw = linear(name + "gate_proj", false, x);
  A open = raw.y;
  for (T& v : open.v) v = k_.may_store(k_.activation(f, v), "gate");
  return {open, [=, this](A g) {
            for (std::size_t i = 0; i < g.v.size(); ++i)
              g.v[i] = k_.to_storage(k_.op(g.v[i] * k_.slope(f, raw.y.v[i])));
            return raw.pull(g);
          }};
}

template <class T>
Result<T> Peer<T>::sdpa(const A& q) {
  const Heads heads = all_heads("", q, parameters_.at("k"), parameters_.at("v"));
  return {heads.o, [=, this](const A& g) {
            const Cotangents d = heads.pull(g);
            add_gradient("k", d.k);
            add_gradient("v", d.v);
            return d.q;
          }};
}

template <class T>
Result<T> Peer<T>::attention(const std::string& name, const A& x) {
  const AttentionSpec& a = s_.attention;
  const R q0 = linear(name + "q_proj", a.bias.q, x), k0 = linear(name + "k_proj", a.bias.k, x),
          v0 = linear(name + "v_proj", a.bias.v, x);
  const R q = positioned(s_.norm_slots.attn.q, name + "norm_q", a.n_heads, q0.y);
  const R k = positioned(s_.norm_slots.attn.k, name + "norm_k", a.n_kv_heads, k0.y);
  const R v = positioned(s_.norm_slots.attn.v, name + "norm_v", a.n_kv_heads, v0.y, false);
  const Heads heads = all_heads(name, q.y, k.y, v.y);
  const R open = a.gate ? gate(name, x) : R{};
  A o = heads.o;
  for (std::size_t i = 0; a.gate && i < o.v.size(); ++i) o.v[i] = k_.to_storage(o.v[i] * open.y.v[i]);
  const R mid = norm(s_.norm_slots.attn.mid, name + "norm_mid", o);
  const R out = linear(name + "o_proj", a.bias.o, mid.y);
  return {out.y, [=, this](const A& g) {
            A gh = mid.pull(out.pull(g)), of_open = gh;
            for (std::size_t i = 0; a.gate && i < gh.v.size(); ++i) {
              of_open.v[i] = k_.may_store(gh.v[i] * heads.o.v[i], "grad gate");
              gh.v[i] = k_.to_storage(gh.v[i] * open.y.v[i]);
            }
            const Cotangents d = heads.pull(gh);
            const A dx = k_.plus(k_.plus(q0.pull(q.pull(d.q)), k0.pull(k.pull(d.k))), v0.pull(v.pull(d.v)));
            return a.gate ? k_.plus(dx, open.pull(of_open)) : dx;
          }};
}

template Result<float> Peer<float>::sdpa(const A&);
template Result<double> Peer<double>::sdpa(const A&);
template Result<float> Peer<float>::attention(const std::string&, const A&);
template Result<double> Peer<double>::attention(const std::string&, const A&);

}  // namespace plumbline::peer
