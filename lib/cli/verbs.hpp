// The verbs of the command: each registers itself in a file of its own, in verbs/. These are compiled into
// the program itself, not into an archive from which a linker would leave out what nobody names.
#pragma once

#include <CLI/CLI.hpp>
#include <vector>

namespace plumbline::cli {

// Adds the options of the verb and says what to do; that throws Error where its input cannot be used.
// status: what the command exits with, where it has run: 0 unless set, 1 where something does not agree.
using AddVerb = void (*)(CLI::App& app, int& status);

// A variable of this type, of a name that no other file has, makes a verb known.
struct Verb {
  int place;  // in the help
  AddVerb add;

  Verb(int place, AddVerb add);
};

// All of them, in their order.
std::vector<Verb> verbs();

}  // namespace plumbline::cli
