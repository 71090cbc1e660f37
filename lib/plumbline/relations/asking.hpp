// Asking an implementation on behalf of a relation.
#pragma once

#include <functional>

#include "plumbline/cases/nothing_to_judge.hpp"
#include "plumbline/exchange/exchange.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {

// Whatever answers requests: a command behind a pipe, or a function.
using Implementation = std::function<Answer(const Request&)>;

// Whether the run leaves that key of a spec, or size of a question, so open that it may have this value: what
// is pinned, a kernel may have compiled in.
using Open = std::function<bool(std::string_view key, const Json& value)>;
inline bool leaves_all_open(std::string_view, const Json&) { return true; }

// An answer that is none, or "unsupported": the relation cannot be tried.
struct NotAnswered {
  Answer answer;
};

// An answer with an entry that is no number, to a question on which correct code does not overflow.
struct NotFinite {
  Answer answer;
  std::string what;
};

// Puts the questions of one relation to one implementation, and remembers the first one and the last answer.
class Asking {
 public:
  // `ask`, `profile` and `open` have to live as long as this does. All requests have the same id.
  Asking(const Implementation& ask, const Profile& profile, std::string id, const Open& open)
      : ask_(ask), profile_(profile), id_(std::move(id)), open_(open) {}

  // Throws NotAnswered, NotFinite, or NothingToJudge where an answer is not finite and need not be.
  Outputs operator()(const Question& question);
  // Whether the same question is answered with the same bits.
  bool repeats(const Question& question) { return (*this)(question) == (*this)(question); }
  // Throws NothingToJudge where another question may not have that value.
  void require_open(std::string_view key, const Json& declared, const Json& other) const;
  // Throws NothingToJudge where the first question's output stays as it is when x, whatever stands beside it,
  // and the cotangent change their sign: of a constant, 0 say, most relations hold.
  void require_dependence(const std::string& output);

  // The declared profile; and the last answer, for those who report what became of the relation.
  const Profile& profile() const { return profile_; }
  const Answer& last() const { return last_; }

 private:
  const Implementation& ask_;
  const Profile& profile_;
  std::string id_;
  const Open& open_;
  std::optional<Question> first_;
  Outputs first_answer_;
  Answer last_;
};

}  // namespace plumbline
