#include "golden/generate/toy.hpp"

#include <fmt/format.h>

#include <boost/multiprecision/cpp_int.hpp>

#include "plumbline/block/evaluate.hpp"
#include "plumbline/number/digits.hpp"

namespace plumbline::golden {
namespace {

using I = Interval120;
constexpr int digits = 40;

// a/10, b/10, c/10
Matrix<I> tenths(int a, int b, int c) {
  Matrix<I> x(1, 3);
  x << I(a) / I(10), I(b) / I(10), I(c) / I(10);
  return x;
}

// eps as the exact decimal number 10^-5, which no double is, or 0.
enum class Eps { zero, hundred_thousandth };

// LN_eps(x) = LN_1(x / sqrt(eps)): the norm of the block itself, at an eps that a double has (LN-3).
Matrix<I> layer_norm(const Matrix<I>& x, Eps eps) {
  BlockSpec norm;
  norm.part = Part::norm;
  norm.d = 3;
  norm.norm_slots.attn.in = NormSpec{.eps = eps == Eps::zero ? 0.0 : 1.0, .gain = false, .bias = false};
  return evaluate(norm, {}, eps == Eps::zero ? x : Matrix<I>(x * sqrt(I(100000))));
}

I variance(const Matrix<I>& x) {
  const I mean = x.sum() / I(3);
  const Matrix<I> centred = (x.array() - mean).matrix();
  return centred.cwiseProduct(centred).sum() / I(3);
}

class Text {
 public:
  void say(const std::string& comment) { text_ += "# " + comment + "\n"; }
  void put(const std::string& name, const I& x) {
    text_ += name + " = " + certified_digits(x, digits) + "\n";
  }
  void put(const std::string& name, const Matrix<I>& x) {
    for (int i = 0; i < x.cols(); ++i) put(fmt::format("{}[{}]", name, i), x(0, i));
  }
  void put(const std::string& name, const std::string& exact) { text_ += name + " = " + exact + "\n"; }
  std::string str() const { return text_; }

 private:
  std::string text_;
};

void post_norm(Text& out, const std::string& name, Eps eps) {
  const I e = eps == Eps::zero ? I(0) : I(1) / I(100000);
  const Matrix<I> sum = tenths(42, 19, 0), u = layer_norm(sum, eps);
  const Matrix<I> z = u + tenths(1, 2, -1), y = layer_norm(z, eps);
  const I s1 = sqrt(I(variance(sum) + e)), s2 = sqrt(I(variance(z) + e));
  out.put(name + ".variance_1", variance(sum));
  out.put(name + ".rsqrt_1", I(I(1) / s1));
  out.put(name + ".u", u);
  out.put(name + ".variance_2", variance(z));
  out.put(name + ".rsqrt_2", I(I(1) / s2));
  out.put(name + ".y", y);
  out.put(name + ".y_squared", I(y.cwiseProduct(y).sum()));
  out.put(name + ".rsqrt_product", I(I(1) / (s1 * s2)));
}

// (percent / 100)^n, all its decimals.
std::string exact_power(int percent, int n) {
  const mp::cpp_int power = mp::pow(mp::cpp_int(percent), static_cast<unsigned>(n));
  std::string text = power.str();
  const std::size_t decimals = 2 * static_cast<std::size_t>(n);
  if (text.size() <= decimals) text.insert(0, decimals + 1 - text.size(), '0');
  text.insert(text.size() - decimals, ".");
  return text.substr(0, text.find_last_not_of('0') + 1);
}

I power(int percent, int n) { return exp(I(I(n) * log(I(I(percent) / I(100))))); }

}  // namespace

std::string toy_text() {
  Text out;
  out.say(
      "The founding toy example: x = [4, 2, 0], attention edit [0.2, -0.1, 0], feed-forward edit [0.1, 0.2, "
      "-0.1].");
  out.say("Every digit is proved: both ends of an enclosure round to it.");
  out.say("pre-norm: u = x + edit, y = u + edit");
  out.put("pre_norm.u", tenths(42, 19, 0));
  out.put("pre_norm.y", Matrix<I>(tenths(42, 19, 0) + tenths(1, 2, -1)));
  out.say("post-norm, unit gain, zero bias: u = LN(x + edit), y = LN(u + edit)");
  out.say("eps = 0");
  post_norm(out, "post_norm.eps_0", Eps::zero);
  out.say("eps = 10^-5, the decimal number");
  post_norm(out, "post_norm.eps_1e-5", Eps::hundred_thousandth);
  out.say(
      "chains: 1.05 a layer in pre-norm, 0.8 * 1.05 = 0.84 in post-norm; 192 sublayers where each of 96 "
      "layers has two");
  out.put("pre_norm.chain_12", exact_power(105, 12));
  out.put("post_norm.chain_12", exact_power(84, 12));
  for (int n : {96, 192}) {
    out.put(fmt::format("pre_norm.chain_{}", n), power(105, n));
    out.put(fmt::format("post_norm.chain_{}", n), power(84, n));
  }
  return out.str();
}

}  // namespace plumbline::golden
