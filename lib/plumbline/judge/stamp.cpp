#include "plumbline/judge/stamp.hpp"

#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

namespace plumbline {
namespace {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (const auto colon = line.find(": "); line.starts_with("model name") && colon != line.npos)
      return line.substr(colon + 2);
  return "an unknown processor";
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", std::gmtime(&now));
  return text;
}

}  // namespace

Json stamp() {
  return {{"rule", rule()},
          {"version", PLUMBLINE_VERSION},
          {"compiler", __VERSION__},
          {"machine", processor() + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores"},
          {"date", today()}};
}

}  // namespace plumbline
