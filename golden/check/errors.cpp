#include "golden/check/errors.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/cases/truth.hpp"
#include "plumbline/number/rounding.hpp"

namespace plumbline::golden {
namespace {

class Worst {
 public:
  // Of numbers with that many bits, the smallest of which is 2^least.
  Worst(int precision, long least) : precision_(precision), least_(least) {}

  template <class S>
  void add(const Certificate& truth, const Matrix<S>& found) {
    End largest_error = 0, largest_truth = 0;
    for (Eigen::Index i = 0; i < found.size(); ++i) {
      const Interval120& t = truth.value.data()[i];
      if (contains_zero(t)) continue;
      const End middle = plumbline::lower(t), error = abs(End(End(found.data()[i]) - middle));
      if (!isfinite(error)) {
        ++not_finite_;
        continue;
      }
      largest_error = std::max(largest_error, error);
      largest_truth = std::max(largest_truth, magnitude(t));
      add(ulps(error, middle));
    }
    if (largest_truth > 0) normwise_ = std::max(normwise_, ulps(largest_error, largest_truth));
  }
  ErrorRecord record(const std::string& id, const char* scalar, const char* output) const {
    const End rms = entries_ ? sqrt(End(squares_ / entries_)) : End(0);
    return {id,
            scalar,
            output,
            static_cast<double>(elementwise_),
            static_cast<double>(rms),
            static_cast<double>(normwise_),
            entries_,
            not_finite_};
  }

 private:
  void add(const End& error) {
    elementwise_ = std::max(elementwise_, error);
    squares_ += error * error;
    ++entries_;
  }
  // In units of the last place that a number of the size of `at` has.
  End ulps(const End& error, const End& at) const {
    return ldexp(error, -static_cast<int>(ulp_exponent(at, precision_, least_)));
  }

  int precision_;
  long least_;
  End elementwise_ = 0, normwise_ = 0, squares_ = 0;
  int entries_ = 0, not_finite_ = 0;
};

template <class S>
void add_scalar(std::vector<ErrorRecord>& records, const GoldenCase& c, const CaseInputs& in,
                const std::vector<Certificate>& truth, const char* scalar) {
  const Gradients<S> found = gradients(c.settings.spec, cast<S>(in.parameters), cast<S>(in.x),
                                       cast<S>(in.cotangent), c.settings.batch);
  using Limits = std::numeric_limits<S>;
  const long least = is_native<S> ? long{Limits::min_exponent} - Limits::digits : mpfr_get_emin();
  Worst y(Limits::digits, least), x = y, parameters = y;
  for (const Certificate& t : truth) {
    if (t.name == "y")
      y.add(t, found.y);
    else if (t.name == "grad." + std::string(input_name(c.settings.spec)))
      x.add(t, found.x);
    else
      parameters.add(t, found.parameters.at(t.name.substr(5)));
  }
  records.push_back(y.record(c.id, scalar, "y"));
  records.push_back(x.record(c.id, scalar, "grad.x"));
  records.push_back(parameters.record(c.id, scalar, "grad.parameters"));
}

}  // namespace

std::vector<ErrorRecord> errors_of(const GoldenCase& c) {
  const CaseInputs in = inputs_of(c.settings);
  const std::vector<Certificate> truth = certificates(c.settings);
  std::vector<ErrorRecord> records;
  add_scalar<float>(records, c, in, truth, "float");
  add_scalar<double>(records, c, in, truth, "double");
  add_scalar<long double>(records, c, in, truth, "long double");
  add_scalar<Mp50>(records, c, in, truth, "Mp50");
  add_scalar<Mp100>(records, c, in, truth, "Mp100");
  return records;
}

Json to_json(const ErrorRecord& r) {
  return {{"case", r.case_id},         {"scalar", r.scalar},        {"output", r.output},
          {"largest_ulps", r.largest}, {"rms_ulps", r.rms},         {"normwise_ulps", r.normwise},
          {"entries", r.entries},      {"not_finite", r.not_finite}};
}

}  // namespace plumbline::golden
