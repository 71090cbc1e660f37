// plumbline explain: diagram, formula, Jacobian, cost and the spec in full.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/block_options.hpp"
#include "cli/checkpoint_options.hpp"
#include "cli/files.hpp"
#include "cli/pretty_json.hpp"
#include "cli/verbs.hpp"
#include "plumbline/base/names.hpp"
#include "plumbline/campaign/spec_template.hpp"
#include "plumbline/exchange/exchange.hpp"
#include "plumbline/explain/cost.hpp"
#include "plumbline/explain/picture.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::cli {
namespace {

constexpr std::size_t line_width = 150;
constexpr int default_d = 64;

struct ExplainOptions {
  BlockOptions block;
  std::string format = "text";
};

// How many tokens the cost is of: the command line says it, or the file, or nobody.
struct Sizes {
  int tokens = 64, key_tokens = 64, batch = 1;
};

int size_of(const Json& of_case, const char* key, int otherwise) {
  const bool is_one = of_case.contains(key) && of_case[key].is_number_integer();
  if (!is_one) return otherwise;  // one that is left open
  check_size(key, of_case[key].get<std::int64_t>(), largest_size);
  return of_case[key].get<int>();
}

std::pair<BlockSpec, Sizes> chosen(const BlockOptions& o) {
  const auto read = [&](const Json& json) {
    Json c = as_case(json, o);
    if (c.is_object()) c["spec"] = simplest(c["spec"]);
    const Sizes usual;
    const int tokens = size_of(c, "T", usual.tokens);
    if (!c.is_object()) return std::pair(spec_from_json(c), usual);
    return std::pair(spec_from_json(c["spec"]),
                     Sizes{tokens, size_of(c, "T_k", tokens), size_of(c, "batch", usual.batch)});
  };
  if (o.spec_file.empty()) return read({{"preset", o.preset}, {"small", !o.d}, {"d", default_d}});
  return read_file(o.spec_file, read);
}

std::string with_separators(std::int64_t n) {
  std::string digits = std::to_string(n);
  for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) digits.insert(i, ",");
  return digits;
}

std::string heads_text(const AttentionSpec& a) {
  const std::string shared =
      a.n_kv_heads == a.n_heads ? "" : fmt::format(" ({} for keys and values)", a.n_kv_heads);
  return fmt::format(", {} heads of {}{}", a.n_heads, a.head_dim, shared);
}

std::string attention_text(const BlockSpec& s) {
  if (recurs(s)) return fmt::format("{}, {}", heads_text(s.attention), name_of(s.attention.linear->rule));
  if (attends(s)) return fmt::format("{}, {}", heads_text(s.attention), name_of(s.attention.mask.kind));
  return has_heads(s) ? heads_text(s.attention) : "";
}

std::string ffn_text(const FeedForwardSpec& f) {
  return fmt::format(", {} {} with d_ff = {}", name_of(f.activation), name_of(f.kind), f.d_ff);
}

// The same of an activation that reads what is projected already.
std::string activation_text(const FeedForwardSpec& f) {
  return fmt::format(", {}{}", name_of(f.activation),
                     f.kind == FeedForwardKind::glu ? " of a gate, times up" : "");
}

// Which block it is.
std::string title(const BlockOptions& o) {
  if (!o.spec_file.empty()) return o.spec_file;
  const Preset& p = find_preset(o.preset);
  const bool cut = !o.d && !(p.small() == p.make());
  return fmt::format(
      "{}: {}{}", o.preset, p.summary,
      cut ? "\nhere with few experts and a short window; --d shows the published numbers" : "");
}

// And its dimensions.
std::string headline(const std::string& title, const BlockSpec& s) {
  std::string out = title + "\n";
  if (is_stack(s))
    out += s.n_layers == 1 ? "1 layer" : fmt::format("{} layers", s.n_layers);
  else
    out += fmt::format("{} alone", name_of(s.part));
  out += fmt::format(", d = {}", s.d);
  out += attention_text(s);
  if (feeds(s)) out += ffn_text(s.ffn);
  if (weighs(s)) out += fmt::format(", {}", name_of(s.attention.mask.kind));
  if (maps(s)) out += fmt::format(" to {}", width_of(s, part_of(s).y));
  if (activates(s)) out += activation_text(s.ffn);
  return out + "\n";
}

std::string scale_lines(const Picture& p) {
  std::string out;
  for (const Scale& scale : p.legend()) out += "  " + line_of(scale) + "\n";
  for (const std::string& remark : p.remarks()) out += "  " + remark + "\n";
  return out;
}

std::string tokens_text(const BlockSpec& s, const Sizes& n) {
  const std::string keys = has_own_keys(s) ? fmt::format(" and {} keys", n.key_tokens) : "";
  return fmt::format("{} x {} tokens{}", n.batch, n.tokens, keys);
}

std::string cost_lines(const BlockSpec& s, const Sizes& n) {
  const Cost c = cost_of(s, n.tokens, n.batch, n.key_tokens);
  return fmt::format(
      "  multiply-adds           {:>18}\n  elementwise operations  {:>18}\n"
      "  parameters              {:>18}\n  parameter bytes         {:>18}  in float32, half of that in "
      "bfloat16\n",
      with_separators(c.multiply_adds), with_separators(c.elementwise), with_separators(c.parameters),
      with_separators(4 * c.parameters));
}

// "[1, 64, 4, 16]"
std::string shape_text(const ExchangedTensor& t) { return fmt::format("[{}]", fmt::join(t.shape, ", ")); }

std::string tensor_line(const ExchangedTensor& t) {
  const bool is_cotangent = t.name.starts_with("grad.");
  return fmt::format("  {:<34} {}{}\n", t.name, shape_text(t),
                     is_cotangent ? "  where gradients are asked for" : "");
}

std::string tensor_lines(const BlockSpec& s, const Sizes& n) {
  const ExchangeSizes sizes{n.batch, n.tokens, n.key_tokens};
  std::string out = "tensors of a question\n";
  for (const ExchangedTensor& t : question_tensors(s, sizes, true)) out += tensor_line(t);
  out += "tensors of its answer\n";
  for (const ExchangedTensor& t : answer_tensors(s, sizes, false)) out += tensor_line(t);
  return out + "  grad. of each of the question's, in its shape, where gradients are asked for\n";
}

// Layers that compute the same, but for their parameters.
struct LayerKind {
  BlockSpec spec;
  std::vector<std::string> layers;
};

// Adds a layer to those of its kind.
void add_layer(std::vector<LayerKind>& kinds, const BlockSpec& spec, std::string name) {
  const auto same =
      std::find_if(kinds.begin(), kinds.end(), [&](const LayerKind& kind) { return kind.spec == spec; });
  LayerKind& kind = same == kinds.end() ? kinds.emplace_back(LayerKind{spec, {}}) : *same;
  kind.layers.push_back(std::move(name));
}

// Of a stack of unlike layers; what else there is is one kind.
std::vector<LayerKind> kinds_of_layers(const BlockSpec& s) {
  if (s.layers.empty()) return {{s, {}}};
  std::vector<LayerKind> kinds;
  for (int i = 0; i < s.n_layers; ++i) add_layer(kinds, layer_of(s, i), std::to_string(i));
  return kinds;
}

// "layers 0, 2 of 4", "final_norm".
std::string layers_text(const LayerKind& kind, int of) {
  if (is_one_norm(kind.spec)) return kind.layers.front();
  return fmt::format("layer{} {} of {}", kind.layers.size() == 1 ? "" : "s", fmt::join(kind.layers, ", "),
                     of);
}

void print_picture(const BlockSpec& s) {
  const Picture p = picture_of(s);
  std::cout << (p.has_stream() ? ascii(p) + "\n" : "") << "formula\n";
  for (const std::string& line : formulas(p, Notation::text)) std::cout << "  " << line << "\n";
  std::cout << scale_lines(p);
  if (!p.several_streams)
    std::cout << "\nJacobian of y in " << p.points.front().name
              << "; each factor is taken where its box stands\n  " << jacobian_formula(p, Notation::text)
              << "\n";
}

void print_text(const std::string& title, const BlockSpec& s, const Sizes& n) {
  if (s.layers.empty()) {
    std::cout << headline(title, s) << "\n";
    print_picture(s);
  } else {
    std::cout << title << fmt::format("\n{} layers, d = {}\n", s.n_layers, s.d);
    for (const LayerKind& kind : kinds_of_layers(s)) {
      std::cout << "\n" << headline(layers_text(kind, s.n_layers), kind.spec) << "\n";
      print_picture(kind.spec);
    }
  }
  std::cout << "\ncost of " << fmt::format("{}, forward\n", tokens_text(s, n)) << cost_lines(s, n) << "\n"
            << tensor_lines(s, n) << "\nspec in full\n  " << pretty(to_json(s), line_width, 2, 2) << "\n";
}

void print_latex(const BlockSpec& s) {
  const Picture p = picture_of(s);
  std::cout << "\\begin{align*}\n";
  std::vector<std::string> lines = formulas(p, Notation::latex);
  if (!p.several_streams) lines.push_back(jacobian_formula(p, Notation::latex));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string line = lines[i];
    line.replace(line.find(" = "), 3, " &= ");
    std::cout << "  " << line << (i + 1 < lines.size() ? " \\\\\n" : "\n");
  }
  std::cout << "\\end{align*}\n";
}

Json to_json(const std::vector<ExchangedTensor>& tensors) {
  Json out = Json::array();
  for (const ExchangedTensor& t : tensors) out.push_back({{"name", t.name}, {"shape", t.shape}});
  return out;
}

// What a block looks like.
Json pictured(const BlockSpec& s) {
  const Picture p = picture_of(s);
  Json out;
  out["diagram"] = {{"ascii", p.has_stream() ? ascii(p) : ""}, {"mermaid", mermaid(p)}};
  out["formula"] = {{"text", formulas(p, Notation::text)}, {"latex", formulas(p, Notation::latex)}};
  if (!p.several_streams)
    out["jacobian"] = {{"text", jacobian_formula(p, Notation::text)},
                       {"latex", jacobian_formula(p, Notation::latex)}};
  out["scales"] = Json::object();
  for (const auto& [name, value, says] : p.legend())
    out["scales"][name] = says.empty() ? Json(value) : Json(says);
  if (!p.remarks().empty()) out["remarks"] = p.remarks();
  return out;
}

Json pictured(const LayerKind& kind) {
  Json out = pictured(kind.spec);
  out["layers"] = kind.layers;
  return out;
}

Json explained(const BlockSpec& s, const Sizes& n) {
  const Cost c = cost_of(s, n.tokens, n.batch, n.key_tokens);
  Json out;
  if (s.layers.empty())
    out = pictured(s);
  else
    for (const LayerKind& kind : kinds_of_layers(s)) out["kinds"].push_back(pictured(kind));
  out["cost"] = {{"tokens", n.tokens},
                 {"batch", n.batch},
                 {"multiply_adds", c.multiply_adds},
                 {"elementwise", c.elementwise},
                 {"parameters", c.parameters},
                 {"parameter_bytes_float32", 4 * c.parameters}};
  if (has_own_keys(s)) out["cost"]["key_tokens"] = n.key_tokens;
  const ExchangeSizes sizes{n.batch, n.tokens, n.key_tokens};
  out["tensors"] = {{"question", to_json(question_tensors(s, sizes, true))},
                    {"answer", to_json(answer_tensors(s, sizes, true))}};
  out["spec"] = to_json(s);
  return out;
}

void print_one(const std::string& format, const std::string& title, const BlockSpec& s, const Sizes& sizes) {
  if (format == "text") print_text(title, s, sizes);
  for (const LayerKind& kind : kinds_of_layers(s)) {
    if (format == "mermaid") std::cout << mermaid(picture_of(kind.spec));
    if (format == "latex") print_latex(kind.spec);
  }
}

std::vector<LayerKind> kinds_of_layers(const Checkpoint& checkpoint, const BlockOptions& o) {
  std::vector<LayerKind> kinds;
  for (const int l : chosen_layers(checkpoint, o)) {
    add_layer(kinds, checkpoint.spec(l), l == Checkpoint::final_norm ? name_of_layer(l) : std::to_string(l));
  }
  return kinds;
}

// Each kind of layer once.
void explain_checkpoint(const ExplainOptions& o) {
  const Checkpoint checkpoint(o.block.hf);
  const auto size = [](const std::optional<FromTo>& said, int otherwise) {
    return said ? said->from : otherwise;
  };
  const Sizes usual;
  const int tokens = size(o.block.tokens, usual.tokens);
  const Sizes sizes{tokens, tokens, size(o.block.batch, usual.batch)};
  Json all = Json::array();
  for (const LayerKind& kind : kinds_of_layers(checkpoint, o.block)) {
    const std::string title = fmt::format("{}{} ({}), {}", all.empty() ? "" : "\n", o.block.hf,
                                          checkpoint.model_type(), layers_text(kind, checkpoint.layers()));
    print_one(o.format, title, kind.spec, sizes);
    all.push_back(explained(kind.spec, sizes));
    all.back()["layers"] = kind.layers;
  }
  if (o.format == "json") std::cout << all.dump(2) << "\n";
}

void explain(const ExplainOptions& o) {
  if (!o.block.hf.empty()) return explain_checkpoint(o);
  const auto [s, sizes] = chosen(o.block);
  if (o.format == "json")
    std::cout << explained(s, sizes).dump(2) << "\n";
  else
    print_one(o.format, o.format == "text" ? title(o.block) : "", s, sizes);
}

void add_explain(CLI::App& app, int&) {
  CLI::App* verb = app.add_subcommand("explain", "Diagram, formula, Jacobian, cost and full spec of a block");
  const auto o = std::make_shared<ExplainOptions>();
  add_block_options(*verb, o->block);
  add_checkpoint_options(*verb, o->block);
  add_question_sizes(*verb, o->block);
  verb->add_option("--format", o->format, "text, mermaid, latex or json [text]")
      ->check(CLI::IsMember({"text", "mermaid", "latex", "json"}))
      ->option_text("FORMAT");
  verb->footer(
      "The cost is that of 64 tokens and as many keys, or of those that --tokens, --key-tokens and --batch, "
      "or "
      "T,\n"
      "T_k and batch in the file say.\n"
      "What a spec leaves open, {\"from\": 5, \"to\": 64}, is explained at its first value.\n"
      "A preset has d = 64, 1 layer, 4 heads and as many for keys and values, heads of d / heads, d_ff = 4 "
      "d.\n"
      "Of a folder each kind of layer is explained once.\n"
      "Example: plumbline explain --preset gemma2 --d 2304 --n-layers 26 --n-heads 8 --n-kv-heads 4");
  verb->callback([o] {
    require_block(o->block);
    explain(*o);
  });
}

const Verb explain_verb{20, add_explain};

}  // namespace
}  // namespace plumbline::cli
