// plumbline train: a model of the next byte over a deep stack, once, or for every combination of settings.
#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <memory>

#include "cli/block_options.hpp"
#include "cli/loss_curve.hpp"
#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "plumbline/base/names.hpp"
#include "plumbline/base/parallel.hpp"
#include "plumbline/depth/training_campaign.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/io/process.hpp"

namespace plumbline::cli {
namespace {

struct TrainOptions {
  std::vector<std::string> layouts{"pre_norm"};
  std::vector<int> depths{12}, warm_ups{0};
  std::vector<double> rates{3e-3};
  std::string norm = "layer_norm", initialisation = "xavier", activation = "gelu_tanh", shard = "1/1",
              campaign, json, corpus = corpus_folder;
  std::vector<std::string> merge;
  int d = 32, n_heads = 2, d_ff = 0, tokens = 64, batch = 2, steps = 120, seeds = 0,
      jobs = processor_threads();
  std::uint64_t seed = 1;
};

TrainingSettings common(const TrainOptions& o) {
  return training_settings_from_json({{"layout", "pre_norm"},
                                      {"norm", o.norm},
                                      {"initialisation", o.initialisation},
                                      {"activation", o.activation},
                                      {"d", o.d},
                                      {"n_heads", o.n_heads},
                                      {"d_ff", o.d_ff ? o.d_ff : 4 * o.d},
                                      {"tokens", o.tokens},
                                      {"batch", o.batch},
                                      {"steps", o.steps},
                                      {"seed", o.seed}});
}

TrainingGrid grid_of(const TrainOptions& o) {
  TrainingGrid grid{.common = common(o),
                    .layouts = {},
                    .depths = o.depths,
                    .warm_ups = o.warm_ups,
                    .learning_rates = o.rates,
                    .seeds = std::max(o.seeds, 1)};
  for (const std::string& name : o.layouts) {
    if (name == "all")
      for (const StackLayout& layout : stack_layouts()) grid.layouts.push_back(&layout);
    else
      grid.layouts.push_back(&find_stack_layout(name));
  }
  return grid;
}

void print_run(const TrainingRecord& r) {
  const auto t = terminal();
  std::cout << fmt::format("{}\n  {}\n  {} layers, d = {}, {} heads, {} sequences of {} bytes a step\n\n",
                           id_of(r.settings), r.settings.stack.layout->formula, r.settings.stack.n_layers,
                           r.settings.stack.d, r.settings.stack.n_heads, r.settings.batch, r.settings.tokens)
            << curve_text(r.losses, 12, t ? t->width : 80)
            << fmt::format("\nloss in nats a byte, {} steps; {:.3f} at the end, on other sequences: {}\n",
                           r.losses.size(), r.final, name_of(r.ending))
            << fmt::format("the frequencies of bytes alone reach {:.3f}, a model that knows nothing {:.3f}\n",
                           r.without_context, std::log(256.0));
}

void train_once(const TrainOptions& o, const TrainingGrid& grid) {
  const TrainingSettings s = [&] {
    TrainingSettings one = grid.runs().front();
    one.seed = o.seed;
    return one;
  }();
  const Corpus corpus = debian_licences(o.corpus);
  Progress progress;
  const auto heard = [&](int step, double loss) {
    Process::check_interrupt();
    progress.show(fmt::format("step {} of {}, loss {:.3f}", step + 1, s.steps, loss));
  };
  const TrainingRecord record = train(s, corpus, heard);
  print_run(record);
  if (!o.json.empty()) write_bytes(o.json, to_json(record).dump() + "\n");
}

void train_all(const TrainOptions& o, const TrainingGrid& grid) {
  int k = 0, n = 0, used = 0;
  const bool read =
      std::sscanf(o.shard.c_str(), "%d/%d%n", &k, &n, &used) == 2 && used == int(o.shard.size());
  if (!read) throw Error("--shard: expected K/N, found " + o.shard);
  const Corpus corpus = debian_licences(o.corpus);
  Progress progress;
  run_campaign(grid, corpus, o.campaign, k, n, o.jobs, progress);
}

void train(const TrainOptions& o) {
  const TrainingGrid grid = grid_of(o);
  if (!o.merge.empty()) {
    if (o.json.empty()) throw Error("--merge: expected --json FILE beside it");
    write_bytes(o.json, merged(grid, o.merge));
  } else if (!o.campaign.empty()) {
    train_all(o, grid);
  } else if (grid.runs().size() != 1) {
    throw Error("expected one run, or --campaign FOLDER for all of them");
  } else {
    train_once(o, grid);
  }
}

void add_train(CLI::App& app, int&) {
  CLI::App* verb =
      app.add_subcommand("train", "Train a stack of any depth and layout on bytes of licence texts");
  const auto o = std::make_shared<TrainOptions>();
  const auto list = [&](const char* name, auto& value, const char* help, const char* text) {
    verb->add_option(name, value, help)->delimiter(',')->option_text(text);
  };
  list("--layout", o->layouts, "pre_norm, post_norm, ...; all [pre_norm]", "NAME,...");
  list("--layers", o->depths, "Number of layers [12]", "N,...");
  list("--rate", o->rates, "Learning rate of Adam [0.003]", "X,...");
  list("--warm-up", o->warm_ups, "Steps in which the rate rises to its own [0]", "N,...");
  verb->add_option("--norm", o->norm, "layer_norm or rms_norm [layer_norm]")->option_text("NAME");
  verb->add_option("--initialisation", o->initialisation, "xavier, gpt2 or deepnorm [xavier]")
      ->option_text("NAME");
  verb->add_option("--activation", o->activation, "gelu_tanh, relu, silu, quick_gelu or sigmoid [gelu_tanh]")
      ->option_text("NAME");
  add_size(*verb, "--d", o->d, 4096, "Width of the residual stream [32]");
  add_size(*verb, "--n-heads", o->n_heads, 256, "Number of heads [2]");
  add_size(*verb, "--d-ff", o->d_ff, 16384, "Width of the feed-forward's hidden layer [4 d]");
  add_size(*verb, "--tokens", o->tokens, 4096, "Bytes of a sequence [64]");
  add_size(*verb, "--batch", o->batch, 1024, "Sequences of a step [2]");
  add_size(*verb, "--steps", o->steps, 1 << 24, "[120]");
  add_seed(*verb, o->seed, "Of the parameters and of what is read [1]");
  verb->add_option("--json", o->json, "Write the record, of a campaign one a line")->option_text("FILE");
  verb->add_option("--campaign", o->campaign,
                   "Train every combination, a file each in that folder; goes on where it ended")
      ->option_text("DIR");
  add_size(*verb, "--seeds", o->seeds, 1 << 20, "Of a campaign: seeds 1 ... N [1]");
  verb->add_option("--shard", o->shard, "Of a campaign: the K-th of N parts [1/1]")->option_text("K/N");
  add_size(*verb, "--jobs", o->jobs, 256, "Of a campaign: runs at a time [as many as processors]");
  verb->add_option("--merge", o->merge, "Write the records of a campaign's folders to --json, in one order")
      ->option_text("DIR ...");
  verb->add_option("--corpus", o->corpus, "Where the licences of Debian 12 are [/usr/share/common-licenses]")
      ->option_text("DIR");
  verb->footer(
      "Equal settings give equal records, to the last bit, on every x86-64 machine.\n"
      "Example: plumbline train --layout post_norm --layers 48 --rate 0.003");
  verb->callback([o] {
    Process::end_with_this_program();
    train(*o);
  });
}

const Verb train_verb{90, add_train};

}  // namespace
}  // namespace plumbline::cli
