#include "plumbline/campaign/shrink.hpp"

#include <cmath>

namespace plumbline {
namespace {

// Rounded to `bits` significant bits, so that the entries can be read.
Matrix<double> coarse(const Matrix<double>& x, int bits) {
  return x.unaryExpr([=](double v) {
    int exponent;
    const double fraction = std::frexp(v, &exponent);
    return std::ldexp(std::nearbyint(std::ldexp(fraction, bits)), exponent - bits);
  });
}

// Simpler numbers in the place of these, the simplest first.
std::vector<Matrix<double>> simpler(const Matrix<double>& x) {
  const Eigen::Index rows = x.rows(), cols = x.cols();
  std::vector<Matrix<double>> out{Matrix<double>::Zero(rows, cols), Matrix<double>::Ones(rows, cols)};
  for (int bits : {1, 2, 4}) out.push_back(coarse(x, bits));
  const auto same = std::find(out.begin(), out.end(), x);
  out.erase(same, out.end());
  return out;
}

class Shrinking {
 public:
  Shrinking(const std::string& kind, const Profile& profile, const Examine& examine,
            const std::function<bool(int)>& enough)
      : kind_(kind), profile_(profile), examine_(examine), enough_(enough) {}

  void sizes(rc::Shrinkable<QuestionSettings> at, Smallest& best) {
    bool smaller = true;
    while (smaller) {
      smaller = false;
      auto candidates = at.shrinks();
      while (!smaller) {
        const auto next = candidates.next();
        if (!next || enough_(best.tries)) break;
        smaller = still_fails(question_from(next->value(), profile_), best);
        if (smaller) at = *next;
      }
    }
  }

  void numbers(Smallest& best) {
    std::vector<std::string> names;
    for (const auto& [name, value] : best.question.inputs.parameters)
      if (!is_given_mask(name)) names.push_back(name);
    for (const std::string& name : names)
      number(
          best, [&](CaseInputs & in) -> auto& { return in.parameters.at(name); });
    number(
        best, [](CaseInputs & in) -> auto& { return in.x; });
    if (best.question.gradients)
      number(
          best, [](CaseInputs & in) -> auto& { return in.cotangent; });
  }

 private:
  bool still_fails(const Question& q, Smallest& best) {
    ++best.tries;
    Examination e = examine_(q);
    if (e.kind != kind_) return false;
    // Asked again when it is mended, a question should be able to say so.
    if (!e.can_agree && best.examination.can_agree) return false;
    best.question = q;
    best.examination = std::move(e);
    return true;
  }

  template <class Place>
  void number(Smallest& best, Place place) {
    Question q = best.question;
    for (Matrix<double>& candidate : simpler(place(best.question.inputs))) {
      if (enough_(best.tries)) return;
      place(q.inputs) = std::move(candidate);
      if (still_fails(q, best)) return;
    }
  }

  const std::string& kind_;
  const Profile& profile_;
  const Examine& examine_;
  const std::function<bool(int)>& enough_;
};

}  // namespace

Smallest shrink(const rc::Shrinkable<QuestionSettings>& drawn, const Profile& profile,
                const Examination& failed, const Examine& examine, const std::function<bool(int)>& enough) {
  Smallest best{question_from(drawn.value(), profile), failed};
  Shrinking shrinking(failed.kind, profile, examine, enough);
  shrinking.sizes(drawn, best);
  shrinking.numbers(best);
  return best;
}

}  // namespace plumbline
