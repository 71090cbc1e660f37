#include "cli/live/campaign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "cli/live/laws.hpp"
#include "cli/live/replay.hpp"
#include "cli/live/shrink.hpp"

namespace plumbline::cli {
namespace {

// A command that hangs this often, or never answers this often from the start, is not asked again.
constexpr int most_hangs = 3, most_silent = 3;
// More kinds of failure than this are counted, but not shrunk.
constexpr int most_kinds = 5;
constexpr int most_tries = 300;  // to shrink one

// Of each law, as many questions, looked for among so many.
constexpr int questions_per_law = 2, most_looked_at = 60;
// Where the questions for laws begin in the stream of draws.
constexpr int first_law_question = 1 << 24;

struct Seen {
  int first = 0, count = 0;  // number of the first case of this kind
  std::string id;
  Examination examination;
  const Law* law = nullptr;  // that is broken
};

class Campaign {
 public:
  Campaign(const CampaignSettings& s, Subprocess& peer, Progress& progress, RunReport& report)
      : s_(s), peer_(peer), progress_(progress), report_(report) {}

  void run() {
    for (int i = 0; i < s_.cases && report_.stopped.empty(); ++i)
      if (i % s_.shards == s_.shard - 1) ask_case(i);
    for (int l = 0; l < int(laws().size()) && report_.stopped.empty(); ++l)
      if (l % s_.shards == s_.shard - 1) ask_law(laws()[l]);
    note_time();
    shrink_failures();
  }

 private:
  void note_time() {
    if (ours_.empty()) return;
    const auto middle = ours_.begin() + std::ptrdiff_t(ours_.size() / 2);
    std::nth_element(ours_.begin(), middle, ours_.end());
    report_.notes.push_back(
        fmt::format("{:.0f} ms per case (median) beside the command's own time", 1000 * *middle));
  }

  Question question(int number) const {
    return question_from(draw(s_.questions, s_.seed, number).value(), s_.profile);
  }

  void ask_case(int number) {
    progress_.show(fmt::format("{} of {} cases, {} kinds of failure", number, s_.cases, kinds_.size()));
    ask(fmt::format("{}/{}/{}", s_.name, s_.seed, number), number, nullptr);
  }

  void ask_law(const Law& law) {
    progress_.show(fmt::format("law {}, {} kinds of failure", law.id, kinds_.size()));
    int asked = 0;
    for (int i = 0; i < most_looked_at && asked < questions_per_law && report_.stopped.empty(); ++i) {
      const int number = first_law_question + i;
      if (!law.applies(question(number)) || (law.gradients && !s_.gradients)) continue;
      ask(fmt::format("{}/{}/laws/{}/{}", s_.name, s_.seed, law.id, ++asked), number, &law);
    }
  }

  Examination examined(const Request& r, const Law* law) {
    return law ? examine_law(*law, peer_, r) : examine(peer_, r);
  }

  void ask(const std::string& id, int number, const Law* law) {
    const double before = peer_.seconds();
    const auto start = Process::Clock::now();
    const Examination e = examined({id, s_.profile, question(number)}, law);
    const double all = std::chrono::duration<double>(Process::Clock::now() - start).count();
    if (!law) ours_.push_back(all - (peer_.seconds() - before));
    report_.results.push_back({id, e.outcome, e.message, all});
    answered_ = answered_ || e.outcome != "invalid";
    if (!e.kind.empty()) ++kinds_.try_emplace(e.kind, Seen{number, 0, id, e, law}).first->second.count;
    if (peer_.hangs() >= most_hangs)
      report_.stopped = fmt::format("the command hung {} times", peer_.hangs());
    else if (!answered_ && report_.results.size() >= most_silent)
      report_.stopped = fmt::format("the command answered none of the first {} questions", most_silent);
  }

  void shrink_failures() {
    std::vector<std::pair<std::string, Seen>> by_number(kinds_.begin(), kinds_.end());
    std::sort(by_number.begin(), by_number.end(),
              [](const auto& a, const auto& b) { return a.second.first < b.second.first; });
    for (int k = 0; k < int(by_number.size()) && k < most_kinds; ++k)
      shrink_one(by_number[k].first, by_number[k].second);
    if (int(by_number.size()) > most_kinds)
      report_.notes.push_back(
          fmt::format("{} further kinds of failure were not shrunk", by_number.size() - most_kinds));
  }

  void shrink_one(const std::string& kind, const Seen& seen) {
    const auto drawn = draw(s_.questions, s_.seed, seen.first);
    int tries = 0;
    const auto examine_smaller = [&](const Question& q) {
      progress_.show(fmt::format("{}: {} tries to make it smaller", kind, ++tries));
      return examined({seen.id + "/smaller", s_.profile, q}, seen.law);
    };
    const int hangs = peer_.hangs();
    const Smallest best = shrink(drawn, s_.profile, seen.examination, examine_smaller, [&](int n) {
      return !answered_ || n >= most_tries || peer_.hangs() >= hangs + most_hangs;
    });
    const std::string file = path(seen.id + "-" + kind);
    const std::string headline = best.examination.outcome + ": " + best.examination.message;
    write_replay(file,
                 {{seen.id + "/smallest", s_.profile, best.question},
                  headline,
                  std::string(seen.law ? seen.law->id : "")},
                 best.examination.answer);
    report_.failures.push_back({.headline = headline,
                                .found = seen.id + ", " + sizes_text(question(seen.first)),
                                .smallest = sizes_text(best.question),
                                .replay = replay_command(file, peer_),
                                .cases = seen.count,
                                .tries = best.tries});
  }

  // plumbline-failures/llama-1-17-wrong-norm-eps-outside-sqrt.safetensors
  std::string path(std::string name) const {
    for (char& c : name)
      if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_') c = '-';
    std::filesystem::create_directories(s_.failures_folder);
    return s_.failures_folder + "/" + name + ".safetensors";
  }

  const CampaignSettings& s_;
  Subprocess& peer_;
  Progress& progress_;
  RunReport& report_;
  std::map<std::string, Seen> kinds_;
  std::vector<double> ours_;  // seconds per case beside the command's own
  bool answered_ = false;
};

}  // namespace

void run_campaign(const CampaignSettings& s, Subprocess& peer, Progress& progress, RunReport& report) {
  Campaign(s, peer, progress, report).run();
}

std::string replay_command(const std::string& file, const Subprocess& peer) {
  std::vector<std::string> words{"plumbline", "verify", "--replay", file, "--"};
  words.insert(words.end(), peer.command().begin(), peer.command().end());
  return shell_text(words);
}

}  // namespace plumbline::cli
