// Records say what was run, in one form.
#include "properties/records/record.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace plumbline::properties {
namespace {

TEST(Record, IsOneLineOfJson) {
  LawRecord r{.id = "LN-2", .claim = "LayerNorm ignores a \"shift\"", .holds = true, .cases = 60};
  r.coverage = {{"plain rows", 40}, {"large rows", 20}};
  r.subjects = {"norm layer_norm"};
  r.empty = {{"norm rms_norm", "RMSNorm keeps the mean"}};
  r.algebras = {"enclosures, 60 digits"};
  r.widest_residual = "1.20e-58";
  r.kills = {{"norm/not-centred", "mean kept", 1}};
  EXPECT_EQ(to_json_line(r),
            R"({"id":"LN-2","claim":"LayerNorm ignores a \"shift\"","holds":true,"cases":60,)"
            R"("coverage":{"large rows":20,"plain rows":40},"subjects":["norm layer_norm"],)"
            R"("empty":{"norm rms_norm":"RMSNorm keeps the mean"},"algebras":["enclosures, 60 digits"],)"
            R"("widest_residual":"1.20e-58","tightest_bound":null,)"
            R"("kills":[{"mutant":"norm/not-centred","formula":"mean kept","after_cases":1}]})");
}

TEST(Record, EveryRecordIsALine) {
  std::ostringstream out;
  write_records({LawRecord{.id = "A", .claim = ""}, LawRecord{.id = "B", .claim = ""}}, out);
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_LT(text.find("\"A\""), text.find("\"B\""));
}

}  // namespace
}  // namespace plumbline::properties
