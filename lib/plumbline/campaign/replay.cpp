#include "plumbline/campaign/replay.hpp"

namespace plumbline {
namespace {

constexpr const char *outcome_key = "found", *law_key = "law";
const std::string prefix = "answer.";

}  // namespace

Container to_container(const Replay& replay, const Answer& answer) {
  const Request& r = replay.request;
  Container c = plumbline::to_container(r);
  c.metadata[outcome_key] = replay.outcome;
  c.metadata[law_key] = replay.law;
  if (answer.kind == Answer::Kind::outputs)
    for (auto& [name, tensor] : plumbline::to_container(answer.outputs, r.question, r.profile).tensors)
      c.tensors[prefix + name] = tensor;
  return c;
}

Replay read_replay(const std::string& path) {
  Container c = read_container(path);
  std::erase_if(c.tensors, [](const auto& t) { return t.first.starts_with(prefix); });
  return {request_from(c, path), c.metadata[outcome_key], c.metadata[law_key]};
}

}  // namespace plumbline
