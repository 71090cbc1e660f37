// --hf and --layers: layers of a model in a Hugging Face folder in the place of a block that is described.
#pragma once

#include "cli/block_options.hpp"
#include "plumbline/campaign/spec_template.hpp"
#include "plumbline/cases/case.hpp"
#include "plumbline/hugging_face/checkpoint.hpp"

namespace plumbline::cli {

// Adds both. --hf excludes what else says which block it is.
void add_checkpoint_options(CLI::App& verb, BlockOptions& options);

// The layers that are asked for, or all; Checkpoint::final_norm among them where it is named. Throws Error
// where the model has no such layer.
std::vector<int> chosen_layers(const Checkpoint& checkpoint, const BlockOptions& options);
// The only one. Throws Error where several are asked for.
int one_layer(const Checkpoint& checkpoint, const BlockOptions& options);

// "layer3", "final_norm".
std::string name_of_layer(int l);

// A layer with the sizes of questions about it, which are open where the command line does not say them.
SpecTemplate template_of_layer(const Checkpoint& checkpoint, int l, const BlockOptions& options);

// Puts a checkpoint's parameters in the place of those that are there, as numbers of the storage type,
// rounded to nearest. Throws Error where one is beyond its range.
void put_parameters(Parameters<double>& in, const Parameters<double>& of_checkpoint, Dtype storage);

}  // namespace plumbline::cli
