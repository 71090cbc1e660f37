// Asking a black box on behalf of a law.
#pragma once

#include <functional>

#include "plumbline/oracle/exchange.hpp"
#include "plumbline/oracle/nothing_to_judge.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline::cli {

using Implementation = std::function<Answer(const Request&)>;

// Whether the run leaves that key of a spec, or size of a question, so open that it may have this value: what
// is pinned, a kernel may have compiled in.
using Open = std::function<bool(std::string_view key, const Json& value)>;
inline bool leaves_all_open(std::string_view, const Json&) { return true; }

// An answer that is none, or "unsupported": the law cannot be tried.
struct NotAnswered {
  Answer answer;
};

// An answer with an entry that is no number, to a question on which correct code does not overflow.
struct NotFinite {
  Answer answer;
  std::string what;
};

class Asking {
 public:
  Asking(const Implementation& ask, const Profile& profile, std::string id, const Open& open)
      : ask_(ask), profile_(profile), id_(std::move(id)), open_(open) {}

  // Throws NotAnswered, NotFinite, or NothingToJudge where an answer is not finite and need not be.
  Outputs operator()(const Question& question);
  // Whether the same question is answered with the same bits.
  bool repeats(const Question& question) { return (*this)(question) == (*this)(question); }
  // Throws NothingToJudge where another question may not have that value.
  void require_open(std::string_view key, const Json& declared, const Json& other) const;
  // Throws NothingToJudge where the first question's output stays as it is when x, whatever stands beside it,
  // and the cotangent change their sign: of a constant, 0 say, most laws hold.
  void require_dependence(const std::string& output);

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

}  // namespace plumbline::cli
