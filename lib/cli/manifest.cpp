#include "cli/manifest.hpp"

#include <nlohmann/json.hpp>

#include "cli/files.hpp"

namespace plumbline::cli {

std::string manifest_path(const std::string& folder) { return folder + "/manifest.json"; }

std::set<std::string> cases_of_manifest(const std::string& folder) {
  const std::string path = manifest_path(folder);
  const Json manifest = read_json(path);
  if (!manifest.is_object() || !manifest.contains("cases") || !manifest["cases"].is_array())
    throw Error(path + ": expected a suite's, with \"cases\", found another file");
  std::set<std::string> out;
  for (const Json& id : manifest["cases"]) {
    if (!id.is_string()) throw Error(path + ": cases: expected names, found " + id.dump());
    out.insert(id.get<std::string>());
  }
  return out;
}

}  // namespace plumbline::cli
