// Every operation of enclosures against interval test files, and against operations that are broken on
// purpose. The files are no part of the repository: PLUMBLINE_ITF1788 names their folder.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <set>

#include "number/itl.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/number/interval.hpp"

namespace plumbline {
namespace {

template <class I>
using Operation = std::function<I(const std::vector<I>&)>;

template <class I>
const std::map<std::string, Operation<I>>& operations() {
  using In = const std::vector<I>&;
  static const std::map<std::string, Operation<I>> all{{"abs", [](In x) { return abs(x[0]); }},
                                                       {"add", [](In x) { return x[0] + x[1]; }},
                                                       {"convexHull", [](In x) { return hull(x[0], x[1]); }},
                                                       {"cos", [](In x) { return cos(x[0]); }},
                                                       {"div", [](In x) { return x[0] / x[1]; }},
                                                       {"exp", [](In x) { return exp(x[0]); }},
                                                       {"log", [](In x) { return log(x[0]); }},
                                                       {"max", [](In x) { return max(x[0], x[1]); }},
                                                       {"mul", [](In x) { return x[0] * x[1]; }},
                                                       {"neg", [](In x) { return -x[0]; }},
                                                       {"recip", [](In x) { return I(1) / x[0]; }},
                                                       {"sin", [](In x) { return sin(x[0]); }},
                                                       {"sqr", [](In x) { return square(x[0]); }},
                                                       {"sqrt", [](In x) { return sqrt(x[0]); }},
                                                       {"sub", [](In x) { return x[0] - x[1]; }},
                                                       {"tanh", [](In x) { return tanh(x[0]); }}};
  return all;
}

// What is read off enclosures.
template <class I>
const std::map<std::string, std::function<double(const std::vector<I>&)>>& readings() {
  using In = const std::vector<I>&;
  static const std::map<std::string, std::function<double(In)>> all{
      {"isCommonInterval", [](In x) { return is_bounded(x[0]); }},
      {"mag", [](In x) { return double(magnitude(x[0])); }},
      {"mid", [](In x) { return double(plumbline::lower(middle(x[0]))); }},
      {"mig", [](In x) { return double(mignitude(x[0])); }},
      {"strictPrecedes", [](In x) { return x[0] < x[1]; }},
      {"wid", [](In x) { return double(width(x[0])); }}};
  return all;
}

template <class I>
I enclosing(const itl::Interval& x) {
  typename I::Range range;
  mpfi_interv_d(range.backend().data(), x.low, x.high);
  return {range, x.domain.value_or(x.is_empty() ? Domain::trv : Domain::def)};
}

// x, as a double encloses it where the ends are rounded outward.
template <class I>
itl::Interval rounded_ends(const I& x, mpfr_rnd_t low, mpfr_rnd_t high) {
  return {mpfr_get_d(&x.range()->left, low), mpfr_get_d(&x.range()->right, high), x.domain()};
}

// "" where x is what the file expects: rounded outward to double precision it is the same interval (it holds
// all values, and is as tight as its digits promise), and it is marked where the file's left its domain.
template <class I>
std::string objection(const itl::Interval& expected, const I& x) {
  if (expected.domain && *expected.domain != x.domain()) return "another mark";
  if (expected.is_empty()) {
    if (x.domain() == Domain::def) return "no mark";
    return mpfi_nan_p(x.range()) ? "" : "not empty";
  }
  const itl::Interval found = rounded_ends(x, MPFR_RNDD, MPFR_RNDU);
  if (!(found.low <= expected.low && found.high >= expected.high)) return "values are missing";
  return found.low == expected.low && found.high == expected.high ? "" : "too wide";
}

template <class I>
std::vector<I> operands(const itl::Row& row) {
  std::vector<I> out;
  for (const itl::Interval& x : row.operands) out.push_back(enclosing<I>(x));
  return out;
}

struct Tally {
  int rows = 0, wrong = 0;
  std::string first;  // what is wrong with the first wrong row

  void add(const itl::Row& row, const std::string& objection) {
    ++rows;
    if (objection.empty() || wrong++) return;
    first =
        row.operation + ", line " + std::to_string(row.line) + ": " + objection + ", expected " + row.text;
  }
};

template <class I>
Tally tally(const std::vector<itl::Row>& rows, const std::string& name, const Operation<I>& operation) {
  Tally t;
  for (const itl::Row& row : rows)
    if (row.operation == name)
      t.add(row, objection(itl::interval(row.text).value(), operation(operands<I>(row))));
  return t;
}

template <class I>
Tally tally_of_reading(const std::vector<itl::Row>& rows, const std::string& name) {
  Tally t;
  for (const itl::Row& row : rows)
    if (row.operation == name)
      t.add(row, readings<I>().at(name)(operands<I>(row)) == itl::number(row.text) ? "" : "another number");
  return t;
}

// What an operation that is broken on purpose makes of the right result.
template <class I>
I shrunk(const I& x) {
  return middle(x);
}
template <class I>
I widened(const I& x) {
  return x + hull(I(0), I(0x1p-40));
}
template <class I>
I rounded_to_nearest(const I& x) {
  return enclosing<I>(rounded_ends(x, MPFR_RNDN, MPFR_RNDN));
}
template <class I>
I rounded_inward(const I& x) {
  return enclosing<I>(rounded_ends(x, MPFR_RNDU, MPFR_RNDD));
}
template <class I>
I unmarked(const I& x) {
  typename I::Range range;
  mpfi_set(range.backend().data(), x.range());
  return {range, Domain::def};
}

template <class I>
struct Breakage {
  const char* what;
  I (*broken)(const I&);
  std::set<std::string> not_of;  // operations that it does not break, or of which files do not say
};

template <class I>
std::vector<Breakage<I>> breakages() {
  const std::set<std::string> exact{"abs", "convexHull", "max", "neg"}, without_marks{"convexHull"};
  return {{"shrunk to its middle", shrunk<I>, {}},
          {"wider than need be", widened<I>, {}},
          {"ends rounded to nearest", rounded_to_nearest<I>, exact},
          {"ends rounded inward", rounded_inward<I>, exact},
          {"mark left out", unmarked<I>, without_marks}};
}

// The rows of a few lines of our own, which are always here, or of the files.
class IntervalFiles : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!GetParam()) return read(PLUMBLINE_INTERVALS "/sample.itl");
    const char* folder = std::getenv("PLUMBLINE_ITF1788");
    if (!folder || !*folder)
      GTEST_SKIP()
          << "PLUMBLINE_ITF1788 is not set: it names a folder with libieeep1788_elem.itl and mpfi.itl "
             "of ITF1788";
    for (const char* name : {"/libieeep1788_elem.itl", "/mpfi.itl"}) read(folder + std::string(name));
  }
  void read(const std::string& file) {
    const std::vector<itl::Row> more = itl::parsed(read_bytes(file));
    ASSERT_FALSE(more.empty()) << file;
    rows_.insert(rows_.end(), more.begin(), more.end());
  }
  template <class I>
  void expect_that_all_hold() {
    int rows = 0;
    const auto expect = [&](const std::string& name, const Tally& t) {
      EXPECT_GT(t.rows, 0) << name;
      EXPECT_EQ(t.wrong, 0) << name << ": " << t.wrong << " of " << t.rows << "; " << t.first;
      rows += t.rows;
    };
    for (const auto& [name, operation] : operations<I>()) expect(name, tally<I>(rows_, name, operation));
    for (const auto& [name, reading] : readings<I>()) expect(name, tally_of_reading<I>(rows_, name));
    std::cout << rows << " rows of " << operations<I>().size() + readings<I>().size() << " operations\n";
  }
  template <class I>
  void expect_that_none_holds_broken() {
    for (const Breakage<I>& b : breakages<I>())
      for (const auto& [name, right] : operations<I>()) {
        if (b.not_of.contains(name)) continue;
        const auto broken = [&, &right = right](const std::vector<I>& x) { return b.broken(right(x)); };
        EXPECT_GT(tally<I>(rows_, name, broken).wrong, 0) << name << ", " << b.what;
      }
  }

  std::vector<itl::Row> rows_;
};

TEST_P(IntervalFiles, EveryOperationEncloses) {
  expect_that_all_hold<Interval60>();
  expect_that_all_hold<Interval120>();
}

TEST_P(IntervalFiles, AnOperationThatIsBrokenOnPurposeIsNoticed) {
  expect_that_none_holds_broken<Interval60>();
  expect_that_none_holds_broken<Interval120>();
}

INSTANTIATE_TEST_SUITE_P(, IntervalFiles, testing::Bool(),
                         [](const auto& info) { return std::string(info.param ? "OfITF1788" : "OfOurOwn"); });

}  // namespace
}  // namespace plumbline
