#include "plumbline/relations/asking.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "plumbline/cases/related.hpp"
#include "plumbline/relations/noise.hpp"

namespace plumbline {
namespace {

std::optional<std::string> not_finite(const Outputs& outputs) {
  for (const auto& [name, value] : outputs)
    for (Eigen::Index i = 0; i < value.size(); ++i)
      if (!std::isfinite(value.data()[i]))
        return fmt::format("{}[{}, {}]: expected a finite number, found {}", name, i / value.cols(),
                           i % value.cols(), value.data()[i]);
  return std::nullopt;
}

}  // namespace

Outputs Asking::operator()(const Question& q) {
  last_ = ask_({id_, profile_, q});
  if (last_.kind != Answer::Kind::outputs) throw NotAnswered{last_};
  if (const auto what = not_finite(last_.outputs)) {
    errors_of_members(q, profile_, "y", 1);  // throws where correct code overflows too
    throw NotFinite{last_, *what};
  }
  if (!first_) first_ = q, first_answer_ = last_.outputs;
  return last_.outputs;
}

void Asking::require_open(std::string_view key, const Json& declared, const Json& other) const {
  if (declared != other && !open_(key, other))
    throw NothingToJudge(
        fmt::format("{} is pinned: the law asks about {} beside {}", key, other.dump(), declared.dump()));
}

void Asking::require_dependence(const std::string& output) {
  if (first_ && (*this)(with_other_signs(*first_)).at(output) == first_answer_.at(output))
    throw NothingToJudge(output + " does not depend on the input: every bit stays when all signs change");
}

}  // namespace plumbline
