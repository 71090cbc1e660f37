// The search in stages: each has questions that show some knobs and hide the others, so that few candidates
// have to be told apart at a time.
#pragma once

#include <set>

#include "plumbline/identify/black_box.hpp"
#include "plumbline/identify/questions.hpp"
#include "plumbline/identify/search.hpp"

namespace plumbline::identify {

// One search of one box, stage by stage. What it is made of must outlive it.
class Stages {
 public:
  // `without_effect`: parameters, under our names, that are known to change nothing.
  Stages(NamedBox& ask, Questions& questions, const Search& search, const Space& space,
         const std::set<std::string>& without_effect)
      : ask_(ask), questions_(questions), search_(search), space_(space), without_effect_(without_effect) {}

  // The wiring and the norms, from sequences of one token; then eps, from small numbers; then attention; then
  // every knob on all questions. Throws Error where the box does not answer.
  Candidate operator()();

  // The last stage once more, with further evidence.
  Candidate again(const Candidate& candidate, const Evidence& more);

  // All questions so far, and their answers.
  const Evidence& evidence() const { return evidence_; }

 private:
  std::shared_ptr<Asked> asked(const std::string& id, const Probe& probe);
  void keep(const Evidence& evidence, const Candidate& candidate);
  std::vector<Candidate> starts(bool as_named) const;
  void leave_out_what_has_no_effect(Candidate& candidate) const;
  Evidence wiring_answers();
  Candidate wired();
  Candidate with_eps(const Candidate& candidate);
  Candidate attending(const Candidate& candidate);

  NamedBox& ask_;
  Questions& questions_;
  const Search& search_;
  const Space& space_;
  const std::set<std::string>& without_effect_;
  Evidence evidence_;
};

}  // namespace plumbline::identify
