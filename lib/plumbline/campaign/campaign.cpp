#include "plumbline/campaign/campaign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "plumbline/campaign/diagnose.hpp"
#include "plumbline/campaign/examine_relation.hpp"
#include "plumbline/campaign/failure_files.hpp"
#include "plumbline/campaign/places.hpp"
#include "plumbline/campaign/reached.hpp"
#include "plumbline/campaign/replay.hpp"
#include "plumbline/campaign/separation.hpp"
#include "plumbline/campaign/shrink.hpp"

namespace plumbline {
namespace {

// A command that hangs this often, or never answers this often from the start, is not asked again.
constexpr int most_hangs = 3, most_silent = 3;
// More kinds of failure than this are counted, but not shrunk.
constexpr int most_kinds = 5;
// To shrink one failure: beyond this, the large one is better than waiting.
constexpr int most_tries = 300;
constexpr double most_seconds_to_shrink = 20;

// Questions of each relation, and how many are searched for them.
constexpr int questions_per_law = 2, most_looked_at = 60;
// Tried where sizes suit it: numbers may not.
constexpr int most_tried_per_law = 6;

// Failures of one kind, and the one of them that is made smaller.
struct Group {
  int number = 0;  // of its question in the stream of draws
  std::string id;
  Examination examination;
  const Relation* law = nullptr;  // that is broken
  int count = 0;
  Diagnosis diagnosis = {};
  std::set<std::string> laws = {};  // that the diagnosis breaks too
  Places places = {};
  int gaps = 0;                   // of them, answers with entries that are no number
  std::vector<int> numbers = {};  // of all its questions
};

double seconds_since(Process::Clock::time_point start) {
  return std::chrono::duration<double>(Process::Clock::now() - start).count();
}

Eigen::Index size_of(const Question& q) {
  Eigen::Index n = q.inputs.x.size();
  for (const auto& [name, value] : q.inputs.parameters) n += value.size();
  return n;
}

class Campaign {
 public:
  Campaign(const CampaignSettings& s, Subprocess& peer, Progress& progress, RunReport& report)
      : s_(s), peer_(peer), progress_(progress), report_(report), files_(s.failures_folder) {}

  void run() {
    step([&] { ask_cases(); });
    note_time();
    for (const std::string& line : reached_.lines()) report_.notes.push_back(line);
    if (!report_.signal) step([&] { diagnose(); });
    for (const Judged& c : without_numbers_) join_or_count(c);
    for (const Judged& c : cases_.unexplained()) count(c.examination, c.number, c.request.id, nullptr);
    step([&] { ask_laws(); });
    report_failures();
  }

 private:
  // Whatever goes wrong in it, what has been found is told. An implementation cannot make anything go wrong
  // in here, and the questions are our own: so it is our fault.
  template <class Work>
  bool step(Work work) {
    try {
      work();
      return true;
    } catch (const Interrupted& e) {
      report_.signal = e.signal;
      report_.stopped = "interrupted";
    } catch (const std::exception& e) {
      if (report_.fault.empty()) report_.fault = doing_ + ": " + e.what();
    }
    return false;
  }

  bool goes_on() const { return report_.stopped.empty() && report_.fault.empty(); }
  bool is_cut_off() const { return report_.signal != 0 || !report_.fault.empty(); }

  void ask_cases() {
    for (int i = 0; i < s_.cases && goes_on(); ++i)
      if (i % s_.shards == s_.shard - 1) ask_case(i);
  }

  void ask_laws() {
    for (int i = 0; i < most_looked_at; ++i)
      law_questions_.push_back(draw(s_.questions, s_.seed, first_small_question + i).value());
    int number = 0;
    for (const Relation* law : relations())
      if (goes_on() && (law->promise.empty() || s_.promises.contains(law->promise)))
        if (number++ % s_.shards == s_.shard - 1) ask_law(*law);
  }

  void note_time() {
    if (ours_.empty()) return;
    const auto middle = ours_.begin() + std::ptrdiff_t(ours_.size() / 2);
    std::nth_element(ours_.begin(), middle, ours_.end());
    report_.notes.push_back(fmt::format(
        "judging took {:.0f} ms a case (median); the command's own time is not counted", 1000 * *middle));
  }

  Question question(int number) const {
    return question_from(draw(s_.questions, s_.seed, number).value(), s_.profile);
  }

  void ask_case(int number) {
    progress_.show(fmt::format("{} of {} cases, {} failed", number, s_.cases, failing_));
    doing_ = fmt::format("{}/{}/{}", s_.name, s_.seed, number);
    const Request r{doing_, s_.profile, question(number)};
    const double before = peer_.seconds();
    const Examination e = ask(r, nullptr);
    const Result& result = report_.results.back();
    if (e.verdict && e.answer.kind == Answer::Kind::outputs) reached_.add(settings_of(r.question));
    if (e.outcome == Outcome::agrees) agreeing_.push_back(number);
    ours_.push_back(result.seconds - (peer_.seconds() - before));
    failing_ += result.failed();
    if (e.has_numbers())
      cases_.add(r, e, number, report_.results.size() - 1);
    else if (without_numbers_.size() < JudgedCases::most_failures)
      without_numbers_.push_back({r, e, number, report_.results.size() - 1});
    else
      count(e, number, r.id, nullptr);
  }

  // A relation that cannot be tried on any of these questions says why, once.
  void ask_law(const Relation& law) {
    progress_.show(fmt::format("law {}", law.id));
    std::string why = "the law says nothing about any of the questions that were looked at";
    if (law.gradients && !s_.gradients) return leave_untried(law, "no gradients are asked for");
    int asked = 0, looked_at = 0;
    for (int i = 0; i < most_looked_at && asked < questions_per_law && goes_on(); ++i) {
      doing_ = fmt::format("{}/{}/laws/{}", s_.name, s_.seed, law.id);
      const QuestionSettings& settings = law_questions_[std::size_t(i)];
      if (!applies(law, settings)) continue;
      if (++looked_at > most_tried_per_law) break;
      const Request r{fmt::format("{}/{}", doing_, asked + 1), s_.profile,
                      question_from(settings, s_.profile)};
      const Examination e = ask(r, &law);
      if (e.outcome == Outcome::untried)
        why = e.message;
      else
        ++asked;
      if (e.kind.empty() || !is_explained(law, r, e)) count(e, first_small_question + i, r.id, &law);
    }
    if (asked == 0 && goes_on()) leave_untried(law, why);
  }

  void leave_untried(const Relation& law, const std::string& why) {
    report_.results.push_back(
        {fmt::format("{}/{}/laws/{}", s_.name, s_.seed, law.id), Outcome::untried, why, 0, true});
  }

  // Whether what explains the failures breaks the relation too, and then notes that it does.
  bool is_explained(const Relation& law, const Request& r, const Examination& failed) {
    for (Group& g : explained_) {
      const Deviations& d = g.diagnosis.deviations;
      if (d.empty() || !follows_from(d, law, r, failed)) continue;
      g.laws.insert(std::string(law.id));
      return true;
    }
    return false;
  }

  Examination examined(const Request& r, const Relation* law, Sensitivity* sensitivity = nullptr) {
    if (!law) return examine(peer_, r, sensitivity);
    const auto open = [&](std::string_view key, const Json& value) {
      return s_.questions.leaves_open(key, value);
    };
    return examine(
        *law, [&](const Request& question) { return peer_.ask(question); }, r, open);
  }

  Examination ask(const Request& r, const Relation* law) {
    const auto start = Process::Clock::now();
    const Examination e = examined(r, law, &report_.sensitivity);
    const double all = seconds_since(start);
    if (e.outcome == Outcome::untried) return e;
    report_.results.push_back({r.id, e.outcome, e.message, all, law != nullptr});
    add_places(report_.results.back(), e);
    if (!e.kind.empty()) files_.found(e.kind, replay_of(r, e, law), e.answer);
    answered_ = answered_ || e.outcome != Outcome::invalid;
    if (peer_.hangs() >= most_hangs)
      report_.stopped = fmt::format("the command hung {} times", peer_.hangs());
    else if (!answered_ && report_.results.size() >= most_silent)
      report_.stopped = fmt::format("the command answered none of the first {} questions", most_silent);
    return e;
  }

  // The answer to a relation's question has the outputs that the relation looks at.
  static Replay replay_of(Request r, const Examination& e, const Relation* law) {
    if (law) r.question.gradients = law->gradients;
    return {r, fmt::format("{}: {}", name_of(e.outcome), e.message), std::string(law ? law->id : "")};
  }

  void count(const Examination& e, int number, const std::string& id, const Relation* law) {
    if (e.kind.empty()) return;
    const auto same = std::find_if(others_.begin(), others_.end(),
                                   [&](const Group& g) { return g.examination.kind == e.kind; });
    Group& group = same != others_.end() ? *same : others_.emplace_back(Group{number, id, e, law});
    ++group.count;
    group.numbers.push_back(number);
    group.places.add(e);
  }

  // Entries that are no number, where what explains other failures has none either, are of the same kind.
  void join_or_count(const Judged& c) {
    const bool has_outputs = c.examination.answer.kind == Answer::Kind::outputs;
    const bool has_gaps = has_outputs && c.examination.outcome == Outcome::wrong;
    for (Group& g : explained_) {
      const Deviations& d = g.diagnosis.deviations;
      if (!has_gaps || d.empty() || !explains_gaps(d, c.request, c.examination.answer.outputs)) continue;
      ++g.count, ++g.gaps;
      g.places.add(c.examination);
      g.numbers.push_back(c.number);
      report_.results[c.result].message = described_name(g.diagnosis) + ", which is no number here";
      return;
    }
    count(c.examination, c.number, c.request.id, nullptr);
  }

  // Failures that were judged, by what explains them.
  void diagnose() {
    progress_.show("diagnosis");
    doing_ = "diagnosis";
    for (const Diagnosis& d : cases_.diagnose(report_)) {
      const Judged& c = cases_[smallest_case(d)];
      explained_.push_back({c.number, c.request.id, c.examination, nullptr, int(d.cases.size()), d});
      for (int i : d.cases) {
        explained_.back().places.add(cases_[i].examination);
        explained_.back().numbers.push_back(cases_[i].number);
      }
    }
  }

  // The smallest of those that are called the same when they are judged alone, if there are any; a pair has
  // no name there.
  int smallest_case(const Diagnosis& d) const {
    const auto rank = [&](int i) {
      const std::string_view name = d.deviations.size() == 1 ? d.deviations[0]->id : "";
      const bool alike = cases_[i].verdict().deviation == name;
      return std::pair(!alike, size_of(cases_[i].request.question));
    };
    return *std::min_element(d.cases.begin(), d.cases.end(), [&](int a, int b) { return rank(a) < rank(b); });
  }

  void report_failures() {
    std::vector<Group> all = explained_;
    all.insert(all.end(), others_.begin(), others_.end());
    for (int k = 0; k < int(all.size()) && k < most_kinds; ++k)
      step([&] {
        doing_ = all[k].id;
        report_one(all[k]);
      });
    if (!is_cut_off()) files_.settle();
    if (!files_.trouble().empty()) report_.notes.push_back("not saved: " + files_.trouble());
    if (int(all.size()) > most_kinds)
      report_.notes.push_back(
          fmt::format("{} further kinds of failure were not shrunk", all.size() - most_kinds));
  }

  Smallest smallest(const Group& g) {
    const std::string& kind = g.examination.kind;
    int tries = 0;
    const auto examine_smaller = [&](const Question& q) {
      progress_.show(fmt::format("{}: {} tries to make it smaller", kind, ++tries));
      const Request r{g.id + "/smaller", s_.profile, q};
      Examination e = examined(r, g.law);
      const Diagnosis& d = g.diagnosis;  // a single deviation is in the kind
      const bool is_more = d.deviations.size() > 1 || d.alternative;
      if (is_more && e.kind == kind && !explains(d, r, e.answer.outputs)) e.kind.clear();
      return e;
    };
    const int hangs = peer_.hangs();
    const auto start = Process::Clock::now();
    Smallest best{question(g.number), g.examination};
    step([&] {
      best = shrink(
          draw(s_.questions, s_.seed, g.number), s_.profile, g.examination, examine_smaller, [&](int n) {
            return !s_.shrink || !answered_ || is_cut_off() || n >= most_tries ||
                   peer_.hangs() >= hangs + most_hangs || seconds_since(start) > most_seconds_to_shrink;
          });
    });
    best.was_cut = s_.shrink && seconds_since(start) > most_seconds_to_shrink;
    return best;
  }

  // Of the questions of relations, which are drawn in another way, nothing can be said.
  std::string separation_of(const Group& g) const {
    return g.law ? "" : separation(settings(g.numbers), settings(agreeing_));
  }

  std::vector<QuestionSettings> settings(const std::vector<int>& numbers) const {
    std::vector<QuestionSettings> out;
    for (int number : numbers) out.push_back(draw(s_.questions, s_.seed, number).value());
    return out;
  }

  void report_one(const Group& g) {
    Smallest best = smallest(g);
    const Request smallest{g.id + "/smallest", s_.profile, best.question};
    Replay replay = replay_of(smallest, best.examination, g.law);
    const bool is_named = g.diagnosis.is_named();
    const std::string alone = fmt::format("{}: {}", name_of(best.examination.outcome),
                                          with_place(g.places.commonest(), best.examination));
    Failure f = is_named ? failure_of(g.diagnosis, failing_)
                         : Failure{.headline = alone, .outcome = best.examination.outcome};
    if (is_named)
      replay.outcome = fmt::format("{}: {}", name_of(g.diagnosis.finding()), described_name(g.diagnosis));
    save(f, g.id + " " + label_of(g), replay, best.examination.answer);
    f.worst = best.examination.worst ? best.examination.worst : g.examination.worst;
    f.where = g.places.lines(g.examination);
    f.place = g.places.commonest();
    f.found = g.id + ", " + sizes_text(question(g.number));
    f.smallest = sizes_text(replay.request.question);
    f.found_sizes = asked_sizes(settings_of(question(g.number)));
    f.smallest_sizes = asked_sizes(settings_of(replay.request.question));
    f.law = g.law ? g.law->id : "";
    if (f.outcome == Outcome::coarser && best.examination.verdict)
      f.right_in = best.examination.verdict->profile;
    f.cases = g.count;
    f.gaps = g.gaps;
    f.separation = separation_of(g);
    f.laws = g.laws;
    f.tries = best.tries;
    f.was_cut = best.was_cut;
    report_.failures.push_back(f);
  }

  static std::string label_of(const Group& g) {
    if (!g.diagnosis.is_named()) return g.examination.kind;
    std::string out(name_of(g.examination.outcome));
    if (g.diagnosis.alternative) out += " " + std::string(g.diagnosis.alternative->id);
    for (const Deviation* d : g.diagnosis.deviations) out += " " + std::string(d->id);
    return out;
  }

  void save(Failure& f, const std::string& name, const Replay& replay, const Answer& answer) {
    try {
      f.file = files_.write(name, replay, answer);
      f.replay = peer_.ask_again(f.file);
    } catch (const Error& e) {
      f.replay = std::string("nothing, for it is not saved: ") + e.what();
    }
  }

  const CampaignSettings& s_;
  Subprocess& peer_;
  Progress& progress_;
  RunReport& report_;
  FailureFiles files_;
  std::string doing_;  // a case's id
  JudgedCases cases_;
  std::vector<Judged> without_numbers_;  // failures in whose answers there is no number for everything
  Reached reached_;                      // by the cases that were judged
  std::vector<int> agreeing_;            // their numbers
  std::vector<QuestionSettings> law_questions_;
  std::vector<Group> explained_, others_;
  int failing_ = 0;           // cases
  std::vector<double> ours_;  // seconds per case beside the command's own
  bool answered_ = false;
};

}  // namespace

void run_campaign(const CampaignSettings& s, Subprocess& peer, Progress& progress, RunReport& report) {
  Campaign(s, peer, progress, report).run();
}

}  // namespace plumbline
