// A program that runs beside this one, with pipes to its input and from its output; its stderr is ours. It
// finds PLUMBLINE_PIPE in its environment. Or one that was there before, which started this one.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline {

// This program was told to end.
struct Interrupted : std::exception {
  // Told by the signal of that number.
  explicit Interrupted(int s) : signal(s) {}
  const char* what() const noexcept override { return "interrupted"; }
  int signal;
};

// A command as a shell takes it.
std::string shell_text(const std::vector<std::string>& words);

// One running program. At most 16 of them at a time end with this one (end_with_this_program).
class Process {
 public:
  using Clock = std::chrono::steady_clock;

  // Starts the command (looked up in PATH; no shell), in a process group of its own. Throws Error, naming it,
  // where it is empty or cannot be run; std::runtime_error where the system has no pipe left.
  explicit Process(const std::vector<std::string>& command);
  // One that runs already, behind descriptors that this program was started with: to read from, to write to.
  // Throws Error where one of them is not open. It is never ended from here, only its pipes are closed.
  Process(int from, int to);
  // Closes its input, which asks it to end; after two seconds at most it is ended by force, with its group.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  enum class Event { readable, writable, timeout };
  // Waits until there is output to read (or its end), or, where to_write is set, room to write; timeout at
  // the deadline. Throws std::runtime_error where the system cannot wait.
  Event wait(Clock::time_point deadline, bool to_write);

  // How many bytes it took; none where it has closed its input. Both return at once.
  std::optional<std::size_t> write(std::string_view bytes);
  // Appends what is there; false at the end of its output. Call after wait() says readable.
  bool read(std::string& to);

  // Ends it, and its whole group; says how it ended by itself, if it did within `grace`: "exited with status
  // 3", "was killed by signal 11 (Segmentation fault)", or else "closed its output"; "has ended" where it was
  // ended before.
  std::string end(std::chrono::milliseconds grace = std::chrono::milliseconds(500));

  // Where this program is told to end (by SIGINT, SIGTERM or SIGHUP), what it has started ends, and
  // check_interrupt() throws from then on, so that it can say what it has found. Told so a second time, it
  // ends at once.
  static void end_with_this_program();
  static void check_interrupt();  // throws Interrupted

 private:
  void set_nonblocking();
  void close_pipes();

  pid_t pid_ = -1;
  int to_ = -1, from_ = -1;
};

}  // namespace plumbline
