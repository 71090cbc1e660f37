// ONNX's own node tests as questions: what came of them, as onnx_node_tests.py writes it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plumbline/spec/json.hpp"

namespace plumbline::reports {

// What is known of the tests of one operator.
struct NodeTests {
  int expressed = 0, agree = 0, damaged = 0, rejected = 0;
  std::map<std::string, int> others, unexpressed;  // other outcomes and why there is none, and how often
};

struct NodeTestRecord {
  std::string version, date;
  std::map<std::string, NodeTests> operators;  // none: there is no record
};

NodeTestRecord node_tests_of(const Json& record);

// A section of the page about frameworks; "" where there is no record.
std::string node_tests_section(const NodeTestRecord& record);

}  // namespace plumbline::reports
