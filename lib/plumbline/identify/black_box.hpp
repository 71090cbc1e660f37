// An implementation of which nothing is known but which tensors it reads.
#pragma once

#include <functional>

#include "plumbline/exchange/exchange.hpp"
#include "plumbline/identify/candidate.hpp"

namespace plumbline::identify {

// Answers y of the probe, whose parameters have the box's names.
using BlackBox = std::function<Answer(const Probe&)>;

// The request that asks it over a pipe (exchange/exchange.hpp); the probe has the box's names. Its "spec"
// holds sizes alone: a black box computes what it computes. Throws std::out_of_range where the probe lacks
// a parameter.
Container to_container(const Probe& probe, const Anatomy& anatomy, const Profile& profile,
                       const std::string& id);

// A question with the shapes of the answer, for answer_from.
Question question_of(const Probe& probe, const Anatomy& anatomy);

// Asks a box under our names, and counts. The anatomy and the profile must outlive it.
class NamedBox {
 public:
  // Nothing is asked yet.
  NamedBox(BlackBox box, const Anatomy& anatomy, const Profile& profile)
      : box_(std::move(box)), anatomy_(anatomy), profile_(profile) {}

  // y of the probe. Throws Error where the answer is none, saying why.
  Matrix<double> operator()(const Probe& probe);
  const Anatomy& anatomy() const { return anatomy_; }
  const Profile& profile() const { return profile_; }
  int count() const { return count_; }  // of questions so far

 private:
  BlackBox box_;
  const Anatomy& anatomy_;
  const Profile& profile_;
  int count_ = 0;
};

}  // namespace plumbline::identify
