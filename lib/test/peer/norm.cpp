#include "peer/peer.hpp"

namespace plumbline::peer {

template <class T>
Result<T> Peer<T>::linear(const std::string& name, bool bias, const A& x) {
  const A& w = parameters_.at(name + ".weight");
  A y = k_.times_transposed(x, w);
  if (bias) {
    const A& b = parameters_.at(name + ".bias");
    if (k_.variant.bias_apart) y = k_.store(y);
    for (int i = 0; i < y.rows; ++i)
      for (int j = 0; j < y.cols; ++j)
        if (k_.variant.bias_first) {
          y(i, j) = b(0, j);
          for (int k = 0; k < x.cols; ++k) y(i, j) += k_.product(x(i, k), w(j, k));
        } else {
          y(i, j) += b(0, j);
        }
  }
  return {k_.store(y), [=, this](const A& g) {
            add_gradient(name + ".weight", k_.transposed_times(g, x));
            if (bias) add_gradient(name + ".bias", k_.sum_of_rows(g));
            return k_.store(k_.times(g, parameters_.at(name + ".weight")));
          }};
}

template <class T>
void Peer<T>::statistics(const NormSpec& n, const A& x, int i, T& mean, T& factor) {
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
    variance =
        k_.op(k_.sum(d, [&](int j) { return k_.op(k_.op(x(i, j) - mean) * k_.op(x(i, j) - mean)); }) / T(d));
  }
  factor = k_.op(1 / k_.op(std::sqrt(k_.op(variance + T(n.eps)))));
  if (k_.variant.stored_statistics) mean = k_.to_storage(mean), factor = k_.to_storage(factor);
}

template <class T>
Result<T> Peer<T>::dyt(const NormSpec& n, const std::string& name, const A& x) {
  const T alpha = parameters_.at(name + ".alpha")(0, 0);
  const auto gain = [n, name, this](int j) {
    return n.gain ? k_.op(T(n.gain_offset) + parameters_.at(name + ".weight")(0, j)) : T(1);
  };
  A t(x.rows, x.cols), y(x.rows, x.cols);
  for (int i = 0; i < x.rows; ++i)
    for (int j = 0; j < x.cols; ++j) {
      t(i, j) = k_.may_store(k_.op(std::tanh(k_.may_store(k_.op(alpha * x(i, j)), "product"))), "normalized");
      T v = n.gain ? k_.may_store(k_.op(t(i, j) * gain(j)), "scaled") : t(i, j);
      if (n.bias) v = k_.op(v + parameters_.at(name + ".bias")(0, j));
      y(i, j) = v;
    }
  return {k_.store(y), [=, this](const A& g) {
            A dx(g.rows, g.cols), dgain(1, g.cols), dalpha(1, 1);
            for (int j = 0; j < g.cols && n.gain; ++j)
              dgain(0, j) = k_.sum(g.rows, [&](int i) { return k_.op(g(i, j) * t(i, j)); });
            if (n.gain) add_gradient(name + ".weight", dgain);
            if (n.bias) add_gradient(name + ".bias", k_.sum_of_rows(g));
            for (int i = 0; i < g.rows; ++i)
              for (int j = 0; j < g.cols; ++j)
                dx(i, j) = k_.op(k_.op(g(i, j) * gain(j)) * k_.op(1 - k_.op(t(i, j) * t(i, j))));
            dalpha(0, 0) = k_.sum(g.rows * g.cols, [&](int e) {
              return k_.op(dx(e / g.cols, e % g.cols) * x(e / g.cols, e % g.cols));
            });
            add_gradient(name + ".alpha", dalpha);
            for (T& v : dx.v) v = k_.op(v * alpha);
            return k_.store(dx);
          }};
}

template <class T>
Result<T> Peer<T>::norm(const NormSlot& slot, const std::string& name, const A& x) {
  if (!slot) return {x, [](const A& g) { return g; }};
  const NormSpec n = *slot;
  if (n.kind == NormKind::dyt) return dyt(n, name, x);
  if (!averages(n))
    throw Error("kind: expected layer_norm, rms_norm or dyt, found " + std::string(name_of(n.kind)));
  A normalized(x.rows, x.cols), stored(x.rows, x.cols), y(x.rows, x.cols);
  std::vector<T> factors(x.rows), means(x.rows);
  const auto gain = [n, name, this](int j) {
    return n.gain ? k_.op(T(n.gain_offset) + parameters_.at(name + ".weight")(0, j)) : T(1);
  };
  for (int i = 0; i < x.rows; ++i) {
    T mean;
    statistics(n, x, i, mean, factors[i]);
    means[i] = mean;
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
              if (centres && k_.variant.uncentred) {
                const T ds = k_.sum(d, [&](int j) { return u[j] * x(i, j); }), db = a * T(d), r = factors[i];
                const T slope = (db * means[i] - ds) * r * r * r / T(d), offset = -slope * means[i] - r * a;
                for (int j = 0; j < d; ++j) dx(i, j) = r * u[j] + slope * x(i, j) + offset;
                continue;
              }
              const T b = k_.op(k_.sum(d, [&](int j) { return k_.op(u[j] * hat(i, j)); }) / T(d));
              for (int j = 0; j < d; ++j)
                dx(i, j) = k_.op(factors[i] * k_.op(k_.op(u[j] - a) - k_.op(hat(i, j) * b)));
            }
            return k_.store(dx);
          }};
}

template Result<float> Peer<float>::linear(const std::string&, bool, const A&);
template Result<double> Peer<double>::linear(const std::string&, bool, const A&);
template Result<float> Peer<float>::dyt(const NormSpec&, const std::string&, const A&);
template Result<double> Peer<double>::dyt(const NormSpec&, const std::string&, const A&);
template Result<float> Peer<float>::norm(const NormSlot&, const std::string&, const A&);
template Result<double> Peer<double>::norm(const NormSlot&, const std::string&, const A&);

}  // namespace plumbline::peer
