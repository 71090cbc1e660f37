// What is fuzzed: one function for each reader of bytes that others write. It takes any bytes, and says
// whether they were accepted. Throws Broken where the reader does not keep what it promises; memory is for
// the sanitizers to watch.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace plumbline::fuzz {

struct Broken : std::logic_error {
  using std::logic_error::logic_error;
};

// A container: what is accepted is written and read again as it was.
bool safetensors(std::string_view bytes);

// A stream of frames, whose first byte says in what pieces it arrives: the pieces change nothing.
bool frame(std::string_view bytes);

// A spec as JSON text: its canonical form is read as the same spec, and written as the same text.
bool spec(std::string_view bytes);

// A container as a request, or as the answer to one of a few questions: written again, it has the
// same tensors.
bool exchange(std::string_view bytes);

// A refusal is one line of text, of a length that somebody reads.
void expect_one_clear_line(const std::string& message);
void expect(bool holds, const char* what);

}  // namespace plumbline::fuzz
