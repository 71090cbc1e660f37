#include "plumbline/identify/questions.hpp"

#include <cmath>

#include "plumbline/cases/question.hpp"

namespace plumbline::identify {
namespace {

// change(value) of every parameter that is meant.
template <class Meant, class Change>
void for_each_parameter(Probe& p, const Anatomy& a, Meant is_meant, Change change) {
  for (const auto& [theirs, ours] : a.ours)
    if (is_meant(ours)) change(p.parameters.at(ours.name));
}

int gain_offset(const NormSlot& n) { return n ? n->gain_offset : 0; }

}  // namespace

void scale(Probe& p, const Anatomy& a, Module module, double factor) {
  for_each_parameter(
      p, a, [=](const ParameterShape& s) { return s.module == module; },
      [=](Matrix<double>& value) { value *= factor; });
}

void Questions::scale(Probe& p, Module module, double factor) const {
  identify::scale(p, anatomy_, module, factor);
}

void Questions::scale_weights(Probe& p, Module module, double factor) const {
  for_each_parameter(
      p, anatomy_, [=](const ParameterShape& s) { return s.module == module && s.role == Role::weight; },
      [=](Matrix<double>& value) { value *= factor; });
}

// What is 1 + weight of the candidate was scaled as a weight, and is meant as a gain.
void Questions::take_offset_from_gains_of_q(Probe& p, const Candidate& c) const {
  const double offset = gain_offset(c.spec.norm_slots.attn.q);
  for_each_parameter(
      p, anatomy_, [](const ParameterShape& s) { return s.module == Module::norm_q && s.role == Role::gain; },
      [=](Matrix<double>& value) { value.array() -= offset; });
}

Matrix<double> Questions::normal(Eigen::Index rows, Eigen::Index cols, double scale, double offset) {
  return numbers_.matrix(int(rows), int(cols), scale, offset);
}

Matrix<double> Questions::draw(const ParameterShape& p) {
  return normal(p.rows, p.cols, p.role == Role::weight ? 1 / std::sqrt(double(p.cols)) : 0.3,
                p.role == Role::gain ? 1 : 0);
}

Probe Questions::stored(Probe p) const {
  const CaseInputs in = rounded_to(CaseInputs{p.x, p.parameters, {}}, profile_.storage);
  return {in.x, in.parameters, p.batch};
}

Probe Questions::rich(int batch, int tokens) {
  Probe p{normal(batch * tokens, anatomy_.spec.d, 1), {}, batch};
  for (Eigen::Index t = 0; t < p.x.rows(); ++t) {
    if (t % 3 == 1) p.x.row(t).array() += 2;
    if (t % 3 == 2) p.x.row(t) = (p.x.row(t).array() * 0.25 - 1).matrix();
  }
  for (const Tensor& t : anatomy_.tensors) {
    const ParameterShape& ours = anatomy_.ours.at(t.name);
    p.parameters[ours.name] = draw(ours);
  }
  return p;
}

std::vector<std::pair<std::string, Probe>> Questions::wiring() {
  const auto with = [&](auto change) {
    Probe p = rich(8, 1);
    change(p);
    return stored(std::move(p));
  };
  const auto nothing = [](Probe&) {};
  if (!is_block(anatomy_.spec)) return {{"one token", with(nothing)}};
  return {{"constant branches", with([&](Probe& p) {
             for (Module m : {Module::o_proj, Module::down_proj}) scale_weights(p, m, off_);
           })},
          {"attention alone", with([&](Probe& p) { scale(p, Module::down_proj, off_); })},
          {"feed-forward alone", with([&](Probe& p) { scale(p, Module::o_proj, off_); })},
          {"one token", with(nothing)}};
}

// Where norms read v or the hidden layer, these are made small too.
Probe Questions::of_size(double size, int batch, int tokens) {
  Probe p = rich(batch, tokens);
  for (Eigen::Index t = 0; t < p.x.rows(); ++t) {
    const double spread = 3 * (double(t) / double(p.x.rows()) - 0.5);
    p.x.row(t) = normal(1, p.x.cols(), size * std::exp(spread));
  }
  scale(p, Module::o_proj, size);
  scale(p, Module::down_proj, size);
  const auto& n = anatomy_.spec.norm_slots.attn;
  if (n.q) scale(p, Module::q_proj, size);
  if (n.k) scale(p, Module::k_proj, size);
  if (n.mid || n.v) scale(p, Module::v_proj, size);
  if (anatomy_.spec.norm_slots.ffn.mid) scale(p, Module::up_proj, size);
  return stored(std::move(p));
}

Probe Questions::attention_alone(int tokens) {
  Probe p = rich(1, tokens);
  p.x = normal(tokens, p.x.cols(), 1);
  scale(p, Module::down_proj, off_);
  return p;
}

// The gain of a norm on queries is 0, whether or not 1 is added to its weight. Tables of what is added to
// scores are 0: later questions show them.
Probe Questions::uniform_attention(int tokens, const Candidate& c) {
  Probe p = attention_alone(tokens);
  if (!anatomy_.spec.norm_slots.attn.q) scale(p, Module::q_proj, 0);
  scale(p, Module::norm_q, 0);
  scale(p, Module::relative_bias, 0);
  take_offset_from_gains_of_q(p, c);
  return stored(std::move(p));
}

Probe Questions::faint_attention(int tokens, const Candidate& c) {
  Probe p = attention_alone(tokens);
  if (!anatomy_.spec.norm_slots.attn.q) scale(p, Module::q_proj, 0.25);
  scale(p, Module::norm_q, 0.25);
  take_offset_from_gains_of_q(p, c);
  return stored(std::move(p));
}

Probe Questions::steep_attention(int tokens) {
  Probe p = attention_alone(tokens);
  scale(p, anatomy_.spec.norm_slots.attn.q ? Module::norm_q : Module::q_proj, 4);
  return stored(std::move(p));
}

}  // namespace plumbline::identify
