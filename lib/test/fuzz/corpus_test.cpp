// The corpus in the ordinary build: what is valid is accepted, what is malformed is refused, and
// nothing breaks.
#include <gtest/gtest.h>

#include <filesystem>

#include "fuzz/targets.hpp"
#include "plumbline/io/file.hpp"

namespace plumbline::fuzz {
namespace {

using Target = bool (*)(std::string_view);

// What is to become of a file; what a fuzzer found may be either.
enum class Fate { accepted, refused, either };

void replay(Target target, const std::string& folder, Fate fate) {
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(PLUMBLINE_CORPUS) + "/" + folder)) {
    SCOPED_TRACE(entry.path().string());
    ++files;
    try {
      const bool found = target(read_bytes(entry.path().string()));
      EXPECT_TRUE(fate == Fate::either || found == (fate == Fate::accepted)) << "accepted: " << found;
    } catch (const std::exception& e) {
      ADD_FAILURE() << e.what();
    }
  }
  EXPECT_GT(files, 0) << folder;
}

void replay_all(Target target, const std::string& name) {
  replay(target, name + "/valid", Fate::accepted);
  replay(target, name + "/malformed", Fate::refused);
  if (std::filesystem::exists(std::string(PLUMBLINE_CORPUS) + "/" + name + "/found"))
    replay(target, name + "/found", Fate::either);
}

TEST(Corpus, Safetensors) { replay_all(safetensors, "safetensors"); }
TEST(Corpus, Frame) { replay_all(frame, "frame"); }
TEST(Corpus, Spec) { replay_all(spec, "spec"); }
TEST(Corpus, Exchange) { replay_all(exchange, "exchange"); }

}  // namespace
}  // namespace plumbline::fuzz
