// What does this black box compute?
#pragma once

#include "plumbline/identify/confirm.hpp"
#include "plumbline/identify/readings.hpp"

namespace plumbline::identify {

struct Settings {
  std::uint64_t seed = 1;  // of everything that is drawn
  int longest = 9;         // tokens of the longest sequence that is asked
  std::function<void(const std::string&)> progress = [](const std::string&) {};
};

struct Identification {
  Candidate candidate;
  bool named = false;  // every fresh question agrees with it
  std::vector<Reading> readings;
  std::vector<Judged> judged;
  std::vector<Decision> decisions;
  int questions = 0;
};

// Where it is not named: what the answers that disagree with the candidate compute instead.
std::string leftover(const Identification& identification);

// Throws Error where the box does not answer.
Identification identify(const BlackBox& box, const Anatomy& anatomy, const Profile& profile,
                        const Settings& settings = {});

}  // namespace plumbline::identify
