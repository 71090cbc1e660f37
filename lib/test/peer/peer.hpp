// The parts of a block that answer() joins; each returns its value and its way back.
#pragma once

#include <optional>

#include "peer/kernels.hpp"
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/cases/question.hpp"

namespace plumbline::peer {

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

  Outputs operator()(const CaseInputs& in, bool gradients) {
    const R r = part(from(in.x));
    Outputs out{{"y", back(r.y)}};
    if (!gradients) return out;
    out["grad." + std::string(input_name(s_))] = back(r.pull(from(in.cotangent)));
    for (const auto& [name, value] : parameters_)
      out["grad." + name] =
          back(gradients_.count(name) ? k_.store(gradients_[name]) : A(value.rows, value.cols));
    return out;
  }

 private:
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
  void add_gradient(const std::string& name, A g) {
    const auto it = gradients_.find(name);
    if (it == gradients_.end())
      gradients_[name] = std::move(g);
    else
      it->second = k_.plus(it->second, g);
  }

  // norm.cpp
  R linear(const std::string& name, bool bias, const A& x);
  void statistics(const NormSpec& n, const A& x, int i, T& mean, T& factor);
  R dyt(const NormSpec& n, const std::string& name, const A& x);
  R norm(const NormSlot& slot, const std::string& name, const A& x);

  // attention.cpp
  struct Head {
    A q, k, v, p, o, t, log_sum;  // t: tanh(score / cap)
    T slope;                      // of ALiBi
    std::optional<T> sink;
  };
  A rotated(A x, int direction) const;
  R positioned(const NormSlot& slot, const std::string& name, int heads, const A& x, bool rotates = true);
  bool sees(int i, int j) const;
  T score_factor() const;
  T scaled(T x) const;
  T raw_score(const A& q, const A& k, int i, int j) const;
  T slope(int head) const;
  T position_bias(T slope, int i, int j) const { return -slope * T(std::abs(first_position_ + i - j)); }
  Head one_head(A q, A k, A v, T slope, std::optional<T> sink);
  A anew(const Head& x) const;
  void add_product(A& to, const A& a, const A& b, const char* place) const;
  T pull_head(const Head& x, const A& g, A& dq, A& dk, A& dv);
  struct Cotangents {
    A q, k, v;
  };
  struct Heads {
    A o;
    std::function<Cotangents(const A&)> pull;
  };
  Heads all_heads(const std::string& name, const A& q, const A& k, const A& v);
  R gate(const std::string& name, const A& x);
  R sdpa(const A& q);
  R attention(const std::string& name, const A& x);

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

  // router.cpp
  void score(const MoeSpec& m, const A& logits, int row, A& p) const;
  void pull_score(const MoeSpec& m, const A& p, int row, A& g) const;
  R router(const A& x);

  // block.cpp
  R feed_forward(const std::string& name, const A& x);
  A joined(const A& r, const A& b) const;
  A times(double factor, A g, const char* place) const;
  template <class Branch>
  R sublayer(const NormSlot& in, const NormSlot& out, const NormSlot& post, const std::string& name,
             const A& x, Branch branch);
  R parallel(const std::string& name, const A& x);
  R stack(const A& x);
  R add_norm(const A& x);
  R part(const A& x);

  const BlockSpec& s_;
  int batch_, first_position_ = 0;
  Kernels<T> k_;
  std::map<std::string, A> parameters_, gradients_;
};

}  // namespace plumbline::peer
