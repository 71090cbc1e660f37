// Relations: laws between the answers to questions that belong together. They need no reference values, so
// they are tried on whatever answers questions: on enclosures, with mutants (properties/), and on
// implementations (live_runner.hpp). What a relation asks stays inside the declared spec.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plumbline/cases/recipes.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {

// Whether it holds, and how it is broken, or a remark.
struct Held {
  bool holds = true;
  std::string what = {};
};

// y -> ((y[rows] - minus) / over) times, each column over its own number; what is empty is left out.
struct AffineMap {
  std::vector<Eigen::Index> rows = {};
  Matrix<double> minus = {}, over = {}, times = {};

  // What the map makes of an error of y: the constant falls out.
  AffineMap without_constant() const { return {rows, {}, over, times}; }
  // Not checked: shapes. `minus` is as large as what rows leave of y, `over` one row of its width, and
  // `times` has as many rows.
  template <class S>
  Matrix<S> operator()(const Matrix<S>& y) const;
};

// The ways in which answers are compared. An implementation's are compared to the bit, or as well as rounding
// allows; enclosures have to contain one another's value.
class RelationRunner {
 public:
  virtual ~RelationRunner() = default;
  // What `keep` leaves of y is the same for both questions, and something else is not.
  virtual Held unchanged(const Question& q, const Question& other, const AffineMap& keep) = 0;
  // The same of all these outputs, each by a map of its own question.
  virtual Held same_rows(const Question& q, const AffineMap& of_q, const Question& other,
                         const AffineMap& of_other, const std::vector<std::string>& outputs) = 0;
  // y of one question is `pulled` of y of the other.
  virtual Held same_answer(const Question& q, const Question& other, const AffineMap& pulled) = 0;
  // The map makes of an output what its linear part makes of `expected`.
  virtual Held image_is(const Question& q, const std::string& output, const AffineMap& map,
                        const Matrix<double>& expected) = 0;
  virtual Held is_input(const Question& q) = 0;     // y is x
  virtual Held is_right(const Question& q) = 0;     // y is what the spec says
  virtual Held is_repeated(const Question& q) = 0;  // the same question is answered alike
  // Throws NothingToJudge where another question may not have that value, or not these numbers.
  virtual void require_open(std::string_view key, const Json& declared, const Json& other) = 0;
  virtual void require_representable(const Question& q) = 0;
};

// A relation: what it says, of which questions, and how it is tried. A row of one of the two tables below.
struct Relation {
  std::string_view id, statement;
  std::string_view premise;                  // of which questions it speaks
  bool gradients;                            // it is about gradients
  bool (*applies)(const QuestionSettings&);  // spec and sizes decide, so no numbers are drawn for it
  Held (*check)(RelationRunner&, const Question&);
  // Deviations and misreadings that break it, on enclosures as on implementations.
  std::vector<std::string_view> mutants;
  std::string_view promise = {};  // the option that says so, of what not every right implementation does
};

std::span<const Relation> token_relations();     // which token may change which row
std::span<const Relation> function_relations();  // what the function is like
// Whether it speaks of such a question. What functions are like is said where all layers are alike.
bool applies(const Relation& relation, const QuestionSettings& q);
// All of them, in this order.
const std::vector<const Relation*>& relations();
const Relation& find_relation(std::string_view id);  // throws Error where there is none

// A right answer to another question than the one that was asked: what relations have to notice.
struct Misreading {
  std::string_view id, formula;
  void (*apply)(Question&);
};
std::span<const Misreading> misreadings();

template <class S>
Matrix<S> AffineMap::operator()(const Matrix<S>& y) const {
  Matrix<S> out = y;
  if (!rows.empty()) {
    out.resize(Eigen::Index(rows.size()), y.cols());
    for (std::size_t i = 0; i < rows.size(); ++i) out.row(Eigen::Index(i)) = y.row(rows[i]);
  }
  for (Eigen::Index i = 0; i < minus.size(); ++i) out.data()[i] -= S(minus.data()[i]);
  for (Eigen::Index j = 0; j < over.size(); ++j)
    for (Eigen::Index i = 0; i < out.rows(); ++i) out(i, j) /= S(over(0, j));
  if (times.size() > 0) {  // written out: enclosures have no fast product
    const Matrix<S> all = out;
    out = Matrix<S>::Constant(all.rows(), times.cols(), S(0));
    for (Eigen::Index i = 0; i < all.rows(); ++i)
      for (Eigen::Index k = 0; k < times.cols(); ++k)
        for (Eigen::Index j = 0; j < all.cols(); ++j) out(i, k) += all(i, j) * S(times(j, k));
  }
  return out;
}

}  // namespace plumbline
