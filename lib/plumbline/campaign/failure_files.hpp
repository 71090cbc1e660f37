// Failing questions in files. The first one of each kind is saved as soon as it is found, so that nothing is
// lost if the run does not come to its end; what was made of it there takes its place.
#pragma once

#include <set>

#include "plumbline/campaign/replay.hpp"

namespace plumbline {

// The replay files of one run, in one folder.
class FailureFiles {
 public:
  // The folder is made when the first file is written; until then nothing is checked.
  explicit FailureFiles(std::string folder) : folder_(std::move(folder)) {}

  // Saves it where no other of that kind has been found, and not too many kinds.
  void found(const std::string& kind, const Replay& replay, const Answer& answer);
  // The path of the file. Throws Error where it cannot be written.
  std::string write(const std::string& name, const Replay& replay, const Answer& answer);
  // Removes what was saved early and has been written in another form since.
  void settle();

  // Why something that was found could not be saved; empty otherwise.
  const std::string& trouble() const { return trouble_; }

 private:
  static constexpr int most_kinds = 20;

  std::string folder_, trouble_;
  std::set<std::string> kinds_, early_, written_;
};

}  // namespace plumbline
