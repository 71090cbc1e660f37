// Talking to other implementations: questions and answers as safetensors containers.
//
// Request: metadata {"plumbline": "1", "case": ID, "spec": JSON, "profile": NAME (or its JSON), "want": "y"
// or "y,grads", "outputs": "y" or, of add_norm, "y,sum"}, tensors x [B,T,d], the parameters, and with
// gradients grad.y [B,T,d]. Answer: tensors y [B,T,d] and with gradients grad.x and grad.<parameter>; or
// metadata {"unsupported": WHY} or {"error": WHY}. Projections are [out,in], norms and biases [n]; every
// tensor has the profile's storage type.
#pragma once

#include "plumbline/cases/question.hpp"
#include "plumbline/io/safetensors.hpp"

namespace plumbline {

inline constexpr const char* protocol_version = "1";  // what raises it: reports/published/protocol.md

// How a request names the profile: by its name, or where it is none of profiles() by its JSON.
std::string profile_text(const Profile& profile);

// A question as it is asked: with an id and the profile that is declared.
struct Request {
  std::string id;
  Profile profile;
  Question question;
};

// The request as a container. Its numbers must be those of the storage type.
Container to_container(const Request& request);

// The inverse, save that a question without gradients comes back with a cotangent of 0. Throws Error naming
// `origin`, the tensor or the key, what was expected and what was found.
Request request_from(const Container& container, const std::string& origin);

// A tensor by the name and shape that it travels with.
struct ExchangedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
};

// What a question about so many sequences, tokens and keys of them holds, and what the answer to it does.
struct ExchangeSizes {
  std::int64_t batch, tokens, key_tokens;
};
std::vector<ExchangedTensor> question_tensors(const BlockSpec& spec, ExchangeSizes sizes, bool gradients);
std::vector<ExchangedTensor> answer_tensors(const BlockSpec& spec, ExchangeSizes sizes, bool gradients);

// What came back.
struct Answer {
  enum class Kind { outputs, unsupported, invalid };
  Kind kind = Kind::invalid;
  Outputs outputs = {};  // of an answer
  std::string reason;    // otherwise: what the implementation says, or what is wrong with its answer
};

// The outputs in a container, whose shapes the question says. Never throws: whatever an implementation can
// answer wrongly is a verdict about it. Numbers are not looked at: that is for the judge.
Answer answer_from(const Container& container, const Question& question, const Profile& profile);

// What an implementation answers (for replay files, and for implementations in this language). Throws
// std::out_of_range where an output is missing.
Container to_container(const Outputs& outputs, const Question& question, const Profile& profile);

}  // namespace plumbline
