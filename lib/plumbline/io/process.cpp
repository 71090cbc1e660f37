#include "plumbline/io/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <utility>

#include "plumbline/base/error.hpp"

extern char** environ;

namespace plumbline {
namespace {

using namespace std::chrono_literals;

// The groups that are running, for the signal handler.
std::atomic<pid_t> running[16];

void note(pid_t from, pid_t to) {
  for (auto& slot : running)
    if (pid_t expected = from; slot.compare_exchange_strong(expected, to)) return;
}

std::atomic<int> interrupted_by = 0;

extern "C" void end_all(int signal_number) {
  for (const auto& slot : running)
    if (const pid_t pid = slot; pid > 0) kill(-pid, SIGKILL);
  if (interrupted_by.exchange(signal_number) == 0) return;
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

// Writing to a program that has gone raises SIGPIPE, which would end this one. It is held back in this thread
// for the time of one write, and taken away if it came.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~NoSigpipe() {
    if (sigismember(&before_, SIGPIPE)) return;
    const timespec at_once{};
    while (sigtimedwait(&sigpipe_, nullptr, &at_once) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t sigpipe_, before_;
};

struct Pipe {
  int ends[2];  // to read from, to write to
  Pipe() {
    if (pipe2(ends, O_CLOEXEC) != 0)
      throw std::runtime_error(std::string("no pipe can be made: ") + std::strerror(errno));
  }
  ~Pipe() {
    for (int end : ends)
      if (end >= 0) close(end);
  }
  int release(int which) { return std::exchange(ends[which], -1); }
};

// Attributes of a child: a group of its own, and signals as a program expects to find them.
struct Attributes {
  posix_spawnattr_t value;
  Attributes() {
    posix_spawnattr_init(&value);
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigmask(&value, &none);
    posix_spawnattr_setsigdefault(&value, &defaults);
    posix_spawnattr_setpgroup(&value, 0);
    posix_spawnattr_setflags(&value, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { posix_spawnattr_destroy(&value); }
};

struct Actions {
  posix_spawn_file_actions_t value;
  Actions(int input, int output) {
    posix_spawn_file_actions_init(&value);
    posix_spawn_file_actions_adddup2(&value, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&value, output, STDOUT_FILENO);
  }
  ~Actions() { posix_spawn_file_actions_destroy(&value); }
};

// The environment, and in it what tells clients that their standard output is ours from the start.
std::vector<char*> with_pipe_mark() {
  static char mark[] = "PLUMBLINE_PIPE=1";
  std::vector<char*> out{mark};
  for (char** e = environ; *e; ++e) out.push_back(*e);
  out.push_back(nullptr);
  return out;
}

std::string described(int status) {
  if (WIFEXITED(status)) return "exited with status " + std::to_string(WEXITSTATUS(status));
  const int number = WTERMSIG(status);
  return "was killed by signal " + std::to_string(number) + " (" + strsignal(number) + ")";
}

// Whether a child has ended within that time. It stays in the process table, and so does its group.
bool ends_within(pid_t pid, std::chrono::milliseconds grace) {
  const auto deadline = Process::Clock::now() + grace;
  for (;;) {
    siginfo_t info{};
    if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid) return true;
    if (Process::Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(2ms);
  }
}

}  // namespace

std::string shell_text(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    const bool plain = !word.empty() && word.find_first_not_of(
                                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789_./-=+:,@%") == word.npos;
    std::string quoted = word;
    for (std::size_t at = 0; (at = quoted.find('\'', at)) != quoted.npos; at += 4)
      quoted.replace(at, 1, "'\\''");
    out += (out.empty() ? "" : " ") + (plain ? word : "'" + quoted + "'");
  }
  return out;
}

Process::Process(const std::vector<std::string>& command) {
  if (command.empty()) throw Error("expected a command, found none");
  Pipe to, from;
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const Attributes attributes;
  const Actions actions(to.ends[0], from.ends[1]);
  std::vector<char*> environment = with_pipe_mark();
  const int error =
      posix_spawnp(&pid_, argv[0], &actions.value, &attributes.value, argv.data(), environment.data());
  if (error != 0) throw Error(command[0] + ": cannot be run: " + std::strerror(error));
  note(0, pid_);
  to_ = to.release(1);
  from_ = from.release(0);
  set_nonblocking();
}

Process::Process(int from, int to) : to_(to), from_(from) {
  for (int fd : {from, to})
    if (fcntl(fd, F_GETFD) < 0)
      throw Error("descriptor " + std::to_string(fd) + ": expected an open one, found none");
  set_nonblocking();
}

void Process::set_nonblocking() {
  for (int fd : {to_, from_}) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

Process::~Process() {
  close_pipes();
  if (pid_ > 0) end(2s);
}

void Process::close_pipes() {
  for (int* fd : {&to_, &from_})
    if (*fd >= 0) close(std::exchange(*fd, -1));
}

Process::Event Process::wait(Clock::time_point deadline, bool to_write) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left <= 0ms) return Event::timeout;
    pollfd fds[] = {{from_, POLLIN, 0}, {to_write ? to_ : -1, POLLOUT, 0}};
    const int milliseconds = static_cast<int>(std::min<std::int64_t>(left.count(), 60'000));
    if (poll(fds, 2, milliseconds) < 0 && errno != EINTR)
      throw std::runtime_error(std::string("cannot wait for the command: ") + std::strerror(errno));
    if (fds[0].revents) return Event::readable;
    if (fds[1].revents) return Event::writable;
  }
}

std::optional<std::size_t> Process::write(std::string_view bytes) {
  const NoSigpipe guard;
  const ssize_t n = ::write(to_, bytes.data(), bytes.size());
  if (n >= 0) return static_cast<std::size_t>(n);
  if (errno == EAGAIN || errno == EINTR) return 0;
  return std::nullopt;
}

bool Process::read(std::string& to) {
  char buffer[1 << 16];
  const ssize_t n = ::read(from_, buffer, sizeof buffer);
  if (n > 0) to.append(buffer, static_cast<std::size_t>(n));
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

std::string Process::end(std::chrono::milliseconds grace) {
  if (pid_ <= 0) {
    close_pipes();
    return "has ended";
  }
  const bool by_itself = ends_within(pid_, grace);
  kill(-pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  note(pid_, 0);
  pid_ = -1;
  close_pipes();
  return by_itself ? described(status) : "closed its output";
}

void Process::end_with_this_program() {
  for (int s : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action {};
    action.sa_handler = end_all;
    sigaction(s, &action, nullptr);
  }
}

void Process::check_interrupt() {
  if (const int s = interrupted_by) throw Interrupted(s);
}

}  // namespace plumbline
