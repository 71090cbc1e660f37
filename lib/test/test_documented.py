"""Every public function and type of the headers says what it does; and documented.py, which finds those that do not,
finds what it is to find and nothing else."""

import pathlib

import pytest

from documented import faults_in, faults_of

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def faults(*lines):
    return [fault.removeprefix("h.hpp:") for fault in faults_of("h.hpp", "\n".join(lines) + "\n")]


def test_the_repository_is_documented():
    assert faults_in(REPOSITORY) == []


# A comment is missing: the header, and the names in the order in which they are to be found.
MISSING = [
    (["namespace a {", "int f(int x);", "}"], ["2: f has no comment"]),
    (["// A file.", "", "template <class S>", "S f(const std::vector<S>& x = {}, int n = 1);"], ["3: f has no comment"]),
    (["// One.", "void f();", "", "void g();"], ["4: g has no comment"]),
    (["void f();  // one", "void g();"], ["2: g has no comment"]),
    (["struct S {", "  int x = 0;", "};"], ["1: S has no comment"]),
    (["enum class E { a, b };"], ["1: E has no comment"]),
    (["using T = int;"], ["1: T has no comment"]),
    (["template <class A>", "concept C = requires(A a) {", "  { a.f() };", "};"], ["1: C has no comment"]),
    (["// A class.", "class C {", " public:", "  int f() const { return x_; }", " private:", "  int g();", "};"],
     ["4: C::f has no comment"]),
    (["// S.", "struct S {", "  operator int() const;", "  friend S operator<<(S, S) { return {}; }", "};"],
     ["3: S::operator int has no comment", "4: S::operator<< has no comment"]),
    (["// S.", "struct S {", "  std::function<void(int)> data;", "  explicit S(int x) : data([](int) {}) {", "  }", "};"],
     ["4: S::S has no comment"]),
    (['// Text.', 'inline const char* a = "}//";', "", "#define M int g(); \\", "  int h();", "int f();"], ["6: f has no comment"]),
    (["namespace a {", "namespace detail {", "int f();", "}", "int g();", "}"], ["5: g has no comment"]),
]

COMPLETE = [
    ["// One.", "void f();", "void g() {", "  if (true) {", "  }", "}", "void h();"],
    ["void f();  // one"],
    ["int f() {  // one", "  return 1;", "}"],
    ["namespace a::detail {", "int f();", "}"],
    ["// S.", "struct S {", "  S() = default;", "  S(const S&) = delete;", "  bool operator==(const S&) const = default;",
     "  const char* what() const override { return nullptr; }", " private:", "  int f();", "};"],
    ["template <>", "int f<int>();", "template struct S<int>;", "template <class S>", "int S<S>::f() {", "  return 1;", "}"],
    ["template <>", "struct S<int> {", "  int f();", "};"],
    ["NAMES(E, a, b);", "static_assert(f(1) == 1);", "extern int x;", "inline constexpr int y[] = {1, 2};"],
]


@pytest.mark.parametrize("lines, expected", MISSING)
def test_what_has_no_comment_is_named(lines, expected):
    assert faults(*lines) == expected


@pytest.mark.parametrize("lines", COMPLETE)
def test_what_has_a_comment_or_needs_none_is_not(lines):
    assert faults(*lines) == []


def test_labels_stand_in_order():
    in_order = ["// The root.", "//   formula: sqrt x", "//   domain: x >= 0", "//   bad input: NaN", "//   source: here it is"]
    assert faults(*in_order, "double root(double x);") == []
    in_order[1:3] = in_order[2:0:-1]
    [fault] = faults(*in_order, "double root(double x);")
    assert fault.startswith("3: formula stands behind domain; the order is formula, shapes, domain, ")


def test_no_comment_ends_in_a_line_of_one_word():
    assert faults("// The square root of x, and of what is not a", "// number.", "double root(double x);") == [
        "2: the comment ends in a line of one word, number."]
    assert faults("double root(double x);  // NaN where x is not a", "                        // number") == [
        "2: the comment ends in a line of one word, number"]
    assert faults("// Root.", "double root(double x);", "", "// norm.cpp", "", "// One.", "void f();") == []
