#include "reports/golden/records.hpp"

#include <algorithm>

#include "golden/generate/file.hpp"
#include "reports/progress.hpp"

namespace plumbline::reports {
namespace {

GoldenRecord record_of(const golden::GoldenCase& c) {
  const Container file = golden::golden_file(c);
  long values = 0;
  for (const auto& [name, tensor] : file.tensors)
    if (file.tensors.contains(name + ".residual")) values += tensor.size();
  return {c, values, file.metadata.at("width60"), file.metadata.at("width120"), golden::errors_of(c)};
}

}  // namespace

std::vector<GoldenRecord> run_golden() {
  const auto& cases = golden::cases();
  std::vector<GoldenRecord> records(cases.size());
  std::vector<std::function<void()>> jobs;
  for (std::size_t i = 0; i < cases.size(); ++i) jobs.push_back([&, i] { records[i] = record_of(cases[i]); });
  run_all("golden values", jobs);
  return records;
}

std::vector<golden::ErrorRecord> sorted_errors(const std::vector<GoldenRecord>& records,
                                               const std::string& scalar, const std::string& output) {
  std::vector<golden::ErrorRecord> found;
  for (const GoldenRecord& r : records)
    for (const golden::ErrorRecord& e : r.errors)
      if (e.scalar == scalar && e.output == output) found.push_back(e);
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.normwise < b.normwise; });
  return found;
}

}  // namespace plumbline::reports
