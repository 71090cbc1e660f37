// How branches join the stream: each rule is its definition, put together by hand from the parts of a block.
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Scope one_placement = both_norms(
    {"pre_norm"}, "speaks of what joins a branch to the stream, and one placement of norms is enough");

// F(N(x)) of a sublayer, whose parameters begin with that name.
Matrix<I> behind_its_norm(const Instance& at, Part part, const std::string& name, const Matrix<I>& x) {
  const NormSlot& in = part == Part::attention ? at.spec.norm_slots.attn.in : at.spec.norm_slots.ffn.in;
  return reference.value(part_alone(at, part, reference.value(norm_alone(at, in, name + "norm_in", x))));
}

const std::pair<Part, const char*> both_sublayers[] = {{Part::attention, "layers.0.attn."},
                                                       {Part::ffn, "layers.0.ffn."}};

Matrix<I> by_channel(const Matrix<I>& x, const Matrix<I>& gain) {
  Matrix<I> y = x;
  for (Eigen::Index t = 0; t < y.rows(); ++t) y.row(t) = x.row(t).cwiseProduct(gain);
  return y;
}

Matrix<I> directions(const Matrix<I>& x) {
  Matrix<I> y = x;
  for (Eigen::Index t = 0; t < y.rows(); ++t) y.row(t) = x.row(t) / sqrt(dot(x.row(t), x.row(t)));
  return y;
}

void gains_by_hand(const Subject& f) {
  BlockSpec spec = draw_small_spec(f.cell());
  spec.residual.residual_gain = spec.residual.branch_gain = Sublayers::both;
  const Instance at = draw_instance(spec);
  Matrix<I> y = at.x;
  for (const auto& [part, name] : both_sublayers) {
    const Matrix<I> b = behind_its_norm(at, part, name, y);
    y = by_channel(y, at.parameters.at(std::string(name) + "residual_gain")) +
        by_channel(b, at.parameters.at(std::string(name) + "branch_gain"));
  }
  RC_ASSERT(equal(f.value(at), y));
}

void lerp_by_hand(const Subject& f) {
  BlockSpec spec = draw_small_spec(f.cell());
  spec.residual.rule = ResidualRule::lerp;
  spec.residual.lerp_scale = *rc::gen::element(0.25, 0.5);
  const Instance at = draw_instance(spec);
  Matrix<I> y = at.x;
  for (const auto& [part, name] : both_sublayers) {
    const Matrix<I> to = directions(behind_its_norm(at, part, name, y)), from = directions(y);
    Matrix<I> share = at.parameters.at(std::string(name) + "lerp_rate");
    for (Eigen::Index i = 0; i < share.size(); ++i)
      share.data()[i] = abs(share.data()[i]) * I(spec.residual.lerp_scale);
    const Matrix<I> rest = (I(1) - share.array()).matrix();
    y = directions(by_channel(from, rest) + by_channel(to, share));
  }
  RC_ASSERT(equal(f.value(at), y));
}

I silu(const I& a) { return a / (I(1) + exp(I(-a))); }
// s + a s (1 - s), s the logistic function.
I slope_of_silu(const I& a) {
  const I s = I(1) / (I(1) + exp(I(-a)));
  return s + a * s * (I(1) - s);
}
I gate_of(const Instance& at, const std::string& name) { return at.parameters.at(name + "gpas")(0, 0); }

void gpas_by_hand(const Subject& f) {
  BlockSpec spec = draw_small_spec(f.cell());
  spec.residual.gpas = Sublayers::both;
  const Instance at = draw_instance(spec);
  Matrix<I> y = at.x;
  for (const auto& [part, name] : both_sublayers)
    y = (y + behind_its_norm(at, part, name, y)) * I(I(1) - silu(gate_of(at, name)));
  RC_ASSERT(equal(f.value(at), y));
}

// With silent branches y = (1 - s) (1 - r) x, and J = (1 - s) (1 - r) I would be its derivative: every
// derivative that the block has takes it for I.
void gpas_stops_gradients(const Subject& f) {
  BlockSpec spec = draw_small_spec(f.cell());
  spec.residual.gpas = Sublayers::both;
  Instance at = draw_instance(spec);
  silence(at, "layers.0.attn.o_proj");
  silence(at, "layers.0.ffn.down_proj");
  const I first = gate_of(at, "layers.0.attn."), second = gate_of(at, "layers.0.ffn.");
  const Matrix<I> u = at.x * I(I(1) - silu(first));
  RC_ASSERT(equal(f.value(at), u * I(I(1) - silu(second))));

  const Matrix<I> g = draw_like(at.x);
  RC_ASSERT(equal(f.push_forward(at, g), g));
  const Gradients<I> found = f.pull_back(at, g);
  RC_ASSERT(equal(found.x, g));
  const auto expected = [&](const Matrix<I>& x, const I& a) { return I(-slope_of_silu(a) * dot(x, g)); };
  RC_ASSERT(equal(found.parameters.at("layers.0.attn.gpas")(0, 0), expected(at.x, first)));
  RC_ASSERT(equal(found.parameters.at("layers.0.ffn.gpas")(0, 0), expected(u, second)));
}

void layer_scalar_is_a_factor(const Subject& f) {
  BlockSpec spec = draw_small_spec(f.cell());
  spec.residual.layer_scalar = true;
  const Instance at = draw_instance(spec);
  Instance plain = at;
  plain.spec.residual.layer_scalar = false;
  RC_ASSERT(equal(f.value(at), reference.value(plain) * at.parameters.at("layers.0.layer_scalar")(0, 0)));
}

void depth_scale_is_in_gains(const Subject& f) {
  BlockSpec spec = draw_small_spec(f.cell());
  spec.n_layers = 3;
  spec.residual.norm_depth_scale = true;
  const Instance at = draw_quiet(spec, 2);
  Instance plain = at;
  plain.spec.residual.norm_depth_scale = false;
  for (int l = 1; l <= 3; ++l)
    for (auto& [name, value] : plain.parameters)
      if (name.starts_with("layers." + std::to_string(l - 1) + ".") && name.find(".norm_in.") != name.npos)
        value /= sqrt(I(l));
  RC_ASSERT(equal(f.value(at), reference.value(plain)));
}

}  // namespace

const std::vector<Law>& residual_laws() {
  static const std::vector<Law> laws{
      {"RES-GAIN",
       "learned gains of every channel multiply residual and branch",
       one_placement,
       gains_by_hand,
       {"residual/branch-gain-missing", "residual/gain-missing", "residual/gains-swapped"}},
      {"RES-LERP",
       "lerp goes |c a| of the way from the direction of the stream to that of the branch",
       one_placement,
       lerp_by_hand,
       {"lerp/added", "lerp/branch-not-normalized", "lerp/rate-signed", "lerp/result-not-normalized",
        "lerp/scale-missing"}},
      {"RES-GPAS", "gpas multiplies by 1 - silu(a)", one_placement, gpas_by_hand, {"gpas/missing"}},
      {"RES-GPAS-stop",
       "no derivative is what gpas does: that of x is the identity, that of a is -silu'(a) <x, g>",
       one_placement,
       gpas_stops_gradients,
       {"gpas/missing", "gpas/not-stopped"}},
      {"RES-SCALAR",
       "a layer with a scalar is that number times the layer",
       one_placement,
       layer_scalar_is_a_factor,
       {"layer-scalar/missing"}},
      {"RES-DEPTH",
       "norms before sublayers over sqrt(l) are gains and shifts over sqrt(l)",
       one_placement,
       depth_scale_is_in_gains,
       {"norm-depth-scale/missing", "norm-depth-scale/not-rooted"}},
  };
  return laws;
}

}  // namespace plumbline::properties
