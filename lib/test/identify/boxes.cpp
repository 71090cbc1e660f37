#include "identify/boxes.hpp"

#include "peer/block.hpp"
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/cases/deviate.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/number/interval.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

const double eps[] = {1e-5, 1e-6, 1e-12, 1e-8};
const Activation activations[] = {Activation::gelu_erf, Activation::gelu_tanh, Activation::relu,
                                  Activation::silu, Activation::quick_gelu};

void vary(BlockSpec& s, int i) {
  AttentionSpec& a = s.attention;
  s.ffn.activation = activations[i % 5];
  if (i % 3 == 0)
    s.position.rope = RopeSpec{.style = i % 2 ? RopeStyle::half : RopeStyle::interleaved,
                               .rotary_dim = i % 4 ? 6 : 4,
                               .base = i % 5 ? 10000.0 : 500000.0};
  if (i % 4 == 1) a.mask.kind = MaskKind::bidirectional;
  if (i % 4 == 2) a.mask.kind = MaskKind::causal_sliding, a.mask.window = 3 + i % 3;
  if (i % 5 == 3) a.softcap.cap = 50;
  if (i % 7 == 4) a.scale.rule = ScaleRule::inv_sqrt_scalar, a.scale.value = 24;
  if (i % 2) a.bias = {false, false, false, false};
  if (i % 3 == 1) s.ffn.bias.in = s.ffn.bias.out = false;
}

template <class T>
Outputs answered(const BlockSpec& s, const Question& q) {
  return {{"y", cast<double>(evaluate<T>(s, cast<T>(q.inputs.parameters), cast<T>(q.inputs.x), q.batch))}};
}

}  // namespace

const Dimensions box_sizes{.d = 15, .n_heads = 4, .n_kv_heads = 2, .head_dim = 6, .d_ff = 21};

std::vector<Box> right_boxes() {
  std::vector<Box> boxes;
  int i = 0;
  for (const Preset& p : presets()) {
    if (!p.common) continue;  // identifying takes seconds each
    if (!p.is_layout) {
      boxes.push_back({std::string(p.name), p.make(box_sizes)});
      continue;
    }
    for (NormKind kind : {NormKind::layer_norm, NormKind::rms_norm})
      for (FeedForwardKind ffn : {FeedForwardKind::mlp, FeedForwardKind::glu}) {
        BlockSpec s = p.make(box_sizes);
        NormSpec n{.kind = kind, .eps = eps[i % 4], .bias = kind == NormKind::layer_norm};
        if (kind == NormKind::rms_norm && i % 3 == 0) n.gain_offset = 1;
        const bool has_final = s.final_norm.has_value();
        s = with_layout(s, p.name, n);
        if (has_final) s.final_norm = n;
        s.ffn.kind = ffn;
        vary(s, i++);
        boxes.push_back(
            {std::string(p.name) + " " + std::string(name_of(kind)) + " " + std::string(name_of(ffn)), s});
      }
  }
  for (const auto& more : {alibi_boxes(), dyt_boxes()}) boxes.insert(boxes.end(), more.begin(), more.end());
  return boxes;
}

std::vector<Box> alibi_boxes() {
  Box causal{"alibi", find_preset("gpt2").make(box_sizes)};
  causal.spec.position.bias = AlibiSpec{};
  Dimensions six = box_sizes;
  six.n_heads = 6, six.n_kv_heads = 3, six.head_dim = 4;
  Box both_ways{"alibi of six heads", find_preset("bert").make(six)};
  both_ways.spec.position.bias = AlibiSpec{};
  Box steep{"alibi in a window", find_preset("llama").make(box_sizes)};
  steep.spec.position = {.rope = std::nullopt, .bias = AlibiSpec{.max_bias = 4}};
  steep.spec.attention.mask.kind = MaskKind::causal_sliding, steep.spec.attention.mask.window = 5;
  return {causal, both_ways, steep};
}

std::vector<Box> dyt_boxes() {
  const NormSpec dyt{.kind = NormKind::dyt};
  Box before{"dyt", with_layout(find_preset("gpt2").make(box_sizes), "pre_norm", dyt)};
  before.spec.final_norm = dyt;
  Box after{"dyt post_norm", with_layout(find_preset("bert").make(box_sizes), "post_norm", dyt)};
  NormSpec bare = dyt;
  bare.bias = false, bare.gain_offset = 1;
  Box gated{"dyt gated", with_layout(find_preset("llama").make(box_sizes), "pre_norm", bare)};
  gated.spec.final_norm = bare;
  gated.spec.norm_slots.attn.q = gated.spec.norm_slots.attn.k =
      NormSpec{.kind = NormKind::rms_norm, .eps = 1e-6, .bias = false, .width = NormWidth::head_dim};
  return {before, after, gated};
}

std::vector<Box> preset_boxes(std::string_view part) {
  std::vector<Box> boxes;
  for (const Preset& p : presets())
    if (p.name.find(part) != p.name.npos) boxes.push_back({std::string(p.name), p.small(box_sizes)});
  return boxes;
}

Box wrong_box(const char* preset, const char* deviation) {
  return wrong_box(Box{preset, find_preset(preset).make(box_sizes)}, deviation);
}

Box wrong_box(Box box, const char* deviation) {
  box.name += std::string(" ") + deviation;
  box.wrong = &find_deviation(deviation);
  return box;
}

std::vector<identify::Tensor> tensors_of(const BlockSpec& spec) {
  std::vector<identify::Tensor> out;
  for (const ParameterShape& p : parameter_shapes(spec))
    out.push_back({p.name, p.is_vector() ? std::vector<std::int64_t>{p.cols}
                                         : std::vector<std::int64_t>{p.rows, p.cols}});
  return out;
}

BlockSpec computed_by(const Box& box) { return box.wrong ? deviating(*box.wrong, box.spec) : box.spec; }

bool is_independent(const Box& box) {
  const BlockSpec& s = box.spec;
  return !box.wrong && !s.streams && !s.position.buckets && !s.attention.latent && !s.ffn.moe &&
         s.residual == ResidualSpec{};
}

identify::BlackBox black_box(const Box& box, const Profile& profile) {
  return [=](const identify::Probe& p) -> Answer {
    const Question q{box.spec, {p.x, p.parameters, {}}, p.batch, false};
    if (is_independent(box)) {
      const peer::Storage storage =
          profile.storage == Dtype::bf16 ? peer::Storage::bfloat16 : peer::Storage::native;
      return {Answer::Kind::outputs,
              peer::answer(q, {.name = "eager", .storage = storage}, profile.storage == Dtype::f64), ""};
    }
    const Parameters<double> read = box.wrong ? as_read_by(*box.wrong, p.parameters) : p.parameters;
    const Question wrong{computed_by(box), {p.x, read, {}}, p.batch, false};
    return {Answer::Kind::outputs,
            profile.storage == Dtype::f64 ? answered<double>(wrong.spec, wrong)
                                          : answered<float>(wrong.spec, wrong),
            ""};
  };
}

namespace {

// same(y of the candidate, y of the box) of a question of every recipe, in T.
template <class T, class Same>
bool computes_in(const identify::Candidate& c, const identify::Anatomy& a, const Box& box, const Same& same) {
  for (auto [recipe, name] : names<Recipe>()) {
    const Question q =
        question_from(QuestionSettings{.spec = box.spec, .batch = 2, .recipe = recipe, .seed = 17},
                      find_profile("float32"));
    Parameters<double> ours;  // the names here
    for (const auto& [name, value] : q.inputs.parameters) ours[a.ours.at(name).name] = value;
    const Parameters<double> read =
        box.wrong ? as_read_by(*box.wrong, q.inputs.parameters) : q.inputs.parameters;
    const Matrix<T> x = cast<T>(q.inputs.x), y = evaluate<T>(computed_by(box), cast<T>(read), x, q.batch);
    if (!same(evaluate<T>(c.spec, cast<T>(as_read_by(c, ours)), x, q.batch), y)) return false;
  }
  return true;
}

// Far below what float32 shows, of a number of that size, or of 1 where it is less.
bool meet(const Interval60& a, const Interval60& b) {
  const auto is_narrow = [](const Interval60& x) { return width(x) <= 1e-40 * (1 + magnitude(x)); };
  return is_narrow(a) && is_narrow(b) && lower(a) <= upper(b) && lower(b) <= upper(a);
}

}  // namespace

bool computes_the_same(const identify::Candidate& c, const identify::Anatomy& a, const Box& box) {
  return computes_in<double>(c, a, box, [](const auto& found, const auto& right) { return found == right; });
}

bool is_the_same_function(const identify::Candidate& c, const identify::Anatomy& a, const Box& box) try {
  return computes_in<Interval60>(c, a, box, [](const auto& found, const auto& right) {
    for (Eigen::Index i = 0; i < right.size(); ++i)
      if (!meet(found.data()[i], right.data()[i])) return false;
    return true;
  });
} catch (const Error&) {  // one of them cannot be computed from these
  return false;
}

}  // namespace plumbline
