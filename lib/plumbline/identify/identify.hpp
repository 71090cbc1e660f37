// What does this black box compute?
#pragma once

#include "plumbline/identify/confirm.hpp"
#include "plumbline/identify/readings.hpp"

namespace plumbline::identify {

// How a box is asked.
struct Settings {
  std::uint64_t seed = 1;  // of everything that is drawn
  int longest = 9;         // tokens of the longest sequence that is asked
  std::function<void(const std::string&)> progress = [](const std::string&) {};
};

// What was found, and how.
struct Identification {
  Candidate candidate;
  bool named = false;  // every fresh question agrees with it
  std::vector<Reading> readings;
  std::vector<JudgedProbe> judged;
  std::vector<Decision> decisions;
  int questions = 0;
};

// Where it is not named: what the answers that disagree with the candidate compute instead, in words.
std::string leftover(const Identification& identification);

// Readings, then the search in stages, then fresh questions. Where answers disagree they become evidence,
// the search goes on and fresh questions follow, in at most three rounds. Throws Error where the box does
// not answer.
Identification identify(const BlackBox& box, const Anatomy& anatomy, const Profile& profile,
                        const Settings& settings = {});

}  // namespace plumbline::identify
