#include "plumbline/cases/truth.hpp"

#include <algorithm>

#include "plumbline/block/parameter_shapes.hpp"

namespace plumbline {
namespace {

// width / mignitude, rounded up; infinite where x holds 0 or has no finite ends.
template <class I>
End width_bound(const I& x) {
  End y;
  if (!is_bounded(x) || contains_zero(x))
    mpfr_set_inf(y.backend().data(), 1);
  else
    mpfr_div(y.backend().data(), width(x).backend().data(), mignitude(x).backend().data(), MPFR_RNDU);
  return y;
}

std::string why_unbounded(const Interval120& x) {
  switch (x.domain()) {
    case Domain::ill: return "computed from what is no number (NaN or infinity)";
    case Domain::trv:
      return "may have no value: the root of a number below 0 or a division by 0 is not excluded";
    case Domain::def: break;
  }
  return "no finite enclosure";
}

// Of the first entry of which nothing is proved: it may not exist, or its enclosure has an end at infinity.
std::string why_not(const std::string& name, const Matrix<Interval120>& fine) {
  for (Eigen::Index i = 0; i < fine.size(); ++i)
    if (const Interval120& x = fine.data()[i]; !is_bounded(x))
      return name + "[" + std::to_string(i / fine.cols()) + ", " + std::to_string(i % fine.cols()) +
             "]: " + why_unbounded(x);
  return "";
}

Certificate certify(const std::string& name, const Matrix<Interval60>& coarse,
                    const Matrix<Interval120>& fine) {
  Certificate c{.name = name, .value = fine, .why_not = why_not(name, fine)};
  if (!c.why_not.empty()) return c;
  for (Eigen::Index i = 0; i < fine.size(); ++i) {
    const Interval60& a = coarse.data()[i];
    const Interval120& b = fine.data()[i];
    if (upper(a) < lower(b) || upper(b) < lower(a))
      throw Error(name + ": two enclosures of one value are disjoint: this is a bug in Plumbline");
    if (contains_zero(b)) {
      ++c.zeros;
      c.largest_zero = std::max(c.largest_zero, magnitude(b));
    } else {
      c.width60 = std::max(c.width60, width_bound(a));
      c.width120 = std::max(c.width120, width_bound(b));
    }
  }
  return c;
}

template <class S>
Matrix<S> value(const BlockSpec& spec, const CaseInputs& in, int batch) {
  return evaluate<S>(spec, cast<S>(in.parameters), cast<S>(in.x), batch);
}

template <class S>
Gradients<S> computed(const BlockSpec& spec, const CaseInputs& in, int batch) {
  return gradients(spec, cast<S>(in.parameters), cast<S>(in.x), cast<S>(in.cotangent), batch);
}

}  // namespace

std::vector<Certificate> certificates(const CaseSettings& settings) {
  return certificates(settings.spec, inputs_of(settings), settings.batch);
}

std::vector<Certificate> certificates(const BlockSpec& spec, const CaseInputs& in, int batch) {
  std::vector<Certificate> all = what_is_proved(spec, in, batch);
  for (const Certificate& c : all)
    if (!c.why_not.empty()) throw Error(c.why_not);
  return all;
}

std::vector<Certificate> what_is_proved(const BlockSpec& spec, const CaseInputs& in, int batch) {
  std::vector<Certificate> out;
  if (in.cotangent.size() == 0) {
    out.push_back(certify("y", value<Interval60>(spec, in, batch), value<Interval120>(spec, in, batch)));
  } else {
    const auto coarse = computed<Interval60>(spec, in, batch);
    const auto fine = computed<Interval120>(spec, in, batch);
    out.push_back(certify("y", coarse.y, fine.y));
    out.push_back(certify("grad." + std::string(input_name(spec)), coarse.x, fine.x));
    for (const auto& [name, value] : fine.parameters)
      out.push_back(certify("grad." + name, coarse.parameters.at(name), value));
  }
  if (!out.front().why_not.empty()) throw Error(out.front().why_not);
  return out;
}

}  // namespace plumbline
