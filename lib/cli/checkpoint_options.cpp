#include "cli/checkpoint_options.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "plumbline/cases/question.hpp"

namespace plumbline::cli {
namespace {

constexpr const char* final_norm_name = "final_norm";

// "0,5,final_norm".
std::vector<int> read_layers(const std::string& text) {
  std::vector<int> out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string word = text.substr(at, comma - at);
    int l = Checkpoint::final_norm;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), l);
    const bool is_number = error == std::errc{} && end == word.data() + word.size() && l >= 0;
    if (!is_number && word != final_norm_name)
      throw CLI::ValidationError("--layers", "expected numbers from 0 on, or " +
                                                 std::string(final_norm_name) +
                                                 ", with commas between, found " + text);
    out.push_back(is_number ? l : Checkpoint::final_norm);
    at = comma + 1;
  }
  return out;
}

}  // namespace

void add_checkpoint_options(CLI::App& verb, BlockOptions& o) {
  CLI::Option* hf = verb.add_option("--hf", o.hf, "or a Hugging Face folder: config.json and *.safetensors");
  hf->option_text("DIR");
  for (const char* other :
       {"--preset", "--spec", "--d", "--n-layers", "--n-heads", "--n-kv-heads", "--head-dim", "--d-ff"})
    hf->excludes(verb.get_option(other));
  const auto read = [&o](const std::string& text) { o.layers = read_layers(text); };
  verb.add_option_function<std::string>("--layers", read, "With --hf: which layers, from 0 on [all]")
      ->option_text("L,L,...")
      ->needs(hf);
}

std::vector<int> chosen_layers(const Checkpoint& c, const BlockOptions& o) {
  std::vector<int> layers = o.layers;
  if (layers.empty()) {
    layers.resize(std::size_t(c.layers()));
    std::iota(layers.begin(), layers.end(), 0);
  }
  for (const int l : layers) {
    if (std::count(layers.begin(), layers.end(), l) > 1)
      throw Error("--layers: expected each once, found " + name_of_layer(l) + " again");
    if (l >= c.layers())
      throw Error("--layers: expected numbers below " + std::to_string(c.layers()) + ", as many layers as " +
                  c.folder() + " has, found " + std::to_string(l));
  }
  return layers;
}

int one_layer(const Checkpoint& c, const BlockOptions& o) {
  const std::vector<int> layers = chosen_layers(c, o);
  if (layers.size() != 1)
    throw Error("--layers: expected one layer of " + c.folder() + ", found " + std::to_string(layers.size()));
  return layers.front();
}

std::string name_of_layer(int l) {
  return l == Checkpoint::final_norm ? final_norm_name : "layer" + std::to_string(l);
}

SpecTemplate template_of_layer(const Checkpoint& c, int l, const BlockOptions& o) {
  return with_question_sizes(to_json(c.spec(l)), o);
}

void put_parameters(Parameters<double>& in, const Parameters<double>& of_checkpoint, Dtype storage) {
  const CaseInputs rounded =
      rounded_to(CaseInputs{.x = {}, .parameters = of_checkpoint, .cotangent = {}}, storage);
  for (const auto& [name, value] : rounded.parameters) {
    if (!value.allFinite())
      throw Error(name + ": expected numbers of " + std::string(info(storage).word) +
                  ", found larger ones in the checkpoint");
    in[name] = value;
  }
}

}  // namespace plumbline::cli
