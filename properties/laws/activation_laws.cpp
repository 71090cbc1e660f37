// The activations: their definitions, their symmetry, and the constants that are known of them.
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Scope activated_branch =
    ffn_alone("speaks of the feed-forward branch alone, which every layout shares");

// One channel, unit weights, no biases: the branch is the activation itself, at as many points as x has rows.
Instance activation_alone(Activation f, const Matrix<I>& x) {
  Instance at;
  at.spec.part = Part::ffn;
  at.spec.d = at.spec.ffn.d_ff = 1;
  at.spec.ffn.activation = f;
  at.spec.ffn.bias.in = at.spec.ffn.bias.out = false;
  at.x = x;
  at.parameters["layers.0.ffn.up_proj.weight"] = at.parameters["layers.0.ffn.down_proj.weight"] =
      filled(1, 1, 1);
  return at;
}
Instance activation_alone(Activation f, const I& x) {
  return activation_alone(f, Matrix<I>(Matrix<I>::Constant(1, 1, x)));
}

I value(const Subject& f, Activation a, const I& x) { return f.value(activation_alone(a, x))(0, 0); }
I slope(const Subject& f, Activation a, const I& x) {
  return f.push_forward(activation_alone(a, x), filled(1, 1, 1))(0, 0);
}

I draw_number() { return draw_matrix(1, 1)(0, 0) * I(6); }

// A literal that was rounded to its last digit: within half a unit of it.
I rounded(std::string_view literal) {
  const auto point = literal.find('.');
  const int digits = static_cast<int>(literal.size() - point - 1);
  return I(std::string(literal).c_str()) + hull(I(-1), I(1)) / (I(2) * pow(I(10), I(digits)));
}

void activation_by_definition(const Subject& f) {
  const I x = draw_number(), third = x * x * x;
  const I inner = sqrt(I(I(2) / I::pi())) * (x + I(44715) / I(1000000) * third);
  RC_ASSERT(equal(value(f, Activation::relu, x), lower(x) > 0 ? x : I(0)));
  RC_ASSERT(equal(value(f, Activation::gelu_tanh, x), I(x / I(2) * (I(1) + tanh(inner)))));
  RC_ASSERT(equal(value(f, Activation::silu, x), I(x / (I(1) + exp(I(-x))))));
  RC_ASSERT(equal(value(f, Activation::quick_gelu, x), I(x / (I(1) + exp(I(I(-1702) / I(1000) * x))))));
  // GELU = x Phi(x): Phi(x) = 1/2 + exp(-x^2/2)/sqrt(2 pi) sum_n x^(2n+1)/(1 3 5 ... (2n+1)), summed
  // to exhaustion.
  I term = x, sum = x;
  for (int n = 1; n < 250; ++n) sum += term *= x * x / I(2 * n + 1);
  sum += term * hull(I(-1), I(1));
  const I phi = I(1) / I(2) + exp(I(-x * x / I(2))) / sqrt(I(I(2) * I::pi())) * sum;
  RC_ASSERT(equal(value(f, Activation::gelu_erf, x), I(x * phi)));
}

// f(x + bias): a first projection with a bias.
I shifted_value(const Subject& f, Activation a, const I& x, const I& bias) {
  Instance at = activation_alone(a, x);
  at.spec.ffn.bias.in = true;
  at.parameters["layers.0.ffn.up_proj.bias"] = Matrix<I>::Constant(1, 1, bias);
  return f.value(at)(0, 0);
}

void odd_part_is_half_of_x(const Subject& f) {
  const Activation a = *rc::gen::element(Activation::relu, Activation::gelu_erf, Activation::gelu_tanh,
                                         Activation::silu, Activation::quick_gelu);
  const I x = draw_number(), b = draw_number() + I(7);
  RC_ASSERT(equal(shifted_value(f, a, x, b) - shifted_value(f, a, I(-x), I(-b)), I(x + b)));
}

// What is known of each smooth activation: the largest slope and where, the least value. 30 digits.
struct Constants {
  Activation activation;
  std::string_view steepest, at, least;
};
constexpr Constants known[] = {
    {Activation::gelu_erf, "1.12890414518515478634074444226", "1.41421356237309504880168872421",
     "-0.169971207479903661693868470982"},
    {Activation::gelu_tanh, "1.12899306865877176545590447040", "1.41850400879082835554803354560",
     "-0.170040750571254050639067427988"},
    {Activation::silu, "1.09983932012886691695818492432", "2.39935728051546766783273969728",
     "-0.278464542761073795109358739023"},
};

// phi'(x) + phi'(-x) = 1: the smallest slope is 1 minus the largest.
void slopes_have_a_known_range(const Subject& f) {
  const Constants& k = *rc::gen::elementOf(std::vector<Constants>(std::begin(known), std::end(known)));
  const I sup = rounded(k.steepest), near = I(std::string(k.at).c_str()) + draw_number() * I(0x1p-20);
  RC_ASSERT(equal(slope(f, k.activation, I(std::string(k.at).c_str())), sup));
  for (const I& x : {draw_number(), near, I(-near)}) {
    RC_ASSERT(at_most(slope(f, k.activation, x), sup));
    RC_ASSERT(at_most(I(1) - sup, slope(f, k.activation, x)));
  }
}

void gelu_is_steepest_where_it_can_be_said(const Subject& f) {
  I e = exp(I(1)), erf_of_one = I(1) - erfc(I(1));
  const I sup = (I(1) + erf_of_one) / I(2) + I(1) / (e * sqrt(I::pi()));
  RC_ASSERT(equal(slope(f, Activation::gelu_erf, sqrt(I(2))), sup));
  RC_ASSERT(at_most(slope(f, Activation::gelu_erf, draw_number()), sup));
}

void quick_gelu_is_a_narrow_silu(const Subject& f) {
  const I x = draw_number(), k = I(1702) / I(1000);
  RC_ASSERT(equal(value(f, Activation::quick_gelu, I(x / k)) * k,
                  reference.value(activation_alone(Activation::silu, x))(0, 0)));
  RC_ASSERT(equal(slope(f, Activation::quick_gelu, I(x / k)), slope(reference, Activation::silu, x)));
}

// Where the slope changes its sign, by bisection of [-2, -1/8].
I least_point(const Subject& f, Activation a) {
  I falling(-2), rising = I(-1) / I(8);
  for (int step = 0; step < 64; ++step) {
    const I x = middle(I((falling + rising) / I(2)));
    (lower(slope(f, a, x)) > 0 ? rising : falling) = x;
  }
  return rising;
}

void least_values_are_known(const Subject& f) {
  const Constants& k = *rc::gen::elementOf(std::vector<Constants>(std::begin(known), std::end(known)));
  const I least = rounded(k.least);
  RC_ASSERT(equal(value(f, k.activation, least_point(f, k.activation)), least));
  RC_ASSERT(at_most(least, value(f, k.activation, draw_number())));
}

// Where the variants differ most, and by how much.
struct Probe {
  Activation one, other;
  std::string_view at, difference;
};
constexpr Probe probes[] = {
    {Activation::gelu_erf, Activation::gelu_tanh, "-2.69894138637727", "-0.000473235520687284877"},
    {Activation::gelu_erf, Activation::quick_gelu, "-2.27039773719661700", "0.0203348722092392302"},
    {Activation::gelu_erf, Activation::silu, "1.96546896409309929", "0.193001987980009643"},
};

void variants_differ_by_known_amounts(const Subject& f) {
  for (const Probe& p : probes) {
    const I x{std::string(p.at).c_str()};
    RC_ASSERT(equal(value(f, p.one, x) - value(f, p.other, x), rounded(p.difference)));
  }
  const Probe& p = *rc::gen::elementOf(std::vector<Probe>(std::begin(probes), std::end(probes)));
  const I x = draw_number();
  RC_ASSERT(at_most(abs(I(value(f, p.one, x) - value(f, p.other, x))), abs(rounded(p.difference))));
}

// E phi(z)^2 for a standard normal z, by the trapezoidal rule with step h from any offset. For g analytic in
// |Im x| < a the error is at most 2 M/(exp(2 pi a/h) - 1), M = sup of the integral of |g(x + i y)|; for
// g = (x Phi)^2 phi and a = 8 that is far below 2^-150, and so is the tail beyond 16. (Trefethen and
// Weideman, SIAM Review 56, 2014, theorem 5.1.) |Phi(x + i y)| <= 1 + y exp(y^2/2)/sqrt(2 pi).
void mean_square_of_gelu(const Subject& f) {
  const I h = I(1) / I(4), a(8), offset = draw_matrix(1, 1)(0, 0) * h;
  Matrix<I> x(129, 1);
  for (int i = 0; i < 129; ++i) x(i, 0) = offset + I(i - 64) * h;
  const Matrix<I> y = f.value(activation_alone(Activation::gelu_erf, x));
  I sum(0);
  for (int i = 0; i < 129; ++i) sum += y(i, 0) * y(i, 0) * exp(I(-x(i, 0) * x(i, 0) / I(2)));
  const I root = sqrt(I(I(2) * I::pi())), growth = exp(I(a * a / I(2)));
  const I phi = I(1) + a * growth / root;
  const I analytic = I(2) * phi * phi * growth * (I(1) + a * a) / (exp(I(I(2) * I::pi() * a / h)) - I(1));
  const I tail = I(2) * I(16) * exp(I(-I(15) * I(15) / I(2)));
  const I exact = I(1) / I(3) + I(1) / (I(2) * I::pi() * sqrt(I(3)));
  RC_ASSERT(equal(sum * h / root + (analytic + tail) * hull(I(-1), I(1)), exact));
}

void mean_square_of_relu(const Subject& f) {
  const I x = draw_number(), plus = shifted_value(f, Activation::relu, x, I(7)),
          minus = shifted_value(f, Activation::relu, I(-x), I(-7));
  RC_ASSERT(equal(plus * plus + minus * minus, I((x + I(7)) * (x + I(7)))));
}

}  // namespace

const std::vector<Law>& activation_laws() {
  static const std::vector<Law> laws{
      {"ACT-1",
       "each activation is its definition (GELU against its power series)",
       activated_branch,
       activation_by_definition,
       {"activation/erf-for-tanh", "activation/tanh-for-erf", "activation/quick-for-silu",
        "activation/silu-for-quick", "activation/relu"}},
      {"ACT-2",
       "f(x) - f(-x) = x for ReLU, GELU, SiLU and QuickGELU",
       activated_branch,
       odd_part_is_half_of_x,
       {"bias/ffn-in-missing"}},
      {"ACT-3",
       "the largest slopes of GELU, tanh-GELU and SiLU are the known constants, to 30 digits",
       activated_branch,
       slopes_have_a_known_range,
       {"activation/erf-for-tanh", "activation/tanh-for-erf", "activation/quick-for-silu", "activation/relu",
        "dual/activation-slope"}},
      {"ACT-3b",
       "GELU is steepest at sqrt 2: (1 + erf 1)/2 + 1/(e sqrt pi)",
       activated_branch,
       gelu_is_steepest_where_it_can_be_said,
       {"activation/tanh-for-erf", "activation/relu", "dual/activation-slope"}},
      {"ACT-3c",
       "QuickGELU is SiLU, 1.702 times narrower: the same slopes",
       activated_branch,
       quick_gelu_is_a_narrow_silu,
       {"activation/silu-for-quick", "activation/relu", "dual/activation-slope"}},
      {"ACT-4",
       "the least values of GELU, tanh-GELU and SiLU are the known constants, to 30 digits",
       activated_branch,
       least_values_are_known,
       {"activation/erf-for-tanh", "activation/tanh-for-erf", "activation/quick-for-silu",
        "activation/relu"}},
      {"ACT-5",
       "E GELU(z)^2 = 1/3 + 1/(2 pi sqrt 3) for a standard normal z",
       activated_branch,
       mean_square_of_gelu,
       {"activation/tanh-for-erf", "activation/relu"}},
      {"ACT-5b",
       "ReLU(x)^2 + ReLU(-x)^2 = x^2, so E ReLU(z)^2 = 1/2",
       activated_branch,
       mean_square_of_relu,
       {"bias/ffn-in-missing"}},
      {"ACT-6",
       "erf-GELU differs from tanh-GELU, QuickGELU and SiLU by at most the known constants, attained",
       activated_branch,
       variants_differ_by_known_amounts,
       {"activation/erf-for-tanh", "activation/tanh-for-erf", "activation/quick-for-silu",
        "activation/silu-for-quick", "activation/relu"}},
  };
  return laws;
}

}  // namespace plumbline::properties
