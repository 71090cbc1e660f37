// The bank of test statistics. Each is a linear functional of the scaled error z = e / sigma:
//   shapes   of each output tensor: its elements; its rows, columns and whole against simple patterns
//   taps     every stored tensor u of the block changed a little, u + h f(u): the functional is
//            <f(u), J^T (e / sigma^2)>, whole, per row and per column. It says where a fault sits.
// Families of them, and what is made of them: README.md.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "plumbline/judge/trace.hpp"

namespace plumbline {

// The functionals [first, first + count), of one kind, which vary alike where the output is right.
struct Family {
  std::string name;   // "rows of y", "columns of layers.0.attn.scores"
  std::string place;  // of a tap; "" for shapes, and for all taps
  int first = 0, count = 0;
};

// All functionals of one question.
class Bank {
 public:
  // outputs, sigma: the exact outputs and the standard errors of their entries, in the order of output_names;
  // sigma 0 marks an entry that takes no part. The trace must be that of the question.
  Bank(const Question& question, const std::vector<Matrix<double>>& outputs,
       const std::vector<Matrix<double>>& sigma, const Trace& trace);

  // For each error, a matrix for every output: z = e / sigma of each output tensor, then the adjoints of the
  // taps. An empty matrix is an error, or a score, of 0. One call at a time: it plays the tape of the trace.
  std::vector<Scores> scores(std::span<const std::vector<Matrix<double>>> errors, Trace& trace) const;
  Scores shape_scores(const std::vector<Matrix<double>>& error) const;  // z alone

  // Chooses the scale that brings each functional to standard deviation 1, as if the entries of the scores
  // were independent with these mean squares; families then hold numbers of like size. `scale` multiplies
  // by it.
  void normalise(const Scores& mean_squares);
  void scale(std::vector<double>& functionals) const { scale(functionals, 0, int(functionals.size())); }
  void scale(std::vector<double>& functionals, const Family& of_one) const {
    scale(functionals, of_one.first, of_one.count);
  }

  // The families in the order of their functionals, and the number of these.
  const std::vector<Family>& families() const { return families_; }
  int size() const { return size_; }
  int shapes() const { return shape_families_; }  // the first families are those of shapes
  // The value of every functional of each of the scores, without its scale; of those of shapes only, where
  // the scores are those of shapes. There is at least one, and all are of one kind. Many at once take less
  // time than one by one.
  std::vector<std::vector<double>> functionals(std::span<const Scores> scores) const;

 private:
  enum class Of { values, values_briefly, cotangents };
  // A pattern that one score matrix is multiplied by, and where its functionals begin (-1: none of
  // that kind).
  struct Lens {
    int score;
    Matrix<double> pattern = {};
    int elements = -1, whole = -1, rows = -1, cols = -1;
  };
  // The sum over all heads and sequences of one place.
  struct Joint {
    std::vector<int> lenses;
    int at = -1;
  };

  Matrix<double> in_sigmas(const Matrix<double>& x, std::size_t output) const;
  void scale(std::vector<double>& functionals, int first, int count) const;
  // Writes the functionals of one lens; returns the sum of score times pattern.
  static double through(const Lens& lens, const Matrix<double>& score, std::vector<double>& functionals);
  int take(int count);
  void close_family(const std::string& name, const std::string& place, int first);
  void add_shapes(int output, const std::string& name, const Matrix<double>& value, const Matrix<double>* x,
                  int tokens);
  void add_taps(const std::vector<Tap>& taps, const std::string& what, int first_score, Of of);

  std::vector<Matrix<double>> inverse_sigma_;  // 0 where sigma is
  std::vector<Lens> lenses_;
  std::vector<Joint> joints_;
  std::vector<double> scale_;  // by functional
  std::vector<Family> families_;
  int size_ = 0, shape_families_ = 0, shape_size_ = 0;
  std::size_t shape_lenses_ = 0, taps_ = 0;
  bool gradients_;
};

}  // namespace plumbline
