#include "plumbline/identify/confirm.hpp"

#include <algorithm>
#include <cmath>

#include "plumbline/judge/calibration.hpp"
#include "plumbline/spec/deviation.hpp"

namespace plumbline::identify {
namespace {

constexpr int batch = 2;

// The recipe's numbers under our names; what the candidate does not read is drawn.
Probe probe_of(const Question& q, const Candidate& c, Questions& questions) {
  Probe p = questions.rich(q.batch, int(q.inputs.x.rows()) / q.batch);
  p.x = q.inputs.x;
  for (const auto& [name, value] : q.inputs.parameters) p.parameters.at(our_name(c, name)) = value;
  return questions.stored(std::move(p));
}

JudgedProbe judged(NamedBox& ask, Questions& questions, const Candidate& c, Recipe recipe, int tokens,
                   std::uint64_t seed) {
  Question q = question_from(
      QuestionSettings{.spec = c.spec, .batch = batch, .tokens = tokens, .recipe = recipe, .seed = seed},
      ask.profile());
  const std::string id = std::string(plumbline::name_of(recipe)) + " numbers";
  const Probe probe = probe_of(q, c, questions);
  JudgedProbe j{
      recipe, {id, ask.profile(), q}, std::make_shared<Asked>(id, probe, ask(probe), ask.profile())};
  j.outputs = {{"y", j.asked->y}};
  try {
    j.judge = std::make_unique<Judge>(q, ask.profile(), CalibrationSettings{.seed = seed});
    j.verdict = (*j.judge)(j.outputs);
  } catch (const Error& e) {  // correct code overflows: nothing to judge
    j.verdict.finding = Finding::inconclusive;
    j.verdict.reason = e.what();
  }
  return j;
}

// How well the answer to a question tells another candidate from the one that was found.
struct Contrast {
  double separation = 0, log_ratio = 0;
};

Contrast contrast(const Candidate& other, const JudgedProbe& j) {
  const Calibration& calibration = j.judge->calibration();
  constexpr double far = 1e300;
  Matrix<double> difference;
  try {
    difference = j.asked->computed(other) - cast<double>(calibration.truth()[0]);
  } catch (const Error&) {
    return {far, far};
  }
  if (!difference.allFinite()) return {far, far};
  const Matrix<double> v = calibration.scaled({difference})[0];
  const double size = v.squaredNorm();
  constexpr double faint = 1e-3;  // so far below the noise it has no direction in double
  if (!(size > faint * faint)) return {};
  double square = 0;
  const auto& members = calibration.member_errors();
  for (const auto& error : members)
    square += std::pow(calibration.scaled({error[0]})[0].cwiseProduct(v).sum() / size, 2);
  const double along = calibration.scaled(calibration.error({{"y", j.asked->y}}))[0].cwiseProduct(v).sum();
  return {std::sqrt(double(members.size()) / square), size / 2 - along};
}

std::string text_of(const Variation& k, const Candidate& c) {
  const std::string text = k.value(c);
  return text.empty() ? "-" : text;
}

}  // namespace

std::vector<JudgedProbe> judged(NamedBox& ask, Questions& questions, const Candidate& c, int tokens,
                                std::uint64_t seed) {
  std::vector<JudgedProbe> out;
  for (Recipe recipe : {Recipe::rich, Recipe::near_eps, Recipe::hot_scores, Recipe::sweep, Recipe::ordinary})
    out.push_back(judged(ask, questions, c, recipe, tokens, seed++));
  return out;
}

const JudgedProbe* first_wrong(const std::vector<JudgedProbe>& judged) {
  for (const JudgedProbe& j : judged)
    if (j.verdict.finding < Finding::coarser) return &j;
  return nullptr;
}

std::vector<Diagnosis> diagnoses(const std::vector<JudgedProbe>& judged) {
  std::vector<plumbline::Evidence> evidence;
  for (const JudgedProbe& j : judged) evidence.push_back({&j.request, &j.outputs, &j.verdict});
  return diagnose(evidence);
}

bool agrees(const std::vector<JudgedProbe>& judged) {
  const bool any = std::any_of(judged.begin(), judged.end(), [](const JudgedProbe& j) {
    return j.verdict.finding == Finding::agrees || j.verdict.finding == Finding::coarser;
  });
  return any && !first_wrong(judged);
}

std::vector<Decision> decisions(const Candidate& c, const Search& search,
                                const std::vector<JudgedProbe>& judged) {
  std::vector<Decision> out;
  for (const Variation& k : search.knobs()) {
    const std::vector<Candidate> others = k.others(c);
    if (others.empty()) continue;
    Decision d{k.group, k.id, text_of(k, c), "", 0, "", {}};
    double nearest = std::numeric_limits<double>::infinity();
    for (const Candidate& other : others) {
      Contrast best;
      const JudgedProbe* by = nullptr;
      bool separated = false;
      for (const JudgedProbe& j : judged) {
        if (!j.judge) continue;
        const Contrast found = contrast(other, j);
        const double threshold =
            2 * j.judge->signatures().threshold(guard(j.judge->calibration().profile(), false));
        separated = separated || found.separation >= threshold;
        if (!by || found.separation > best.separation) best = found, by = &j;
      }
      if (!separated) d.undecided.push_back(text_of(k, other));
      if (!by || best.separation >= nearest) continue;
      nearest = best.separation;
      d.runner_up = text_of(k, other);
      d.log_ratio = best.log_ratio;
      d.recipe = by->asked->id;
    }
    out.push_back(std::move(d));
  }
  return out;
}

std::optional<Candidate> deviating(const Candidate& c, const Deviation& d) {
  Candidate out = c;
  d.apply(out.spec);
  if (out == c) return std::nullopt;
  if (d.from_slot.empty()) return out;
  for (NormPlace& p : out.places)
    for (const char* part : {"attn.", "ffn."})
      for (NormPlace to : {NormPlace::attn_in, NormPlace::attn_out, NormPlace::attn_post, NormPlace::ffn_in,
                           NormPlace::ffn_out, NormPlace::ffn_post})
        if (name_of(p) == part + std::string(d.from_slot) && name_of(to) == part + std::string(d.to_slot)) {
          p = to;
          part = "";
        }
  return out;
}

}  // namespace plumbline::identify
