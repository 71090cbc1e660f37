// The corpus in the ordinary build: what is valid is accepted, what is malformed is refused, and nothing
// breaks.
#include <gtest/gtest.h>

#include <filesystem>

#include "fuzz/targets.hpp"
#include "plumbline/io/file.hpp"

namespace plumbline::fuzz {
namespace {

using Target = bool (*)(std::string_view);
constexpr int all = -1;  // what a fuzzer found may be either

void replay(Target target, const std::string& folder, int accepted) {
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(PLUMBLINE_CORPUS) + "/" + folder)) {
    SCOPED_TRACE(entry.path().string());
    ++files;
    try {
      const bool found = target(read_bytes(entry.path().string()));
      if (accepted != all) EXPECT_EQ(found, accepted == 1);
    } catch (const std::exception& e) {
      ADD_FAILURE() << e.what();
    }
  }
  EXPECT_GT(files, 0) << folder;
}

void replay_all(Target target, const std::string& name) {
  replay(target, name + "/valid", 1);
  replay(target, name + "/malformed", 0);
  if (std::filesystem::exists(std::string(PLUMBLINE_CORPUS) + "/" + name + "/found"))
    replay(target, name + "/found", all);
}

TEST(Corpus, Safetensors) { replay_all(safetensors, "safetensors"); }
TEST(Corpus, Frame) { replay_all(frame, "frame"); }
TEST(Corpus, Spec) { replay_all(spec, "spec"); }
TEST(Corpus, Exchange) { replay_all(exchange, "exchange"); }

}  // namespace
}  // namespace plumbline::fuzz
