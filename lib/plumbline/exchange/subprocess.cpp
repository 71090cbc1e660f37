#include "plumbline/exchange/subprocess.hpp"

#include <cstdio>

#include "plumbline/io/frame.hpp"

namespace plumbline {
namespace {

using Clock = Process::Clock;

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%g s", seconds);
  return text;
}

std::string progress_of(const FrameReader& answer) {
  if (answer.complete()) return "it answered, but has not read the whole request";
  return answer.begun() ? answer.progress() + " of the answer" : "no answer";
}

std::size_t take(FrameReader& answer, const std::string& bytes) try {
  return answer.take(bytes);
} catch (const Error& e) {
  throw Error(std::string("rubbish: ") + e.what());
}

}  // namespace

Subprocess::Subprocess(std::vector<std::string> command, double timeout)
    : command_(std::move(command)), timeout_(timeout), process_(std::make_unique<Process>(command_)) {}

Subprocess::Subprocess(Connection connection, double timeout)
    : connection_(std::move(connection)),
      timeout_(timeout),
      process_(std::make_unique<Process>(connection_->from, connection_->to)) {}

std::string Subprocess::name() const { return connection_ ? connection_->name : shell_text(command_); }

std::string Subprocess::ask_again(const std::string& file) const {
  if (!connection_)
    return shell_text({"plumbline", "verify", "--replay", file, "--"}) + " " + shell_text(command_);
  std::string out = connection_->ask_again;
  if (const auto at = out.find("{}"); at != out.npos) out.replace(at, 2, shell_text({file}));
  return out;
}

Answer Subprocess::ask(const Request& request) {
  return ask(to_container(request), request.question, request.profile);
}

Answer Subprocess::ask(const Container& request, const Question& question, const Profile& profile) {
  const std::string frame = to_frame(to_bytes(request));
  Process::check_interrupt();
  try {
    return answer_from(reply_to(frame), question, profile);
  } catch (const Error& e) {
    Process::check_interrupt();  // it was ended by us
    return {Answer::Kind::invalid, {}, e.what()};
  }
}

void Subprocess::restart() try {
  if (connection_) throw Error("it answers on descriptors that are closed");
  process_ = std::make_unique<Process>(command_);
} catch (const Error& e) {
  throw Error(std::string("crash: it cannot be started again: ") + e.what());
}

Container Subprocess::reply_to(std::string_view frame) {
  const auto start = Clock::now();
  const auto note_time = [&] { seconds_ += std::chrono::duration<double>(Clock::now() - start).count(); };
  try {
    if (!process_) restart();
    Container reply = from_bytes(exchange(frame), "answer");
    note_time();
    return reply;
  } catch (const Error&) {
    if (process_) process_->end(std::chrono::milliseconds(0));
    process_.reset();
    note_time();
    throw;
  }
}

std::string Subprocess::exchange(std::string_view frame) {
  const auto deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(timeout_));
  FrameReader reader;
  std::string arrived;
  const auto took_nothing = frame.size();
  while (!reader.complete() || !frame.empty()) {
    switch (process_->wait(deadline, !frame.empty())) {
      case Process::Event::timeout:
        ++hangs_;
        throw Error("hangs: " + progress_of(reader) + " within " + seconds_text(timeout_));
      case Process::Event::writable:
        if (const auto n = process_->write(frame)) {
          frame.remove_prefix(*n);
        } else {
          frame = {};  // it reads no more; what it still says, or how it ended, comes from the other pipe
        }
        break;
      case Process::Event::readable:
        arrived.clear();
        if (!process_->read(arrived))
          throw Error("crash: the command " + process_->end() + "; " + progress_of(reader));
        if (frame.size() == took_nothing && !arrived.empty())
          throw Error("rubbish: " + std::to_string(arrived.size()) +
                      " bytes on its stdout before it was asked");
        if (const std::size_t used = take(reader, arrived); used < arrived.size())
          throw Error("rambling: " + std::to_string(arrived.size() - used) + " bytes behind the answer");
    }
  }
  return std::move(reader.body());
}

}  // namespace plumbline
