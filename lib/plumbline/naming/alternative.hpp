// What an answer may be where no deviation of the catalogue says it: the answer to the declared question with
// one knob at another value, from two tensors exchanged, with a slip, or written in part. A deviation is
// known beforehand; alternatives lie about the question that was asked, and are looked for when a case fails.
#pragma once

#include <functional>
#include <memory>
#include <set>

#include "plumbline/naming/slip.hpp"
#include "plumbline/spec/deviation.hpp"

namespace plumbline {

// A question that failed, and which of the outputs are wrong.
struct Failed {
  const Question& question;
  std::set<std::string> wrong;
};

// Answers a question with a slip: exactly, or as one member of the ensemble does.
using Computing = std::function<Outputs(const Question&, const Slip&)>;

// One explanation: what it is called, and how to compute the answer that it explains.
struct Alternative {
  std::string id;    // as "tile/not-rescaled-16", "knob/attention.window=8"
  std::string says;  // what it computes instead, as the formula of a deviation
  std::string bug;   // a report of it in the wild, or ""
  double assumes;    // its prior cost, in units of log(1 / Judge::alpha): of two that explain as much the
                     // smaller leads
  // The answer; it may leave out outputs that it says nothing about. Throws Error where it does not apply.
  std::function<Outputs(const Failed&, const Computing&)> outputs;
  // Where it is the arithmetic that differs: what is computed in, where a profile is declared. Throws Error
  // where that is no coarser.
  std::function<Profile(Profile)> arithmetic = {};
};
// A list of them; those that do not apply throw Error when they are computed.
using Alternatives = std::vector<Alternative>;

// A family of alternatives with a number, which is to be found: a knob, a factor.
struct Fitted {
  double least, most;  // both positive
  std::function<Alternative(double)> at;
};

// A deviation of the catalogue. It must outlive the alternative.
Alternative of_catalogue(const Deviation& deviation);
// What is written of right outputs: zeros, the input, some rows, channels or heads only, in the wrong order.
Alternatives miswritten(const Question& question);
// One knob at another value, or left at its default; one parameter in another one's place, twice, not at all;
// inputs that are read wrongly.
Alternatives changed_knobs(const Question& question);
Alternatives changed_inputs(const Question& question);
// As declared, in a coarser type.
Alternatives coarser_arithmetic(const Question& question);
// Weights of one tensor, or heads of keys and values, read in another order.
Alternatives fused_weights(const Question& question);
// Backward passes of norms, rotary embeddings and activations as they are written by hand, wrongly.
Alternatives hand_written(const Failed& failed);
// Every softmax, or the heads of keys and values, with a slip; one stored tensor or operation with a slip.
// The latter throw Error as with_slip does.
Alternatives slips_everywhere(const Question& question);
Alternatives slips_of_places(const Failed& failed);
// The same of y alone, or of the gradients alone, all else as declared: forward and backward passes are
// written apart.
Alternative of_y(Alternative alternative);
Alternative of_gradients(Alternative alternative);
// Families with a number: factors of outputs, knobs; constants of operations that are written by hand.
std::vector<Fitted> fitted(const Question& question);
std::vector<Fitted> fitted_by_hand(const Question& question);

// "layers.0.attn.keys" -> ".attn.keys": in every layer; and without the dot, for people.
inline std::string in_layer(const std::string& name) {
  return name.starts_with("layers.") ? name.substr(name.find('.', 7)) : name;
}
inline std::string plain(const std::string& name) { return name.starts_with('.') ? name.substr(1) : name; }

// The shortest text that gives the same double: 1e-05, 0.22, 500000.0.
std::string digits_of(double x);

}  // namespace plumbline
