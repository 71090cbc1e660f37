#include "plumbline/naming/neighbourhood.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plumbline/base/parallel.hpp"
#include "plumbline/judge/calibration.hpp"
#include "plumbline/judge/verdict.hpp"
#include "plumbline/naming/likeness.hpp"

namespace plumbline {
namespace {

constexpr int most_compared = 3;   // failures, the smallest ones, on which all alternatives are compared
constexpr int most_confirmed = 8;  // alternatives, the likeliest ones, that are tried on all failures
const double assumption = -std::log(Judge::alpha);

// What an alternative answers to one question, and how members that compute it err.
class Computed {
 public:
  // Throws Error where the alternative does not apply.
  Computed(const Alternative& a, const Failed& failed) : alternative_(a), failed_(failed) {
    exact_ = a.outputs(failed_, [&](const Question& q, const Slip& slip) { return with_slip(q, slip); });
  }
  const Outputs& exact() const { return exact_; }

  std::vector<Outputs> member_errors(const Profile& profile) const {
    std::vector<std::vector<Outputs>> asked;  // in the order in which the alternative asks
    std::vector<Outputs> exact;
    std::vector<Outputs> out;
    for (int k = 0; k < Likeness::members; ++k) {
      std::size_t next = 0;
      Outputs member = alternative_.outputs(failed_, [&](const Question& q, const Slip& slip) {
        if (k == 0) {
          asked.push_back(plumbline::member_errors(q, slip, profile, Likeness::members));
          exact.push_back(with_slip(q, slip));
        }
        Outputs sum = exact[next];
        for (auto& [name, value] : sum) value += asked[next][std::size_t(k)].at(name);
        ++next;
        return sum;
      });
      for (auto& [name, value] : member) value -= exact_.at(name);
      out.push_back(std::move(member));
    }
    return out;
  }

 private:
  const Alternative& alternative_;
  const Failed& failed_;
  Outputs exact_;
};

Likeness likeness(const Outputs& exact, const std::vector<Outputs>& errors, const std::string& name,
                  Dtype storage) {
  std::vector<const Matrix<double>*> of_output;
  for (const Outputs& e : errors) of_output.push_back(&e.at(name));
  return Likeness(exact.at(name), of_output, storage);
}

double guard_of(const Failing& f) { return guard(f.request->profile, f.request->question.gradients); }

// A failing case that alternatives are held against.
class Comparison {
 public:
  explicit Comparison(const Failing& f) : failing_(f), failed_{f.request->question, {}} {
    exact_ = with_slip(failed_.question, {});
    const auto errors = member_errors(failed_.question, {}, f.request->profile, Likeness::members);
    for (const auto& [name, value] : exact_) {
      const Likeness like = likeness(exact_, errors, name, f.request->profile.storage);
      if (like.p(f.outputs->at(name) - value, guard_of(f)) < Judge::alpha) failed_.wrong.insert(name);
      noise_[name] = noise_of(like.sigma());
    }
    declared_ = misfit(exact_);
  }

  const Failing& failing() const { return failing_; }
  const Failed& failed() const { return failed_; }
  double declared() const { return declared_; }

  // How badly an answer fits, in nats: the sum over rows of n entries of n/2 log(1 + mean square error /
  // noise). The logarithm makes each row that is explained worth a lot, even while others are wrong. Outputs
  // that it leaves out are as declared.
  double misfit(const Outputs& answer) const {
    double sum = 0;
    for (const auto& [name, right] : exact_) {
      const auto it = answer.find(name);
      const Matrix<double>& value = it == answer.end() ? right : it->second;
      const Matrix<double> error = failing_.outputs->at(name) - value;
      const Eigen::VectorXd& noise = noise_.at(name);
      for (int i = 0; i < error.rows(); ++i) {
        // an answer that is larger than the right one errs more too
        const double size = std::max(1.0, value.row(i).squaredNorm() / (right.row(i).squaredNorm() + 1e-300));
        const double ratio =
            error.row(i).squaredNorm() / double(error.cols()) / (noise[i] * std::min(size, 1e12));
        sum += double(error.cols()) / 2 * std::log1p(ratio);
      }
    }
    return std::isfinite(sum) ? sum : std::numeric_limits<double>::infinity();
  }

  double misfit(const Alternative& a) const {
    try {
      return misfit(Computed(a, failed_).exact());
    } catch (const Error&) {
      return std::numeric_limits<double>::infinity();
    }
  }

 private:
  // The mean square of each row's errors, and a little where that is 0.
  static Eigen::VectorXd noise_of(const Matrix<double>& sigma) {
    Eigen::VectorXd noise = sigma.cwiseAbs2().rowwise().mean();
    const double least = std::max(1e-300, (noise.size() ? noise.maxCoeff() : 0) * 1e-12);
    return noise.cwiseMax(least);
  }

  Failing failing_;
  Failed failed_;
  Outputs exact_;
  std::map<std::string, Eigen::VectorXd> noise_;
  double declared_ = 0;
};

// Whether the answer could be a member's that computes the alternative; outputs that it says nothing of have
// to be right.
bool explains(const Alternative& a, const Failed& failed, const Failing& f) {
  try {
    const Computed computed(a, failed);
    const auto errors = computed.member_errors(f.request->profile);
    const double alpha = Judge::alpha / double(computed.exact().size());
    for (const auto& [name, value] : computed.exact()) {
      const Likeness like = likeness(computed.exact(), errors, name, f.request->profile.storage);
      if (like.p(f.outputs->at(name) - value, guard_of(f)) < alpha) return false;
    }
    for (const std::string& name : failed.wrong)
      if (!computed.exact().contains(name)) return false;
    return true;
  } catch (const Error&) {
    return false;
  }
}

Failed failed_of(const Failing& f) { return Comparison(f).failed(); }

Eigen::Index size_of(const Failing& f) {
  Eigen::Index n = 0;
  for (const auto& [name, value] : *f.outputs) n += value.size();
  return n;
}

struct Ranked {
  Alternative alternative;
  double gain;  // nats, less what it assumes
};

class Neighbourhood {
 public:
  explicit Neighbourhood(std::span<const Failing> failing) : failing_(failing) {
    order_.resize(failing.size());
    std::iota(order_.begin(), order_.end(), 0);
    std::stable_sort(order_.begin(), order_.end(),
                     [&](int a, int b) { return size_of(failing[a]) < size_of(failing[b]); });
    for (int i = 0; i < int(order_.size()) && i < most_compared; ++i)
      compared_.emplace_back(failing[order_[i]]);
  }

  std::optional<Neighbour> best(int least, const Deviations& known) {
    const Question& q = compared_.front().failed().question;
    std::optional<Neighbour> found;
    Alternatives catalogue;
    for (const Deviation* d : known) catalogue.push_back(of_catalogue(*d));
    rank(catalogue);
    rank(miswritten(q));
    for (auto family : {changed_knobs, changed_inputs, fused_weights, slips_everywhere})
      rank(in_passes(family(q)));
    for (const Fitted& f : fitted(q)) rank({best_of(f)});
    found = confirmed(least);
    if (found && found->cases.size() == failing_.size()) return found;
    rank(hand_written(compared_.front().failed()));
    for (const Fitted& f : fitted_by_hand(q)) rank({best_of(f)});
    if (auto more = confirmed(found ? int(found->cases.size()) : least)) found = std::move(more);
    if (found && found->cases.size() == failing_.size()) return found;
    rank(slips_of_places(compared_.front().failed()));
    if (auto more = confirmed(found ? int(found->cases.size()) : least)) found = std::move(more);
    return found;
  }

 private:
  // Where y is right the backward pass alone may compute the alternative; else both may, or the forward pass.
  Alternatives in_passes(Alternatives all) const {
    const Failed& f = compared_.front().failed();
    if (!f.question.gradients) return all;
    const bool y_is_wrong = f.wrong.contains("y");
    Alternatives out;
    for (Alternative& a : all) {
      if (y_is_wrong) out.push_back(a);
      out.push_back(y_is_wrong ? of_y(std::move(a)) : of_gradients(std::move(a)));
    }
    return out;
  }

  double gain(const Alternative& a) const {
    double sum = -assumption * a.assumes;
    for (const Comparison& c : compared_) {
      const double misfit = c.misfit(a);
      if (std::isfinite(misfit)) sum += c.declared() - misfit;  // else it does not apply here
      if (&c == &compared_.front() && sum < 0) break;           // most are told apart by one
    }
    return sum;
  }

  void rank(const Alternatives& alternatives) {
    std::vector<double> gains(alternatives.size());
    in_parallel(int(gains.size()), processor_threads(), [&](int i) { gains[i] = gain(alternatives[i]); });
    for (std::size_t i = 0; i < gains.size(); ++i)
      if (gains[i] > assumption) ranked_.push_back({alternatives[i], gains[i]});
    std::stable_sort(ranked_.begin(), ranked_.end(), [](auto& a, auto& b) { return a.gain > b.gain; });
  }

  // By magnitude: a coarse search, a golden section about its best, and the simplest number that is as
  // likely: a power of ten, or one of few digits.
  Alternative best_of(const Fitted& f) const {
    const auto gain_at = [&](double x) { return gain(f.at(std::exp(x))); };
    constexpr int steps = 96;
    const double low = std::log(f.least), step = (std::log(f.most) - low) / steps;
    std::vector<double> gains(steps + 1);
    in_parallel(steps + 1, processor_threads(), [&](int i) { gains[i] = gain_at(low + i * step); });
    const auto best = std::max_element(gains.begin(), gains.end()) - gains.begin();
    double a = low + (double(best) - 1) * step, b = a + 2 * step;
    constexpr double golden = 0.6180339887498949;
    double x = b - golden * (b - a), y = a + golden * (b - a), at_x = gain_at(x), at_y = gain_at(y);
    for (int i = 0; i < 60 && b - a > 1e-12; ++i)
      if (at_x > at_y) {
        b = y, y = x, at_y = at_x;
        x = b - golden * (b - a), at_x = gain_at(x);
      } else {
        a = x, x = y, at_x = at_y;
        y = a + golden * (b - a), at_y = gain_at(y);
      }
    const double value = std::exp((a + b) / 2);
    if (std::max(at_x, at_y) < assumption) return f.at(value);
    // errors that share a factor move the likeliest number: taken is the simplest that members could compute
    const double power_of_ten = std::pow(10, std::round(std::log10(value)));  // the simplest number
    if (explains_compared(f.at(power_of_ten))) return f.at(power_of_ten);
    for (int digits = 0; digits < 6; ++digits) {
      char text[32];
      std::snprintf(text, sizeof text, "%.*e", digits, value);
      if (explains_compared(f.at(std::stod(text)))) return f.at(std::stod(text));
    }
    return f.at(value);
  }

  bool explains_compared(const Alternative& a) const {
    return std::all_of(compared_.begin(), compared_.end(),
                       [&](const Comparison& c) { return explains(a, c.failed(), c.failing()); });
  }

  // The likeliest that explains most of the failures, if those are more than `least`.
  std::optional<Neighbour> confirmed(int least) {
    std::optional<Neighbour> found;
    for (int i = 0; i < int(ranked_.size()) && i < most_confirmed; ++i) {
      const Alternative& a = ranked_[i].alternative;
      std::vector<int> cases;
      int missed = 0;
      for (int k : order_) {
        if (explains(a, failed(k), failing_[k]))
          cases.push_back(k);
        else if (++missed > int(failing_.size()) - least - 1)
          break;
      }
      if (int(cases.size()) <= least || missed > int(failing_.size()) - least - 1) continue;
      least = int(cases.size());
      std::sort(cases.begin(), cases.end());
      found = Neighbour{.id = a.id,
                        .says = a.says,
                        .bug = a.bug,
                        .log_ratio = ranked_[i].gain,
                        .cases = cases,
                        .explains = [a](const Failing& f) { return explains(a, failed_of(f), f); },
                        .is_arithmetic = bool(a.arithmetic)};
      if (cases.size() == failing_.size()) break;
    }
    return found;
  }

  const Failed& failed(int k) {
    auto& found = failed_[k];
    if (!found) found = std::make_unique<Failed>(failed_of(failing_[k]));
    return *found;
  }

  std::span<const Failing> failing_;
  std::vector<int> order_;  // smallest first
  std::vector<Comparison> compared_;
  std::vector<Ranked> ranked_;
  std::map<int, std::unique_ptr<Failed>> failed_;
};

}  // namespace

std::optional<Neighbour> nearest_neighbour(std::span<const Failing> failing, int least,
                                           const Deviations& known) {
  if (failing.empty() || failing.front().request->profile.storage == Dtype::f64) return std::nullopt;
  return Neighbourhood(failing).best(least, known);
}

}  // namespace plumbline
