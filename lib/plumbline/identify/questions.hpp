// What a black box is asked, so that each question shows some knobs and hides the others.
#pragma once

#include <random>

#include "plumbline/identify/fit.hpp"
#include "plumbline/identify/knobs.hpp"

namespace plumbline::identify {

class Questions {
 public:
  Questions(const Anatomy& anatomy, const Profile& profile, std::uint64_t seed)
      : anatomy_(anatomy), profile_(profile), bits_(seed) {}

  // Random gains, biases and weights; rows of x that are plain, or far from 0, or narrow.
  Probe rich(int batch, int tokens);
  // A sequence of one token attends to itself, whatever the mask, the scale and the positions are: attention
  // is linear. Three questions have a branch less: without the weights of both their biases show the wiring.
  std::vector<std::pair<std::string, Probe>> wiring();
  // Rows of about that size, and branches that add about as much.
  Probe of_size(double size, int batch, int tokens);
  // Feed-forward off. Uniform: queries are 0, so that the mask alone decides; faint and steep: scores that
  // are small and large.
  Probe uniform_attention(int tokens, const Candidate& candidate);
  Probe faint_attention(int tokens, const Candidate& candidate);
  Probe steep_attention(int tokens);

  // As a number of the storage type.
  Probe stored(Probe probe) const;
  // Numbers of a parameter of our name, as rich() draws them.
  Matrix<double> draw(const std::string& ours, Eigen::Index rows, Eigen::Index cols);
  Matrix<double> normal(Eigen::Index rows, Eigen::Index cols, double scale, double offset = 0);

 private:
  Probe attention_alone(int tokens);

  const Anatomy& anatomy_;
  const Profile& profile_;
  std::mt19937_64 bits_;
};

// Multiplies every parameter whose name holds that.
void scale(Probe& probe, std::string_view part_of_name, double factor);

}  // namespace plumbline::identify
