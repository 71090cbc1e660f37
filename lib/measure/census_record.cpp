#include "measure/census_record.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plumbline/base/error.hpp"

namespace plumbline {
namespace {

bool same(const Json& a, const Json& b, std::initializer_list<const char*> keys) {
  return std::all_of(keys.begin(), keys.end(), [&](const char* k) { return a.at(k) == b.at(k); });
}

template <class Same>
Json* find(Json& list, Same same) {
  const auto found = std::find_if(list.begin(), list.end(), same);
  return found == list.end() ? nullptr : &*found;
}

void add_counts(Json& sum, const Json& more) {
  for (const auto& [key, value] : more.items()) sum[key] = sum.value(key, 0) + value.get<int>();
}

void add_variant(Json& row, const Json& variant) {
  if (!row.contains("variants")) row["variants"] = Json::array();
  Json* mine = find(row["variants"], [&](const Json& v) { return same(v, variant, {"name"}); });
  if (!mine) {
    row["variants"].push_back(variant);
    return;
  }
  for (const auto& [key, value] : variant.items())
    if (key != "name") (*mine)[key] = mine->at(key).get<int>() + value.get<int>();
}

void add_row(Json& row, const Json& more) {
  for (const Json& seed : more.at("seeds")) {
    if (std::count(row.at("seeds").begin(), row.at("seeds").end(), seed))
      throw Error("expected other seeds, found seed " + seed.dump() + " again: " + more.at("spec").dump() +
                  ", " + more.at("profile").get<std::string>());
    row.at("seeds").push_back(seed);
  }
  row["questions"] = row.at("questions").get<int>() + more.at("questions").get<int>();
  row["seconds"] = row.at("seconds").get<double>() + more.at("seconds").get<double>();
  add_counts(row["not_judged"], more.at("not_judged"));
  if (more.contains("variants"))
    for (const Json& v : more.at("variants")) add_variant(row, v);
}

}  // namespace

void add_to_record(Json& record, const Json& more) {
  if (record.at("stamp").at("rule") != more.at("stamp").at("rule"))
    throw Error("expected a record of rule " + record.at("stamp").at("rule").dump() + ", found " +
                more.at("stamp").at("rule").dump());
  for (const Json& r : more.at("rows")) {
    Json* mine = find(record.at("rows"), [&](const Json& row) {
      return same(row, r, {"part", "spec", "batch", "tokens", "key_tokens", "profile"});
    });
    if (mine)
      add_row(*mine, r);
    else
      record.at("rows").push_back(r);
  }
  Json& machines = record["machines"];
  for (const Json& machine : more.value("machines", Json{more.at("stamp").at("machine")}))
    if (!std::count(machines.begin(), machines.end(), machine)) machines.push_back(machine);
}

}  // namespace plumbline
