// An implementation under test that answers over a pipe: a command that is started once, reads requests from
// its stdin and writes answers to its stdout, each in a frame (io/frame.hpp), until its stdin ends. Or a
// program that started this one and answers on descriptors of its own: a function in the process of a test.
#pragma once

#include <memory>

#include "plumbline/exchange/exchange.hpp"
#include "plumbline/io/process.hpp"

namespace plumbline {

// Descriptors that were open when this program was started: to read answers from, to write requests to.
struct Connection {
  int from, to;
  std::string name;       // of what answers there, for reports
  std::string ask_again;  // how a question in a file is asked again: "{}" stands for the file
};

// One such command. Requests are asked one after the other, from one thread.
class Subprocess {
 public:
  // Throws Error where the command cannot be run. `timeout`: of one answer, in seconds; the first one
  // includes the start.
  Subprocess(std::vector<std::string> command, double timeout);
  // Throws Error where a descriptor is not open. Once it has failed to answer it is not asked again, for
  // nobody here can start it.
  Subprocess(Connection connection, double timeout);

  // Whatever the command does, crash, hang, half a frame, rubbish, or more than a frame, is an invalid answer
  // that says what happened; the command is then started again for the next request. Throws Interrupted where
  // this program is told to end, std::runtime_error where the system has no pipe left.
  Answer ask(const Request& request);
  // The same with a request of one's own making; the question says what shapes the answer has.
  Answer ask(const Container& request, const Question& question, const Profile& profile);

  // What it is called in reports; the line that asks the question in that file again, for a shell.
  std::string name() const;
  std::string ask_again(const std::string& file) const;
  // How it has done so far.
  double seconds() const { return seconds_; }  // that answers have taken
  int hangs() const { return hangs_; }         // requests without an answer in time

 private:
  void restart();                              // throws Error where it cannot be run
  Container reply_to(std::string_view frame);  // throws Error saying what happened
  std::string exchange(std::string_view frame);

  std::vector<std::string> command_;  // empty where it is connected
  std::optional<Connection> connection_;
  double timeout_, seconds_ = 0;
  int hangs_ = 0;
  std::unique_ptr<Process> process_;
};

}  // namespace plumbline
