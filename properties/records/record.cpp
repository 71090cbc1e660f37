#include "properties/records/record.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "properties/subjects/mutant.hpp"
#include "properties/trial.hpp"

namespace plumbline::properties {
namespace {

std::string three_digits(const std::optional<End>& x, mpfr_rnd_t rounding) {
  if (!x) return "";
  if (*x == 0) return "0";
  char text[32];
  mpfr_snprintf(text, sizeof text, "%.2R*e", rounding, x->backend().data());
  return text;
}

Kill kill(const Law& law, std::string_view id) {
  const Mutant& mutant = find_mutant(id);
  const Trial trial = try_law(law, mutant.subject, cases_per_mutant, false);
  if (!trial.broken.empty())
    throw Error(std::string(law.id) + " on " + std::string(id) + ": expected a verdict, found " +
                trial.broken);
  return {std::string(id), std::string(mutant.formula), trial.fails ? trial.cases + 1 : 0};
}

LawRecord record_of(const Law& law) {
  const Trial trial = try_law(law, Subject(), cases_per_law);
  LawRecord r{.id = std::string(law.id), .claim = std::string(law.claim), .holds = trial.holds};
  r.cases = trial.cases;
  r.coverage = trial.coverage;
  r.algebras.assign(trial.ledger.algebras.begin(), trial.ledger.algebras.end());
  r.widest_residual = three_digits(trial.ledger.widest_residual, MPFR_RNDU);
  r.tightest_bound = three_digits(trial.ledger.tightest_bound, MPFR_RNDD);
  for (const Cell& cell : cells()) {
    if (std::ranges::count(law.scope.tried, cell))
      r.subjects.push_back(name_of(cell));
    else
      r.empty[name_of(cell)] = law.scope.why_not(cell);
  }
  for (std::string_view id : law.mutants) r.kills.push_back(kill(law, id));
  std::ranges::sort(r.kills, {}, &Kill::mutant);
  return r;
}

}  // namespace

std::vector<LawRecord> run_all(const std::function<void(const std::string& id)>& progress) {
  std::vector<LawRecord> records;
  for (const Law& law : all_laws()) {
    progress(std::string(law.id));
    records.push_back(record_of(law));
  }
  std::ranges::sort(records, {}, &LawRecord::id);
  return records;
}

std::string to_json_line(const LawRecord& r) {
  nlohmann::ordered_json kills = nlohmann::ordered_json::array();
  for (const Kill& k : r.kills)
    kills.push_back({{"mutant", k.mutant}, {"formula", k.formula}, {"after_cases", k.after_cases}});
  const auto or_null = [](const std::string& s) {
    return s.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(s);
  };
  const nlohmann::ordered_json line{{"id", r.id},
                                    {"claim", r.claim},
                                    {"holds", r.holds},
                                    {"cases", r.cases},
                                    {"coverage", r.coverage},
                                    {"subjects", r.subjects},
                                    {"empty", r.empty},
                                    {"algebras", r.algebras},
                                    {"widest_residual", or_null(r.widest_residual)},
                                    {"tightest_bound", or_null(r.tightest_bound)},
                                    {"kills", kills}};
  return line.dump();
}

void write_records(const std::vector<LawRecord>& records, std::ostream& out) {
  for (const LawRecord& r : records) out << to_json_line(r) << "\n";
}

}  // namespace plumbline::properties
