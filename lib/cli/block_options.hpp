// Which block: a preset or a file, and its sizes. Options that several verbs share.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plumbline/block/sizes.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline::cli {

struct FromTo {
  int from, to;
};

struct BlockOptions {
  std::string preset, spec_file;
  std::string hf;           // a Hugging Face folder in their place (checkpoint_options.hpp)
  std::vector<int> layers;  // of it; none: all
  std::optional<int> d, n_layers, n_heads, n_kv_heads, head_dim, d_ff;
  std::optional<FromTo> tokens, key_tokens, batch;  // of the questions
};

// --preset or --spec, and --d, --n-layers, --n-heads, --n-kv-heads, --head-dim, --d-ff.
void add_block_options(CLI::App& verb, BlockOptions& options);

// --tokens, --key-tokens and --batch, each N or N..M.
void add_question_sizes(CLI::App& verb, BlockOptions& options);

// Throws CLI::RequiredError where no block is named.
void require_block(const BlockOptions& options);

// Puts the sizes given on the command line over those of a spec; leaves what is no object to its reader.
Json with_sizes(Json spec, const BlockOptions& options);
// The same for "T", "T_k" and "batch", the sizes of questions, which a spec may have beside its own keys or,
// {"spec": {...}, "T": 6}, around them.
Json with_question_sizes(Json spec, const BlockOptions& options);
// The spec alone.
Json without_question_sizes(Json spec);
// The case {"spec": {...}, "T": 6, ...} that this is, also where sizes stand beside a spec's own keys, with
// the sizes of the command line. Throws Error where those are ranges.
Json as_case(Json spec, const BlockOptions& options);

// --seed: a whole number from 0 on.
void add_seed(CLI::App& verb, std::uint64_t& seed, const char* help = "Of the questions [1]");

// A size of 1 to `largest`.
void add_size(CLI::App& verb, const char* name, std::optional<int>& value, int largest, const char* help);
void add_size(CLI::App& verb, const char* name, int& value, int largest, const char* help);

}  // namespace plumbline::cli
