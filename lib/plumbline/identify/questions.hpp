// What a black box is asked, so that each question shows some knobs and hides the others.
#pragma once

#include "plumbline/cases/drawing.hpp"
#include "plumbline/identify/fit.hpp"
#include "plumbline/identify/knobs.hpp"

namespace plumbline::identify {

// Draws probes. Numbers are those of the storage type where it says `stored`.
class Questions {
 public:
  // The anatomy and the profile must outlive it.
  Questions(const Anatomy& anatomy, const Profile& profile, std::uint64_t seed)
      : anatomy_(anatomy), profile_(profile), numbers_(seed) {}

  // Random gains, biases and weights; rows of x that are plain, or far from 0, or narrow. Not yet stored.
  Probe rich(int batch, int tokens);
  // A sequence of one token attends to itself, whatever the mask, the scale and the positions are: attention
  // is linear. Three of the questions switch branches off; without the weights of both, their biases show the
  // wiring. Stored.
  std::vector<std::pair<std::string, Probe>> wiring();
  // Rows of about that size, and branches that add about as much. Stored.
  Probe of_size(double size, int batch, int tokens);
  // One sequence with the feed-forward switched off. Uniform: queries are 0, so that the mask alone decides;
  // faint and steep: scores that are small and large. Stored.
  Probe uniform_attention(int tokens, const Candidate& candidate);
  Probe faint_attention(int tokens, const Candidate& candidate);
  Probe steep_attention(int tokens);

  // What is switched off is multiplied by that from now on, not by 0: a norm without eps has no value at 0.
  void turn_off_by(double factor) { off_ = factor; }

  // The same probe in numbers of the storage type.
  Probe stored(Probe probe) const;
  // Numbers of a parameter, as rich() draws them; nearly normal numbers of any other use.
  Matrix<double> draw(const ParameterShape& parameter);
  Matrix<double> normal(Eigen::Index rows, Eigen::Index cols, double scale, double offset = 0);

 private:
  Probe attention_alone(int tokens);
  void scale(Probe& probe, Module module, double factor) const;
  void scale_weights(Probe& probe, Module module, double factor) const;
  void take_offset_from_gains_of_q(Probe& probe, const Candidate& candidate) const;

  const Anatomy& anatomy_;
  const Profile& profile_;
  Draw numbers_;
  double off_ = 0;
};

// Multiplies every parameter of that module by the factor.
void scale(Probe& probe, const Anatomy& anatomy, Module module, double factor);

}  // namespace plumbline::identify
