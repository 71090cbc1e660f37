// A live run: questions are drawn, asked and judged one after another, then the relations are tried; each
// kind of failure is shrunk once.
#pragma once

#include <set>

#include "plumbline/base/progress.hpp"
#include "plumbline/campaign/draw.hpp"
#include "plumbline/campaign/run_report.hpp"
#include "plumbline/exchange/subprocess.hpp"

namespace plumbline {

// What a run asks. Not checked: that shard lies from 1 to shards.
struct CampaignSettings {
  std::string name;  // the first part of every id
  Profile profile;
  LiveQuestions questions;
  bool gradients = true;
  std::set<std::string, std::less<>> promises = {};  // relations of these options are tried too
  int cases = 100;
  std::uint64_t seed = 1;
  int shard = 1, shards = 1;  // of this many, asks every one of that number
  bool shrink = true;
  std::string failures_folder;  // where replay files go
};

// Adds results, failures and, where the command is past help, why it stopped.
void run_campaign(const CampaignSettings& settings, Subprocess& peer, Progress& progress, RunReport& report);

}  // namespace plumbline
