#include "properties/trial.hpp"

#include <rapidcheck.h>
#include <rapidcheck/detail/Configuration.h>
#include <rapidcheck/detail/TestListener.h>

#include <cstdlib>
#include <sstream>

namespace plumbline::properties {
namespace {

// RapidCheck's own listener prints at exit how to replay every failure, mutants included.
struct Silence : rc::detail::TestListener {
  void onTestCaseFinished(const rc::detail::CaseDescription&) override {}
  void onShrinkTried(const rc::detail::CaseDescription&, bool) override {}
  void onTestFinished(const rc::detail::TestMetadata&, const rc::detail::TestResult&) override {}
};

std::string replay_command(const Law& law, const rc::detail::FailureResult& failure) {
  rc::detail::Configuration configuration;
  configuration.reproduce[std::string(law.id)] = failure.reproduce;
  return "RC_PARAMS=\"" + rc::detail::configToMinimalString(configuration) +
         "\" plumbline_law_test --gtest_filter=Law." + test_name(law.id);
}

// RapidCheck shows a tag that is text as a literal.
std::string without_quotes(const std::string& tag) {
  return tag.starts_with('"') ? tag.substr(1, tag.size() - 2) : tag;
}

void draw_and_check(const Law& law, const Subject& subject, std::string& broken) {
  const Cell cell = *rc::gen::elementOf(law.scope.tried);
  RC_TAG(cell);
  try {
    law.check(subject.in(cell));
  } catch (const std::exception& e) {  // a law that cannot be evaluated has noticed nothing
    broken = e.what();
    throw;
  }
}

// The fixed seed, or what RC_PARAMS asks for; reading that prints a line, so only for who set it.
rc::detail::Configuration asked_for() {
  rc::detail::Configuration fixed;
  fixed.testParams.seed = seed;
  return std::getenv("RC_PARAMS") ? rc::detail::configuration() : fixed;
}

}  // namespace

std::string test_name(std::string_view id) {
  std::string name(id);
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

Trial try_law(const Law& law, const Subject& subject, int cases, bool shrink) {
  const rc::detail::Configuration asked = asked_for();
  rc::detail::TestParams params;
  params.seed = asked.testParams.seed;
  params.maxSuccess = cases;
  params.disableShrinking = !shrink;
  params.maxDiscardRatio = 100;  // a law of few cells draws many questions that it does not speak of
  rc::detail::TestMetadata metadata;
  metadata.id = std::string(law.id);
  metadata.description = std::string(law.claim);
  Silence silence;
  Trial trial;
  const OpenLedger open(trial.ledger);
  const auto check = [&] { draw_and_check(law, subject, trial.broken); };
  const auto result = rc::detail::checkTestable(check, metadata, params, silence, asked.reproduce);
  std::ostringstream message;
  message << law.id << ": " << law.claim << "\n";
  rc::detail::printResultMessage(result, message);
  rc::detail::FailureResult failure;
  rc::detail::SuccessResult success;
  if (result.match(failure)) {
    trial.fails = true;
    trial.cases = failure.numSuccess;
    message << "\nReplay: " << replay_command(law, failure) << "\n";
  } else if (result.match(success)) {
    trial.holds = true;
    trial.cases = success.numSuccess;
    for (const auto& [tags, count] : success.distribution)
      for (const std::string& tag : tags) trial.coverage[without_quotes(tag)] += count;
  }
  trial.message = message.str();
  return trial;
}

}  // namespace plumbline::properties
