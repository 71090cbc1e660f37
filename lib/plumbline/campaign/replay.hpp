// A failing question in a file, with the answer that was given beside it: a request container whose further
// tensors are called "answer.<name>".
#pragma once

#include "plumbline/campaign/examine.hpp"

namespace plumbline {

// `law`: the id of the relation that was broken, or "".
struct Replay {
  Request request;
  std::string outcome;  // what was found: "wrong: ..."
  std::string law;
};

// As read_replay reads it. The answer is there for people and other programs; reading leaves it out.
Container to_container(const Replay& replay, const Answer& answer);
// Throws Error naming the file.
Replay read_replay(const std::string& path);

}  // namespace plumbline
