// How well the oracle judges: false alarms and detection side by side, from the records of
// measured campaigns.
#pragma once

#include <nlohmann/json.hpp>

#include "plumbline/spec/json.hpp"
#include "reports/page.hpp"

namespace plumbline::reports {

// What the campaigns wrote; they take hours, so a report reads them and runs none.
struct OracleRecords {
  Json characteristics, before;  // of plumbline_characteristics; with the rule as it was
  Json agreement;                // of lib/measure/agreement.py
  Json census;                   // of plumbline_census
  std::vector<Json> naming;      // of lib/measure/naming.py, by profile
  Json pairs;                    // of the same
  Json real_bugs;                // of lib/measure/planted.py
  Json cost;                     // of plumbline_benchmark --record
  Json identified;               // of plumbline_identify_campaign
  Json identified_presets;       // of the same, with --presets
  Json swaps;                    // of plumbline_preset_swaps
};

// From records/. Throws Error naming the file.
OracleRecords read_oracle_records();

Pages oracle_pages(const OracleRecords& records);

}  // namespace plumbline::reports
