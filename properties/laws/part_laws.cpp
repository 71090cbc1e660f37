// Operations by themselves: a softmax, a projection, an activation, a gate times up; and masks by chunks.
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Scope of_scores = attention_alone("speaks of scores, which every layout shares"),
            of_channels = ffn_alone("speaks of one operation, which every layout shares");

// A spec of that part and nothing else.
template <Part part>
BlockSpec part_by_itself(const Subject& f) {
  BlockSpec s = draw_spec(f.cell());
  s.part = part;
  PartOf<part>::begin(s);
  return s;
}

// cap tanh(s / cap), or s.
I capped_score(const AttentionSpec& a, const I& s) {
  return a.softcap.cap ? I(*a.softcap.cap) * tanh(I(s / I(*a.softcap.cap))) : s;
}

void softmax_is_its_definition(const Subject& f) {
  BlockSpec spec = part_by_itself<Part::softmax>(f);
  AttentionSpec& a = spec.attention;
  a.mask.kind = MaskKind::causal, a.scale.mult = 2.5;
  a.sink.present = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>()) a.softcap.cap = 0.75;
  const int tokens = 4;
  const Instance at = draw_quiet(spec, tokens);
  const Matrix<I> y = f.value(at);
  for (int i = 0; i < tokens; ++i) {
    const int seen = int(at.x.cols()) - tokens + i + 1;
    const auto e = [&](int j) { return exp(capped_score(a, at.x(i, j) * I(2.5))); };
    I total = a.sink.present ? I(exp(at.parameters.at("sink")(0, 0))) : I(0);
    for (int j = 0; j < seen; ++j) total += e(j);
    for (int j = 0; j < y.cols(); ++j) RC_ASSERT(equal(y(i, j), j < seen ? I(e(j) / total) : I(0)));
  }
}

void softmax_ignores_a_shift(const Subject& f) {
  const Instance at = draw_quiet(part_by_itself<Part::softmax>(f), 4);
  const Matrix<I> y = f.value(at);
  for (Eigen::Index t = 0; t < y.rows(); ++t) RC_ASSERT(equal(I(y.row(t).sum()), I(1)));
  RC_ASSERT(equal(f.value(at, shifted(at.x, draw_matrix(at.x.rows(), 1) * I(5))), y));
  RC_ASSERT(vanishes(f.push_forward(at, shifted(at.x * I(0), draw_matrix(at.x.rows(), 1)))));
  RC_ASSERT(vanishes(f.pull_back(at, draw_like(y)).x.rowwise().sum()));
}

void linear_is_its_definition(const Subject& f) {
  BlockSpec spec = part_by_itself<Part::linear>(f);
  if (*rc::gen::arbitrary<bool>()) spec.linear->d_out = spec.d + 2;
  RC_CLASSIFY(!spec.linear->d_out, "square");
  const Instance at = draw_instance(spec);
  Matrix<I> y = product(at.x, at.parameters.at("weight").transpose());
  for (Eigen::Index t = 0; t < y.rows(); ++t) y.row(t) += at.parameters.at("bias");
  RC_ASSERT(equal(f.value(at), y));
}

void linear_is_affine(const Subject& f) {
  const Instance at = draw_quiet(part_by_itself<Part::linear>(f), 3);
  const Matrix<I> z = draw_like(at.x), sum = at.x * I(3) - z * I(2), weight = at.parameters.at("weight");
  RC_ASSERT(equal(f.value(at, sum), f.value(at) * I(3) - f.value(at, z) * I(2)));
  RC_ASSERT(equal(f.value(at, at.x * I(0)).row(0), at.parameters.at("bias")));
  RC_ASSERT(equal(f.push_forward(at, z), product(z, weight.transpose())));
  const Gradients<I> g = f.pull_back(at, z);
  RC_ASSERT(equal(g.x, product(z, weight)));
  RC_ASSERT(equal(g.parameters.at("weight"), product(z.transpose(), at.x)));
}

// exp(-u) / (1 + exp(-u)) would do as well.
I logistic_of(const I& x) { return I(1) / (I(1) + exp(I(-x))); }

void activation_alone_is_its_definition(const Subject& f) {
  BlockSpec spec = part_by_itself<Part::activation>(f);
  const auto drawn = [&](Activation a) {
    spec.ffn.activation = a;
    return draw_quiet(spec, 3);
  };
  const auto is = [&](Activation a, auto formula) {
    const Instance at = drawn(a);
    RC_ASSERT(equal(f.value(at), at.x.unaryExpr([&](const I& x) { return I(formula(x)); }).eval()));
  };
  const auto has_odd_part = [&](Activation a, auto formula) {
    const Instance at = drawn(a);
    const Matrix<I> odd = at.x.unaryExpr([&](const I& x) { return I(formula(x)); });
    RC_ASSERT(equal(f.value(at) - f.value(at, Matrix<I>(-at.x)), odd));
  };
  is(Activation::sigmoid, [](const I& x) { return logistic_of(x); });
  is(Activation::silu, [](const I& x) { return x * logistic_of(x); });
  is(Activation::quick_gelu, [](const I& x) { return x * logistic_of(I(I(1702) / I(1000) * x)); });
  is(Activation::erf, [](const I& x) { return I(1) - erfc(x); });
  is(Activation::gelu_erf, [](const I& x) { return x / I(2) * erfc(I(-x / sqrt(I(2)))); });
  is(Activation::softplus, [](const I& x) { return log(I(I(1) + exp(x))); });
  for (Activation a : {Activation::relu, Activation::gelu_tanh, Activation::gelu_bloom})
    has_odd_part(a, [](const I& x) { return x; });
}

void gate_times_up_is_its_definition(const Subject& f) {
  BlockSpec spec = part_by_itself<Part::gated_activation>(f);
  spec.ffn.activation = Activation::silu;
  spec.ffn.packing =
      *rc::gen::element(GatePacking::gate_first, GatePacking::up_first, GatePacking::interleaved);
  if (*rc::gen::arbitrary<bool>()) spec.ffn.limit = 0.25, spec.ffn.up_offset = 1;
  RC_TAG(std::string(name_of(spec.ffn.packing)));
  const Instance at = draw_quiet(spec, 3);
  const Matrix<I> y = f.value(at);
  for (int t = 0; t < y.rows(); ++t)
    for (int j = 0; j < spec.d; ++j) {
      I gate = at.x(t, j), up = at.x(t, spec.d + j);
      if (spec.ffn.packing == GatePacking::up_first) std::swap(gate, up);
      if (spec.ffn.packing == GatePacking::interleaved) gate = at.x(t, 2 * j), up = at.x(t, 2 * j + 1);
      if (spec.ffn.limit) {
        const I most(*spec.ffn.limit);
        gate = -max(I(-gate), I(-most));
        up = max(I(-most), I(-max(I(-up), I(-most))));
      }
      RC_ASSERT(equal(y(t, j), I(gate * logistic_of(gate) * (up + I(spec.ffn.up_offset)))));
    }
}

// Without positions a chunk is attended to as if it stood alone.
void chunks_are_apart(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  const int chunk = draw_number_from(2, 3), tokens = 3 * chunk - 1;
  spec.attention.mask.kind = MaskKind::causal_chunked, spec.attention.mask.window = chunk;
  const Instance at = draw_quiet(spec, tokens);
  const Matrix<I> y = f.value(at);
  Instance alone = at;
  alone.spec.attention.mask = {};
  for (int first = 0; first < tokens; first += chunk) {
    const int count = std::min(chunk, tokens - first);
    alone.x = at.x.middleRows(first, count);
    RC_ASSERT(equal(y.middleRows(first, count), reference.value(alone)));
  }
}

}  // namespace

const std::vector<Law>& part_laws() {
  static const std::vector<Law> laws{
      {"SOFTMAX-DEF",
       "a softmax of capped and scaled scores is its definition, with a sink or without",
       of_scores,
       softmax_is_its_definition,
       {"scale/mult-missing", "softcap/missing", "sink/missing", "mask/missing", "mask/sees-next",
        "softmax/unnormalised", "softmax/over-queries"}},
      {"SOFTMAX-1",
       "rows of a softmax sum to 1, and it ignores what is added to a whole row",
       of_scores,
       softmax_ignores_a_shift,
       {"softmax/unnormalised", "softmax/over-queries", "tape/softmax-without-sum"}},
      {"LIN-DEF",
       "a projection is x W^T + b",
       of_channels,
       linear_is_its_definition,
       {"linear/bias-missing", "linear/bias-twice", "linear/transposed"}},
      {"LIN-1",
       "L(3 x - 2 z) = 3 L(x) - 2 L(z), L(0) = b, and its derivatives are z W^T, g W and g^T x",
       of_channels,
       linear_is_affine,
       {"linear/bias-missing", "linear/bias-twice", "linear/transposed", "tape/right-operand-constant"}},
      {"ACT-PART",
       "every activation by itself is its definition, or has the odd part x / 2",
       of_channels,
       activation_alone_is_its_definition,
       {"activation/quick-for-silu", "activation/silu-for-quick", "activation/tanh-for-erf",
        "activation/relu"}},
      {"GATED-DEF",
       "f(gate) (up + offset), within a limit or not, however gate and up are packed",
       of_channels,
       gate_times_up_is_its_definition,
       {"ffn/halves-for-interleaved", "ffn/interleaved-for-halves", "ffn/gate-and-up-swapped",
        "ffn/limit-missing", "ffn/up-offset-missing", "activation/quick-for-silu"}},
      {"CHUNK-1",
       "without positions a chunk is attended to as if it stood alone",
       of_scores,
       chunks_are_apart,
       {"mask/chunks-missing", "mask/window-for-chunks", "mask/missing", "mask/sees-next",
        "mask/window-too-long", "mask/window-too-short"}},
  };
  return laws;
}

}  // namespace plumbline::properties
