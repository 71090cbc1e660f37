#include "measure/swaps.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plumbline/block/evaluate.hpp"
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/number/interval.hpp"

namespace plumbline {
namespace {

// Heads, keys and widths of one size, so that as many presets as can be have tensors of the same shapes.
constexpr Dimensions sizes{.d = 12, .n_heads = 4, .n_kv_heads = 2, .head_dim = 4, .d_ff = 10};

Question question_about(const BlockSpec& s, Recipe recipe) {
  return question_from({.spec = s, .batch = 1, .tokens = 8, .gradients = true, .recipe = recipe, .seed = 1},
                       find_profile("float32"));
}

bool is_stream_norm(const ParameterShape& p) { return p.is_of_norm() && p.module == Module::norm; }

std::optional<double> constant_instead(const ParameterShape& p) {
  if (p.role == Role::bias || p.role == Role::shift) return 0;
  if (p.role == Role::gain && p.is_of_norm()) return 1 - p.gain_offset;
  return std::nullopt;
}

template <class T>
Parameters<T> answer_in(const BlockSpec& other, const Reading& reading, const Question& q) {
  Parameters<T> read;
  for (const auto& [own, instead] : reading)
    read[own.name] = instead.name.empty() ? Matrix<T>::Constant(own.rows, own.cols, T(instead.constant))
                                          : cast<T>(q.inputs.parameters.at(instead.name));
  const auto g = gradients<T>(other, read, cast<T>(q.inputs.x), cast<T>(q.inputs.cotangent), q.batch);
  Parameters<T> out{{"y", g.y}, {"grad.x", g.x}};
  for (const auto& [name, value] : q.inputs.parameters)
    out["grad." + name] = Matrix<T>::Constant(value.rows(), value.cols(), T(0));
  for (const auto& [own, instead] : reading)
    if (!instead.name.empty()) out["grad." + instead.name] = g.parameters.at(own.name);
  return out;
}

using Sixty = Interval60;  // digits

// Of a number of that size, or 1 where it is less: far below what float32 shows.
constexpr double narrow = 1e-40;

bool meet(const Sixty& a, const Sixty& b) {
  const auto is_narrow = [](const Sixty& x) { return width(x) <= narrow * (1 + magnitude(x)); };
  return is_narrow(a) && is_narrow(b) && lower(a) <= upper(b) && lower(b) <= upper(a);
}
bool meet(const Matrix<Sixty>& a, const Matrix<Sixty>& b) {
  for (Eigen::Index i = 0; i < a.size(); ++i)
    if (!meet(a.data()[i], b.data()[i])) return false;
  return true;
}

// By their own names.
Reading own_reading(const BlockSpec& s) {
  Reading out;
  for (const ParameterShape& p : parameter_shapes(s)) out.push_back({p, {p.name}});
  return out;
}

}  // namespace

std::optional<Reading> reading_of(const BlockSpec& other, const BlockSpec& asked) {
  if (input_width(other) != input_width(asked)) return std::nullopt;
  ParameterShapes left = parameter_shapes(asked);
  // The first that is meant and has these rows and columns; it is not met again.
  const auto take = [&](const ParameterShape& own, auto is_meant) -> std::optional<std::string> {
    const auto it = std::ranges::find_if(left, [&](const ParameterShape& p) {
      return p.rows == own.rows && p.cols == own.cols && is_meant(p);
    });
    if (it == left.end()) return std::nullopt;
    const std::string name = it->name;
    left.erase(it);
    return name;
  };
  Reading out;
  for (const ParameterShape& own : parameter_shapes(other))
    out.push_back({own, {take(own, [&](const auto& p) { return p.name == own.name; }).value_or("")}});
  for (auto& [own, instead] : out) {
    if (!instead.name.empty()) continue;
    if (is_stream_norm(own))
      instead.name =
          take(own, [&](const auto& p) { return is_stream_norm(p) && p.role == own.role; }).value_or("");
    if (!instead.name.empty()) continue;
    const std::optional<double> constant = constant_instead(own);
    if (!constant) return std::nullopt;
    instead.constant = *constant;
  }
  return out;
}

Outputs answer_instead(const BlockSpec& other, const Reading& reading, const Question& q) {
  Outputs out = answer_in<double>(other, reading, q);
  for (auto& [name, value] : out) value = value.cast<float>().cast<double>();
  return out;
}

bool is_the_same_function(const BlockSpec& other, const Reading& reading, const BlockSpec& asked) {
  return std::ranges::all_of(names<Recipe>(), [&](const auto& recipe) {
    const Question q = question_about(asked, recipe.first);
    const auto found = answer_in<Sixty>(other, reading, q),
               right = answer_in<Sixty>(asked, own_reading(asked), q);
    return std::ranges::all_of(right, [&](const auto& r) { return meet(r.second, found.at(r.first)); });
  });
}

Swaps swaps_of(const Preset& asked, std::span<const std::string> others) {
  const BlockSpec spec = asked.small(sizes);
  const Question q = question_about(spec, Recipe::rich);
  const Judge judge(q, find_profile("float32"));
  const Outputs own = answer_instead(spec, own_reading(spec), q);
  Swaps out{.asked = std::string(asked.name), .own = judge.unnamed(own).finding, .judged = {}};
  for (const std::string& name : others) {
    if (name == asked.name) continue;
    const BlockSpec s = find_preset(name).small(sizes);
    const std::optional<Reading> reading = reading_of(s, spec);
    if (!reading) {
      ++out.other_tensors;
      continue;
    }
    const Outputs answer = answer_instead(s, *reading, q);
    Swap swap{name, judge.unnamed(answer).finding,
              (answer.at("y") - own.at("y")).norm() / own.at("y").norm()};
    if (swap.finding == Finding::agrees) swap.same = is_the_same_function(s, *reading, spec);
    out.judged.push_back(swap);
  }
  return out;
}

Json to_json(const Swaps& swaps) {
  Json row{{"asked", swaps.asked}, {"own", name_of(swaps.own)}, {"other_tensors", swaps.other_tensors}};
  row["judged"] = swaps.judged.size();
  Json findings = Json::object(), agree = Json::array();
  const Swap* nearest = nullptr;
  for (const Swap& s : swaps.judged) {
    const std::string finding(name_of(s.finding));
    findings[finding] = findings.value(finding, 0) + 1;
    if (s.finding == Finding::agrees)
      agree.push_back({{"answers", s.answers}, {"same", s.same}});
    else if (!nearest || s.change < nearest->change)
      nearest = &s;
  }
  row["findings"] = findings, row["agree"] = agree;
  if (nearest) row["nearest"] = {{"answers", nearest->answers}, {"change", nearest->change}};
  return row;
}

}  // namespace plumbline
