#include "properties/trial.hpp"

#include <rapidcheck.h>

#include <sstream>

namespace plumbline::properties {

Trial try_law(const Law& law, const Subject& subject, int cases, bool shrink) {
  rc::detail::TestParams params;
  params.seed = 20170612;
  params.maxSuccess = cases;
  params.disableShrinking = !shrink;
  rc::detail::TestMetadata metadata;
  metadata.id = std::string(law.id);
  metadata.description = std::string(law.claim);
  std::string broken;
  const auto check = [&] {
    try {
      law.check(subject);
    } catch (const std::exception& e) {  // a law that cannot be evaluated has noticed nothing
      broken = e.what();
      throw;
    }
  };
  const auto result = rc::detail::checkTestable(check, metadata, params);
  std::ostringstream message;
  rc::detail::printResultMessage(result, message);
  return {result.is<rc::detail::SuccessResult>(), broken, message.str()};
}

}  // namespace plumbline::properties
