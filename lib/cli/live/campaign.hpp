// A live run: questions are drawn, asked and judged one after another, then the laws are tried; each kind of
// failure is shrunk once.
#pragma once

#include <set>

#include "cli/live/draw.hpp"
#include "cli/progress.hpp"
#include "cli/run_report.hpp"
#include "plumbline/oracle/subprocess.hpp"

namespace plumbline::cli {

struct CampaignSettings {
  std::string name;  // the first part of every id
  Profile profile;
  LiveQuestions questions;
  bool gradients = true;
  std::set<std::string, std::less<>> promises = {};  // laws of these options are tried too
  int cases = 100;
  std::uint64_t seed = 1;
  int shard = 1, shards = 1;  // of this many, asks every one of that number
  bool shrink = true;
  std::string failures_folder;  // where replay files go
};

// Adds results, failures and, where the command is past help, why it stopped.
void run_campaign(const CampaignSettings& settings, Subprocess& peer, Progress& progress, RunReport& report);

// The command that asks the question in that file again.
std::string replay_command(const std::string& file, const Subprocess& peer);

}  // namespace plumbline::cli
