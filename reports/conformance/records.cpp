#include "reports/conformance/records.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plumbline/base/error.hpp"
#include "plumbline/base/strict_json.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline::reports {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  if (!fs::is_directory(folder)) throw Error(folder.string() + ": expected a folder of records, found none");
  for (const fs::directory_entry& e : fs::recursive_directory_iterator(folder))
    if (e.path().extension() == ".json") files.push_back(e.path());
  std::sort(files.begin(), files.end());
  return files;
}

using Texts = std::vector<std::string>;

bool has(const Texts& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

std::string text(const Json& j, const char* key) { return j.at(key).get<std::string>(); }

Provenance provenance(const Json& j) {
  return {text(j, "framework"), text(j, "package"), text(j, "version"), text(j, "date"), text(j, "machine")};
}

ConformanceRun run_of(const Json& j) {
  ConformanceRun run{text(j, "spec"),
                     text(j, "profile"),
                     j.value("rule", ""),
                     j.value("reached", ""),
                     j.at("cases").get<Counts>(),
                     j.at("laws").get<Counts>(),
                     {},
                     {}};
  for (const Json& u : j.at("unjudged")) run.unjudged.emplace_back(text(u, "why"), u.at("cases").get<int>());
  for (const Json& f : j.at("failures"))
    run.failures.push_back({text(f, "headline"), text(f, "smallest"), f.at("cases").get<int>()});
  return run;
}

FrameworkPart subject_of(const Json& j) {
  FrameworkPart s{text(j, "id"), text(j, "what"), j.at("gradients").get<bool>(), provenance(j), {}};
  for (const Json& run : j.at("runs")) s.runs.push_back(run_of(run));
  return s;
}

FrameworkFinding finding_of(const Json& j) {
  FrameworkFinding f{text(j, "id"),      text(j, "title"),  text(j, "text"), text(j, "language"),
                     text(j, "program"), text(j, "output"), provenance(j),   {}};
  for (const Json& e : j.at("explains"))
    f.explains.push_back(
        {text(e, "subject"), e.at("profiles").get<Texts>(), e.at("says").get<std::vector<Texts>>()});
  return f;
}

}  // namespace

bool Explained::covers(const std::string& profile, const std::string& headline) const {
  const auto is_said = [&](const Texts& words) {
    return std::all_of(words.begin(), words.end(),
                       [&](const std::string& word) { return headline.find(word) != headline.npos; });
  };
  return has(profiles, profile) && std::any_of(says.begin(), says.end(), is_said);
}

std::string FrameworkFinding::anchor() const {
  std::string slug;
  for (const char c : heading()) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) || c == '-' || c == '_') slug += char(std::tolower(u));
    if (c == ' ') slug += '-';
  }
  return slug;
}

std::map<std::string, std::string> ConformanceRecords::frameworks() const {
  std::map<std::string, std::string> names;
  for (const FrameworkPart& s : subjects) names[s.run.package] = s.run.framework;
  for (const FrameworkFinding& f : findings) names[f.run.package] = f.run.framework;
  return names;
}

std::vector<const FrameworkFinding*> ConformanceRecords::why(const FrameworkPart& s,
                                                             const ConformanceRun& run,
                                                             const ConformanceFailure& failure) const {
  const auto explains = [&](const Explained& e) {
    return e.subject == s.id && e.covers(run.profile, failure.headline);
  };
  std::vector<const FrameworkFinding*> found;
  for (const FrameworkFinding& f : findings)
    if (std::any_of(f.explains.begin(), f.explains.end(), explains)) found.push_back(&f);
  return found;
}

ConformanceRecords read_conformance(const fs::path& folder) {
  ConformanceRecords records;
  for (const fs::path& file : files_of(folder)) try {
      const Json j = parse_strict<Json>(read_bytes(file.string()), file.string());
      if (j.contains("unexpressed"))
        records.node_tests = node_tests_of(j);
      else if (j.contains("program"))
        records.findings.push_back(finding_of(j));
      else
        records.subjects.push_back(subject_of(j));
    } catch (const Json::exception& e) {
      throw Error(file.string() + ": not a record: " + e.what());
    }
  for (std::size_t i = 0; i < records.findings.size(); ++i) records.findings[i].number = int(i) + 1;
  return records;
}

fs::path conformance_folder() { return PLUMBLINE_CONFORMANCE_RECORDS; }

}  // namespace plumbline::reports
