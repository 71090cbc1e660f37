#include "plumbline/campaign/examine_relation.hpp"

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/ensemble/members.hpp"
#include "plumbline/relations/live_runner.hpp"

namespace plumbline {

Examination examine(const Relation& law, const Implementation& implementation, Request r, const Open& open) {
  r.question.gradients = law.gradients;
  if (!applies(law, settings_of(r.question)))
    return {Outcome::untried, "the law speaks of " + std::string(law.premise)};
  Asking ask(implementation, r.profile, r.id, open);
  try {
    LiveRunner runner(ask);
    const Held f = law.check(runner, r.question);
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

bool follows_from(const Deviations& deviations, const Relation& law, const Request& request,
                  const Examination& failed) {
  const auto examined = [&](const Deviations& computed) {
    const auto member = [&](const Request& r) -> Answer {
      try {
        return {Answer::Kind::outputs, member_outputs(computed, r.question, r.profile, 1), ""};
      } catch (const Error& e) {  // the deviating block has no value
        return {.reason = e.what()};
      }
    };
    return examine(law, member, request);
  };
  const Examination e = examined(deviations);
  const bool alike =
      e.outcome == failed.outcome && (e.outcome == Outcome::broken || e.message == failed.message);
  return alike && examined({}).outcome == Outcome::holds;
}

}  // namespace plumbline
