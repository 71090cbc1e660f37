// The calibration of one question in one profile: how far each functional of a correct output's error
// reaches. It does not depend on what is judged. Two sets of members: the first sets the scale of every entry
// and how heavy the tails are, the second how far every functional reaches. Answers that are known to be
// right are put to the question too; a functional reaches at least as far as they do.
#pragma once

#include <map>

#include "plumbline/oracle/bank.hpp"
#include "plumbline/oracle/parallel.hpp"

namespace plumbline {

struct CalibrationSettings {
  int members = 24;                   // in each of the two sets
  std::uint64_t seed = 1;             // of the members; any will do
  int threads = processor_threads();  // they change no result
  bool right_answers = true;          // false: to show what they are for
};

// How much noisier than the noisiest member correct code may be. 16-bit storage hides the order of sums;
// where sums matter, real orders are less random than a random permutation, those of gradients least of all.
double guard(const Profile& profile, bool gradients);

// What the generic test says about an error.
struct Rejection {
  double p = 1;             // a Bonferroni bound, which may exceed 1
  std::string family = {};  // of the smallest p, and the place that it names, if it does
  std::string place = {};
  double statistic = 0;  // the largest |T| of that family (or its mean T^2)
  bool by_energy = false;
};

class Calibration {
 public:
  Calibration(const Question& question, const Profile& profile, const CalibrationSettings& settings = {});

  const Question& question() const { return question_; }
  const Profile& profile() const { return profile_; }
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<Matrix<long double>>& truth() const { return truth_; }  // in the order of names()
  const std::vector<Matrix<double>>& sigma() const { return sigma_; }  // 0: judged by largest_error alone
  double largest_error(int output) const { return largest_[output]; }  // of a member, anywhere in the tensor
  bool has_no_scale(int output) const { return no_scale_[output]; }    // its true value is 0
  const std::vector<std::vector<Matrix<double>>>& member_errors() const { return errors_; }
  const std::vector<std::vector<Matrix<double>>>& right_answers() const { return right_; }  // their errors
  int members() const { return settings_.members; }
  int threads() const { return settings_.threads; }

  // y^ - y, in the order of names(); and z = e / sigma, 0 where there is no scale.
  std::vector<Matrix<double>> error(const Outputs& observed) const;
  std::vector<Matrix<double>> scaled(const std::vector<Matrix<double>>& error) const;

  // The generic test (families of functionals) of the error y^ - y.
  Rejection test(const std::vector<Matrix<double>>& error, double guard) const;
  // The same with the shapes alone: an upper bound of p that needs no backward pass.
  Rejection test_shapes(const std::vector<Matrix<double>>& error, double guard) const;

  // By place: the smallest relative change of the tensors there that would have been noticed in y, to first
  // order. 0.0002 at "layers.0.attn.scores": scores wrong by 0.02 %.
  std::map<std::string, double> smallest_noticed(double guard, double alpha) const;

 private:
  struct FamilyTest {
    double dof = 0, heaviness = 1, energy_mean = 0, energy_deviation = 0;
  };
  using Functionals = std::vector<std::vector<double>>;  // of each error
  void set_scale();
  void set_reach();
  Functionals functionals_of_members(const std::vector<std::unique_ptr<Trace>>& traces);
  void set_reach(int family, const Functionals& of_members);
  void reach_right_answers(int family, const Functionals& of_right_answers);
  std::vector<double> functionals(const Scores& scores) const;
  Rejection test(const std::vector<double>& functionals, int families, double guard) const;
  std::vector<double> limits(double guard, double alpha) const;  // of |T|, by family; half of alpha's share

  Question question_;
  Profile profile_;
  CalibrationSettings settings_;
  std::vector<std::string> names_;
  std::vector<Matrix<long double>> truth_;
  std::vector<Matrix<double>> sigma_;
  std::vector<double> largest_;
  std::vector<bool> no_scale_;
  std::vector<std::vector<Matrix<double>>> errors_, right_;
  std::unique_ptr<Bank> bank_;
  std::unique_ptr<Trace> trace_;  // plays its tape for every test: one test at a time
  std::vector<double> tau_;
  std::vector<FamilyTest> families_;
};

// The exact outputs: for float64 from 50 digits, for coarser types in long double, whose own rounding is
// below 2^-40 of a float32's.
std::vector<Matrix<long double>> exact_outputs(const Question& question, const Profile& profile);

}  // namespace plumbline
