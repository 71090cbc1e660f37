#include "plumbline/campaign/examine.hpp"

#include <fmt/format.h>

#include "plumbline/block/block_spec.hpp"
#include "plumbline/judge/describe.hpp"

namespace plumbline {
namespace {

// Without the finding's name, which stands beside it.
std::string message_of(const Verdict& v) {
  if (v.finding == Finding::agrees) return "";
  const std::string text = describe(v), name = std::string(name_of(v.finding)) + ": ";
  return text.starts_with(name) ? text.substr(name.size()) : text;
}

// What a complaint is about, without the numbers in it: "crash", "tensor y", "the implementation
// reports ValueError".
std::string beginning(std::string reason) {
  const std::string reported = "the implementation reports: ";
  const bool is_reported = reason.starts_with(reported);
  if (is_reported) reason = reason.substr(reported.size());
  std::erase(reason, '"');
  reason = reason.substr(0, reason.find_first_of(":[\n"));
  return is_reported ? reported.substr(0, reported.size() - 2) + " " + reason : reason;
}

// "wrong norm/eps-outside-sqrt", "coarser bfloat16", "invalid crash"
std::string kind_of(const Verdict& v) {
  const std::string name(name_of(v.finding));
  switch (v.finding) {
    case Finding::agrees: return "";
    case Finding::wrong:
      if (!v.is_finite) return name + " not finite";
      return name + " " + (v.deviation.empty() ? "unknown" : v.deviation);
    case Finding::coarser: return name + " " + v.profile;
    case Finding::invalid: return name + " " + beginning(v.reason);
    default: return name;
  }
}

// Gradients are asked for unless somebody says otherwise, and not every implementation has them.
std::string hint(const std::string& reason) {
  const bool lacks_gradients = reason.starts_with("tensor \"grad.") && reason.ends_with("found none");
  return lacks_gradients ? "; --no-grads asks for y alone" : "";
}

Examination examination(const Verdict& v, const Answer& answer) {
  return {outcome_of(v.finding), message_of(v), kind_of(v), answer, v};
}

// With its place, or how near to the truth it is.
Examination located(Examination e, const Calibration& c) {
  if (e.verdict->finding == Finding::invalid) return e;
  if (e.verdict->finding == Finding::agrees) {
    e.nearness = nearness(c, e.answer.outputs);
    if (e.nearness.is_known()) e.message = describe(e.nearness);
    return e;
  }
  const Location location = locate(c, e.answer.outputs);
  e.place = place(location);
  e.where = lines(location);
  e.worst = worst_entry(location);
  return e;
}

Examination judged(const Request& r, const Answer& answer, Sensitivity* sensitivity) {
  const std::shared_ptr<const Question> lent(std::shared_ptr<const void>(), &r.question);
  const Judge judge(lent, r.profile);
  const Verdict v = judge(answer.outputs);
  if (v.finding == Finding::inconclusive) return {Outcome::discarded, message_of(v), "", answer};
  if (sensitivity && v.finding == Finding::agrees) sensitivity->add(judge);
  Examination e = located(examination(v, answer), judge.calibration());
  e.can_agree = !judge.vacuous();
  return e;
}

}  // namespace

Examination examine(Subprocess& peer, const Request& r, Sensitivity* sensitivity) {
  return examine(r, peer.ask(r), sensitivity);
}

Examination examine(const Request& r, const Answer& answer, Sensitivity* sensitivity) {
  if (answer.kind == Answer::Kind::unsupported) return {Outcome::skipped, answer.reason, "", answer};
  if (answer.kind == Answer::Kind::invalid) {
    Verdict v;
    v.finding = Finding::invalid;
    v.reason = answer.reason + hint(answer.reason);
    return examination(v, answer);
  }
  try {
    return judged(r, answer, sensitivity);
  } catch (const NothingToJudge& e) {
    return {Outcome::discarded, e.what(), "", answer};
  }
}

Examination examination_of(const Verdict& v, Examination e) {
  e.outcome = outcome_of(v.finding);
  e.message = message_of(v);
  e.kind = kind_of(v);
  e.verdict = v;
  return e;
}

std::string sizes_text(const Question& q) {
  const BlockSpec& s = q.spec;
  std::string out = fmt::format("B={} T={} d={}", q.batch, q.inputs.x.rows() / q.batch, s.d);
  if (const auto keys = key_tokens_of(q)) out += fmt::format(" T_k={}", *keys);
  if (s.n_layers > 1) out += fmt::format(", {} layers", s.n_layers);
  if (has_heads(s)) {
    const AttentionSpec& a = s.attention;
    out += fmt::format(", {} {} of {}", a.n_heads, a.n_heads == 1 ? "head" : "heads", a.head_dim);
    if (a.n_kv_heads != a.n_heads) out += fmt::format(" ({} for keys and values)", a.n_kv_heads);
  }
  if (feeds(s)) out += fmt::format(", d_ff={}", s.ffn.d_ff);
  if (maps(s)) out += fmt::format(", d_out={}", width_of(s, part_of(s).y));
  return out + (q.gradients ? ", gradients" : "");
}

}  // namespace plumbline
