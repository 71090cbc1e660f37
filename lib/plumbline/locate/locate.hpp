// Where an answer is wrong, and how much; and of one that is right, how far it is from the truth beside what
// is normal: what a verdict leaves to be asked.
#pragma once

#include "plumbline/judge/calibration.hpp"
#include "plumbline/locate/tensors.hpp"

namespace plumbline {

// The farthest that an output is from the truth, in units in the last place of the storage type (of entries
// that are not truly 0), and how far members of the ensemble, which are right, are: from the nearest one to
// the farthest. All 0 where nothing has a scale.
struct Nearness {
  std::string output = {};
  double ulps = 0, least = 0, most = 0;
  // Whether anything has a scale; how far beside the farthest member, where it has.
  bool is_known() const { return most > 0; }
  double ratio() const { return ulps / most; }
};

// "largest error 0.6 ulp (y), correct code here: 0.5…0.9 ulp"
std::string describe(const Nearness& nearness);

// An entry that is not exactly right, and its error.
struct EntryError {
  std::vector<std::ptrdiff_t> index;
  double expected = 0, found = 0, ulps = 0;
  double in_limits = 0;  // its error over the limit of its entry; infinite where it is no number
};

// One tensor of an answer.
struct Located {
  std::string name;
  Dtype storage;
  View view;
  std::ptrdiff_t entries = 0, wrong = 0;     // an entry is wrong that is beyond what correct code does
  std::vector<std::string> statements = {};  // "channels from 32 on of every head are 0"
  std::vector<EntryError> worst = {};        // the worst first, a few
  Nearness nearness = {};
  std::vector<std::vector<std::ptrdiff_t>> wrong_along = {};  // by axis of the view, by index: wrong entries

  // Whether no entry is wrong by itself.
  bool is_right() const { return wrong == 0; }
};

// All tensors of an answer, in the order of output_tensors (tensors.hpp).
struct Location {
  std::vector<Located> tensors;
  std::vector<std::pair<std::string, std::string>> exchanged = {};  // tensors in each other's place

  bool found_any() const;  // whether an entry is wrong by itself
};

// The largest |error| of each entry that correct code has, by Student's t with the guard of the profile and
// the inflation of the tails that the second set of members shows: at most a share Judge::alpha of correct
// answers exceeds its limit in any entry. In the order of output_names.
std::vector<Matrix<double>> entry_limits(const Calibration& calibration);

// What is wrong in an answer, and how near to the truth it is. Throws std::out_of_range where an output is
// missing; that each has its shape is not checked.
Location locate(const Calibration& calibration, const Outputs& found);
Nearness nearness(const Calibration& calibration, const Outputs& found);

// The one entry of all that is farthest beyond its limit.
struct WorstEntry {
  std::string tensor;
  EntryError entry;
};

// Empty where no entry is wrong by itself.
std::optional<WorstEntry> worst_entry(const Location& location);

// One phrase, of the first wrong output: "y: channels from 32 on of every head are 0"; or of two that are
// exchanged. Empty where no entry is wrong by itself.
std::string place(const Location& location);

// For people, the most telling first: "y: channels from 32 on are 0; worst at [0, 3, 35]: expected
// 0.731058598, found 0 (1.2e+07 ulp, 100 %)". At most so many lines.
std::vector<std::string> lines(const Location& location, int most = 6);

// All of it: the worst entries of each tensor, and how many are wrong along each axis.
std::string in_full(const Location& location);

}  // namespace plumbline
