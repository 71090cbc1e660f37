// What implementations answered when run.py asked them: the files in records/, which only run.py writes.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "reports/conformance/node_tests.hpp"

namespace plumbline::reports {

// Where and when something was run, and which version of a framework it was.
struct Provenance {
  std::string framework, package, version, date, machine;
};

using Counts = std::map<std::string, int>;  // by outcome

// A kind of failure.
struct ConformanceFailure {
  std::string
      headline;  // "coarser: right in bfloat16, coarser than bfloat16-mixed (all of grad.norm.weight: ...)"
  std::string smallest;  // "B=1 T=2 d=5"
  int cases;
};

// One spec in one profile.
struct ConformanceRun {
  std::string spec, profile;
  std::string rule, reached;  // the rule that judged; the sizes: "batch 1…2, T 1…1025"
  Counts cases, laws;
  std::vector<std::pair<std::string, int>> unjudged;  // why, and of how many cases
  std::vector<ConformanceFailure> failures;
};

struct FrameworkPart {
  std::string id, what;  // "torch/layer_norm", "torch.nn.functional.layer_norm"
  bool gradients;
  Provenance run;
  std::vector<ConformanceRun> runs;
};

// The failures of a subject in some profiles of which one of these is said: what is computed, and where. Each
// is a list of words, all of which the headline has.
struct Explained {
  std::string subject;
  std::vector<std::string> profiles;
  std::vector<std::vector<std::string>> says;
  bool covers(const std::string& profile, const std::string& headline) const;
};

// What a framework does, and the shortest program that shows it.
struct FrameworkFinding {
  std::string id, title, text;  // text: more than the title says; may be empty
  std::string language, program, output;
  Provenance run;
  std::vector<Explained> explains;
  int number = 0;  // on the pages, from 1

  std::string heading() const { return std::to_string(number) + ". " + title; }
  std::string anchor() const;  // of the heading
};

struct ConformanceRecords {
  std::vector<FrameworkPart> subjects;  // in the order of their ids, as are the findings
  std::vector<FrameworkFinding> findings;
  NodeTestRecord node_tests = {};

  std::map<std::string, std::string> frameworks() const;  // by package, of subjects and findings
  // The findings that explain a failure; nobody knows why where there is none.
  std::vector<const FrameworkFinding*> why(const FrameworkPart&, const ConformanceRun&,
                                           const ConformanceFailure&) const;
};

// Throws Error naming the file that is not as run.py writes it.
ConformanceRecords read_conformance(const std::filesystem::path& folder);

// reports/conformance/records of the source.
std::filesystem::path conformance_folder();

}  // namespace plumbline::reports
