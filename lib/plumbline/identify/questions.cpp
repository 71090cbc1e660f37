#include "plumbline/identify/questions.hpp"

#include <cmath>

#include "plumbline/cases/question.hpp"

namespace plumbline::identify {
namespace {

bool is_norm(const std::string& name) { return name.find("norm") != std::string::npos; }

Eigen::Index rows_of(const Tensor& t) { return t.shape.size() == 2 ? t.shape[0] : 1; }

int gain_offset(const NormSlot& n) { return n ? n->gain_offset : 0; }

}  // namespace

void scale(Probe& p, std::string_view part, double factor) {
  for (auto& [name, value] : p.parameters)
    if (name.find(part) != std::string::npos) value *= factor;
}

// Sum of 12 uniform numbers: the standard library's normal distribution differs between libraries.
Matrix<double> Questions::normal(Eigen::Index rows, Eigen::Index cols, double scale, double offset) {
  Matrix<double> x(rows, cols);
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    double sum = -6;
    for (int k = 0; k < 12; ++k) sum += std::ldexp(double(bits_() >> 11), -53);
    x.data()[i] = offset + scale * sum;
  }
  return x;
}

Matrix<double> Questions::draw(const std::string& ours, Eigen::Index rows, Eigen::Index cols) {
  const bool weight = ours.ends_with(".weight");
  if (is_norm(ours)) return normal(rows, cols, 0.3, weight ? 1 : 0);
  return normal(rows, cols, weight ? 1 / std::sqrt(double(cols)) : 0.3);
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
    const std::string& ours = anatomy_.ours.at(t.name);
    p.parameters[ours] = draw(ours, rows_of(t), t.shape.back());
  }
  return p;
}

std::vector<std::pair<std::string, Probe>> Questions::wiring() {
  const auto without = [&](std::initializer_list<const char*> names) {
    Probe p = rich(8, 1);
    for (const char* name : names) scale(p, name, off_);
    return stored(std::move(p));
  };
  if (!is_block(anatomy_.spec)) return {{"one token", without({})}};
  return {{"constant branches", without({"o_proj.weight", "down_proj.weight"})},
          {"attention alone", without({"down_proj"})},
          {"feed-forward alone", without({"o_proj"})},
          {"one token", without({})}};
}

// Where norms read v or the hidden layer, these are made small too.
Probe Questions::of_size(double size, int batch, int tokens) {
  Probe p = rich(batch, tokens);
  for (Eigen::Index t = 0; t < p.x.rows(); ++t) {
    const double spread = 3 * (double(t) / double(p.x.rows()) - 0.5);
    p.x.row(t) = normal(1, p.x.cols(), size * std::exp(spread));
  }
  scale(p, "o_proj", size);
  scale(p, "down_proj", size);
  const auto& n = anatomy_.spec.norm_slots.attn;
  if (n.q) scale(p, "q_proj", size);
  if (n.k) scale(p, "k_proj", size);
  if (n.mid) scale(p, "v_proj", size);
  if (anatomy_.spec.norm_slots.ffn.mid) scale(p, "up_proj", size);
  return stored(std::move(p));
}

Probe Questions::attention_alone(int tokens) {
  Probe p = rich(1, tokens);
  p.x = normal(tokens, p.x.cols(), 1);
  scale(p, "down_proj", off_);
  return p;
}

// The gain of a norm on queries is 0, whether or not 1 is added to its weight.
Probe Questions::uniform_attention(int tokens, const Candidate& c) {
  Probe p = attention_alone(tokens);
  if (!anatomy_.spec.norm_slots.attn.q) scale(p, "q_proj", 0);
  scale(p, "norm_q", 0);
  for (auto& [name, value] : p.parameters)
    if (name.ends_with("norm_q.weight")) value.array() -= gain_offset(c.spec.norm_slots.attn.q);
  return stored(std::move(p));
}

Probe Questions::faint_attention(int tokens, const Candidate& c) {
  Probe p = attention_alone(tokens);
  if (!anatomy_.spec.norm_slots.attn.q) scale(p, "q_proj", 0.25);
  scale(p, "norm_q", 0.25);
  for (auto& [name, value] : p.parameters)
    if (name.ends_with("norm_q.weight")) value.array() -= gain_offset(c.spec.norm_slots.attn.q);
  return stored(std::move(p));
}

Probe Questions::steep_attention(int tokens) {
  Probe p = attention_alone(tokens);
  scale(p, anatomy_.spec.norm_slots.attn.q ? "norm_q" : "q_proj", 4);
  return stored(std::move(p));
}

}  // namespace plumbline::identify
