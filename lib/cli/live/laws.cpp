#include "cli/live/laws.hpp"

#include <algorithm>

#include "cli/live/related.hpp"
#include "plumbline/excerpt.hpp"
#include "plumbline/oracle/members.hpp"
#include "plumbline/spec/parameters.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::cli {

const std::vector<const Law*>& laws() {
  static const std::vector<const Law*> all = [] {
    std::vector<const Law*> out;
    for (const auto room : {token_laws(), function_laws()})
      for (const Law& law : room) out.push_back(&law);
    return out;
  }();
  return all;
}

const Law& find_law(std::string_view id) {
  std::vector<std::string_view> known;
  for (const Law* law : laws()) {
    if (law->id == id) return *law;
    known.push_back(law->id);
  }
  throw Error("law: unknown law " + shown(std::string(id)) + "; " + suggestion(id, known));
}

Examination examine_law(const Law& law, const Implementation& implementation, Request r, const Open& open) {
  r.question.gradients = law.gradients;
  if (!law.applies(settings_of(r.question)))
    return {Outcome::untried, "the law says nothing about this question"};
  Asking ask(implementation, r.profile, r.id, open);
  try {
    const Law::Finding f = law.check(ask, r.question);
    const std::string id(law.id);
    if (!f.holds)
      return {Outcome::broken, id + ", " + std::string(law.statement) + "; " + f.what, "broken " + id,
              ask.last()};
    ask.require_dependence(law.gradients ? "grad." + std::string(input_name(r.question.spec)) : "y");
    return {Outcome::holds, f.what, "", ask.last()};
  } catch (const NotAnswered& e) {
    if (e.answer.kind == Answer::Kind::unsupported) return {Outcome::skipped, e.answer.reason, "", e.answer};
    return {Outcome::invalid, e.answer.reason, "invalid in " + std::string(law.id), e.answer};
  } catch (const NotFinite& e) {
    return {Outcome::wrong, e.what, "wrong not finite", e.answer};
  } catch (const NothingToJudge& e) {
    return {Outcome::untried, e.what()};
  }
}

bool follows_from(const Deviations& deviations, const Law& law, const Request& request,
                  const Examination& failed) {
  const auto examined = [&](const Deviations& computed) {
    const auto member = [&](const Request& r) -> Answer {
      try {
        return {Answer::Kind::outputs, member_outputs(computed, r.question, r.profile, 1), ""};
      } catch (const Error& e) {  // the deviating block has no value
        return {.reason = e.what()};
      }
    };
    return examine_law(law, member, request);
  };
  const Examination e = examined(deviations);
  const bool alike =
      e.outcome == failed.outcome && (e.outcome == Outcome::broken || e.message == failed.message);
  return alike && examined({}).outcome == Outcome::holds;
}

}  // namespace plumbline::cli
