// Reading a record, and what every section says of the one that it is made from.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "plumbline/spec/json.hpp"

namespace plumbline::reports {

// Which rule a record measured, where and when; it is printed by every section that is made from a record. A
// rule that has changed since makes the page another one, and the test that compares the pages fails.
std::string measured(const Json& record);

// Whether its stamp has the hash of the rule.
bool measures_the_rule_as_it_is(const Json& record);

int number(const Json& record, const char* key);  // 0 where there is none
std::string percent(int part, int whole);
std::string of(int part, int whole);  // "3 of 40"

}  // namespace plumbline::reports
