#include "cli/block_options.hpp"

#include <nlohmann/json.hpp>

namespace plumbline::cli {
namespace {

template <class Value>
void add(CLI::App& verb, const char* name, Value& value, int largest, const char* help) {
  verb.add_option(name, value, help)->check(CLI::Range(1, largest))->option_text("N");
}

constexpr const char* question_sizes[] = {"T", "T_k", "batch"};

// "6" or "1..257".
FromTo read_range(const char* name, const std::string& text, int largest) {
  FromTo r{0, 0};
  int used = 0;
  if (std::sscanf(text.c_str(), "%d%n", &r.from, &used) == 1 && used == int(text.size()))
    r.to = r.from;
  else if (std::sscanf(text.c_str(), "%d..%d%n", &r.from, &r.to, &used) != 2 || used != int(text.size()))
    r = {0, 0};
  if (r.from < 1 || r.to < r.from || r.to > largest)
    throw CLI::ValidationError(name,
                               "expected N or N..M from 1 to " + std::to_string(largest) + ", found " + text);
  return r;
}

void add_range(CLI::App& verb, const char* name, std::optional<FromTo>& value, int largest,
               const char* help) {
  const auto read = [&value, name, largest](const std::string& text) {
    value = read_range(name, text, largest);
  };
  verb.add_option_function<std::string>(name, read, help)->option_text("N..M");
}

}  // namespace

void add_seed(CLI::App& verb, std::uint64_t& seed, const char* help) {
  // without the check, -1 would be the largest one
  const auto is_whole = [](const std::string& text) {
    const bool digits = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
    return digits ? std::string() : "expected a whole number from 0 on, found " + text;
  };
  verb.add_option("--seed", seed, help)->check(CLI::Validator(is_whole, ""))->option_text("N");
}

void add_question_sizes(CLI::App& verb, BlockOptions& o) {
  add_range(verb, "--tokens", o.tokens, largest_size, "Tokens of a sequence: N, or drawn from N to M");
  add_range(verb, "--key-tokens", o.key_tokens, largest_size, "Keys of a sequence, of part sdpa");
  add_range(verb, "--batch", o.batch, most_sequences, "Sequences of a question");
}

void add_size(CLI::App& verb, const char* name, std::optional<int>& value, int largest, const char* help) {
  add(verb, name, value, largest, help);
}
void add_size(CLI::App& verb, const char* name, int& value, int largest, const char* help) {
  add(verb, name, value, largest, help);
}

void add_block_options(CLI::App& verb, BlockOptions& o) {
  auto* preset = verb.add_option("--preset", o.preset, "A preset's name; see: plumbline list presets");
  auto* file = verb.add_option("--spec", o.spec_file, "or a JSON file with a spec; - is standard input");
  preset->option_text("NAME")->excludes(file);
  file->option_text("FILE");
  add_size(verb, "--d", o.d, largest_size, "Width of the residual stream");
  add_size(verb, "--n-layers", o.n_layers, most_layers, "Number of layers");
  add_size(verb, "--n-heads", o.n_heads, largest_size, "Number of query heads");
  add_size(verb, "--n-kv-heads", o.n_kv_heads, largest_size, "Number of key-value heads");
  add_size(verb, "--head-dim", o.head_dim, largest_size, "Width of a head");
  add_size(verb, "--d-ff", o.d_ff, largest_size, "Width of the feed-forward's hidden layer");
}

void require_block(const BlockOptions& o) {
  if (o.preset.empty() && o.spec_file.empty() && o.hf.empty())
    throw CLI::RequiredError("--preset, --spec or --hf");
}

Json with_sizes(Json json, const BlockOptions& o) {
  const auto put = [](Json& object, const char* key, const std::optional<int>& value) {
    if (value && (object.is_object() || object.is_null())) object[key] = *value;
  };
  if (!json.is_object()) return json;
  put(json, "d", o.d);
  put(json, "n_layers", o.n_layers);
  if (o.n_heads || o.n_kv_heads || o.head_dim) {
    put(json["attention"], "n_heads", o.n_heads);
    put(json["attention"], "n_kv_heads", o.n_kv_heads);
    put(json["attention"], "head_dim", o.head_dim);
  }
  if (o.d_ff) put(json["ffn"], "d_ff", o.d_ff);
  return json;
}

Json with_question_sizes(Json json, const BlockOptions& o) {
  if (!json.is_object()) return json;
  if (json.contains("spec") && json["spec"].is_object()) {
    Json spec = json["spec"];
    for (const auto& [key, value] : json.items())
      if (key != "spec") spec[key] = value;
    json = std::move(spec);
  }
  const auto put = [&](const char* key, const std::optional<FromTo>& r) {
    if (r) json[key] = r->from == r->to ? Json(r->from) : Json{{"from", r->from}, {"to", r->to}};
  };
  put("T", o.tokens);
  put("T_k", o.key_tokens);
  put("batch", o.batch);
  return json;
}

Json as_case(Json json, const BlockOptions& o) {
  if (!json.is_object()) return json;
  if (!json.contains("spec")) {
    Json of_case;
    for (const char* key : question_sizes)
      if (json.contains(key)) of_case[key] = json[key];
    of_case["spec"] = without_question_sizes(std::move(json));
    json = std::move(of_case);
  }
  json["spec"] = with_sizes(json["spec"], o);
  const auto put = [&](const char* key, const char* option, const std::optional<FromTo>& r) {
    if (!r) return;
    if (r->from != r->to)
      throw Error(std::string(option) + ": expected one number, found " + std::to_string(r->from) + ".." +
                  std::to_string(r->to));
    json[key] = r->from;
  };
  put("T", "--tokens", o.tokens);
  put("T_k", "--key-tokens", o.key_tokens);
  put("batch", "--batch", o.batch);
  return json;
}

Json without_question_sizes(Json json) {
  if (json.is_object())
    for (const char* key : question_sizes) json.erase(key);
  return json;
}

}  // namespace plumbline::cli
