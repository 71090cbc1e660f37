#include "reports/protocol/protocol_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "plumbline/base/strict_json.hpp"
#include "plumbline/exchange/exchange.hpp"
#include "plumbline/io/safetensors.hpp"
#include "plumbline/number/dtype.hpp"
#include "plumbline/spec/json.hpp"
#include "plumbline/spec/profile.hpp"
#include "reports/render/markdown.hpp"

namespace plumbline::reports {
namespace {

// Sizes that no two dimensions share, so that a shape says which ones it is made of.
constexpr ExchangeSizes sizes{2, 3, 5};
constexpr int d = 1009, d_ff = 1013, n_heads = 26, n_kv_heads = 13, head_dim = 17, past = 1019,
              n_experts = 19, n_streams = 7, rotary_dim = 16, d_out = 1021;
const std::map<std::int64_t, const char*> letters{{2, "B"},
                                                  {3, "T"},
                                                  {5, "T_k"},
                                                  {d, "d"},
                                                  {d_ff, "d_ff"},
                                                  {2 * d, "2 d"},
                                                  {d_out, "d_out"},
                                                  {n_experts, "experts"},
                                                  {n_streams * d, "count d"},
                                                  {n_streams * (n_streams + 2), "count (count + 2)"},
                                                  {n_heads, "n_heads"},
                                                  {n_kv_heads, "n_kv_heads"},
                                                  {head_dim, "head_dim"},
                                                  {rotary_dim / 2, "rotary_dim / 2"},
                                                  {past, "past"},
                                                  {sizes.tokens + past, "past + T"},
                                                  {n_heads * head_dim, "n_heads head_dim"},
                                                  {n_kv_heads * head_dim, "n_kv_heads head_dim"}};

// Of every feature that has parameters, one; the norms before the sublayers, and one at the end of a stack.
BlockSpec spec_of(std::string_view part) {
  Json spec{{"part", part}};
  const Json norm{{"kind", "layer_norm"}};
  const Json heads{{"n_heads", n_heads}, {"n_kv_heads", n_kv_heads}, {"head_dim", head_dim}};
  const PartRecord& record = record_of(*find_named<Part>(std::string(part)));
  if (!record.reads_heads()) spec["d"] = d;
  if (record.is_norm) spec["norm"] = norm;
  if (record.attends || record.reads_heads()) spec["attention"] = heads;
  if (record.turns) spec["position"] = {{"rope", {{"rotary_dim", rotary_dim}, {"tables", "given"}}}};
  if (record.recurs) spec["attention"]["linear"] = {{"update_rule", "gated_delta"}, {"state", true}};
  if (record.feeds) spec["ffn"] = {{"kind", "glu"}, {"activation", "silu"}, {"d_ff", d_ff}};
  if (record.routes) spec["ffn"]["moe"] = {{"experts", n_experts}};
  if (record.mixes) spec["streams"] = {{"rule", "mhc"}, {"count", n_streams}};
  if (record.maps) spec["linear"] = {{"d_out", d_out}};
  if (record.has_residuals) spec["norm_slots"] = {{"attn", {{"in", norm}}}, {"ffn", {{"in", norm}}}};
  if (record.is_stack) spec["final_norm"] = norm;
  return spec_from_json(spec);
}

std::string shape_text(const ExchangedTensor& t) {
  std::vector<std::string> out;
  for (const std::int64_t n : t.shape) out.push_back(letters.contains(n) ? letters.at(n) : std::to_string(n));
  return fmt::format("[{}]", fmt::join(out, ", "));
}

std::string tensors_of(std::string_view part) {
  const BlockSpec spec = spec_of(part);
  std::vector<Row> rows;
  for (const ExchangedTensor& t : question_tensors(spec, sizes, true))
    rows.push_back({fmt::format("`{}`", t.name), shape_text(t), "question"});
  for (const ExchangedTensor& t : answer_tensors(spec, sizes, false))
    rows.push_back({fmt::format("`{}`", t.name), shape_text(t), "answer"});
  return fmt::format("### {}\n\n{}\n", part, table({"tensor", "shape", "in the"}, "lll", rows));
}

std::string types_table() {
  std::vector<Row> rows;
  for (const Profile& p : profiles())
    rows.push_back({fmt::format("`{}`", p.name), fmt::format("`{}`", info(p.storage).name)});
  return table({"profile", "type of every tensor but those below"}, "ll", rows);
}

// The header of a small question, as it is written.
std::string example() {
  const BlockSpec spec = spec_from_json({{"part", "norm"}, {"d", 4}, {"norm", {{"kind", "rms_norm"}}}});
  Question q{.spec = spec, .inputs = {}, .batch = 1, .gradients = false};
  q.inputs.x.setOnes(2, 4);
  q.inputs.parameters["norm.weight"].setOnes(1, 4);
  const std::string bytes = to_bytes(to_container({"norm/1/0", find_profile("float32"), q}));
  std::uint64_t length = 0;
  for (int i = 8; i-- > 0;) length = 256 * length + static_cast<unsigned char>(bytes[i]);
  return fenced(parse_strict<Json>(bytes.substr(8, length), "a question").dump(2), "json");
}

constexpr const char* opening =
    R"(# How questions and answers travel

For whoever writes a client; in Python and C++ there is one. A program under test reads questions on its standard input
and writes answers on its standard output, until its input ends. Nothing else may stand on its standard output; what it
says to people belongs on standard error. The variable `PLUMBLINE_PIPE` is set in its environment.

## Frames

A frame is 8 bytes, an unsigned number, little endian: the length; and that many bytes: a container of
[safetensors](https://github.com/huggingface/safetensors). One question, then its answer, then the next question.

A container is 8 bytes, an unsigned number, little endian: the length of the header; the header, a JSON object; and the
data. The header has an entry for each tensor: `dtype`, `shape`, and `data_offsets`, the first byte of the tensor in the
data and the first one behind it. Numbers are little endian, the last axis runs fastest. The entry `__metadata__` is an
object of strings. There is no space between the signs of a header, and within strings quotes are escaped: the text `"x":{`
is found where a tensor's entry begins and nowhere else, so that a program without a JSON library can search for it.

)";

constexpr const char* tensors_opening = R"(
B sequences of T tokens, T_k keys. Weights are [out, in]. `plumbline explain` prints the tensors of a spec; here are those
of each part, of a spec with LayerNorm before each sublayer, biases, and SwiGLU. `grad.` tensors come where gradients are
asked for.

)";

// A spec whose question says of its keys all that one can say.
std::string given_tensors(std::string_view part) {
  Json spec = to_json(spec_of(part));
  Json& given = spec["attention"]["given"] = {{"mask", "boolean"}, {"mask_over", "sequences_and_heads"}};
  given["lengths"] = true;
  if (part == "sdpa") given["segments"] = true;
  if (part == "attention") given["past"] = past;
  const BlockSpec with = spec_from_json(spec), without = spec_of(part);
  const std::vector<ExchangedTensor> others = question_tensors(without, sizes, false);
  std::vector<Row> rows;
  for (const ExchangedTensor& t : question_tensors(with, sizes, false)) {
    const auto is_same = [&](const ExchangedTensor& o) { return o.name == t.name; };
    if (std::none_of(others.begin(), others.end(), is_same))
      rows.push_back({fmt::format("`{}`", t.name), shape_text(t), std::string(part)});
  }
  return table({"tensor", "shape", "of part"}, "lll", rows);
}

constexpr const char* given_opening = R"(### What hides keys

A spec whose `attention.given` says so has tensors more. A boolean `mask` is `BOOL`, 1 where a query sees a key; lengths
and ids of segments are `I64`; an additive mask and what stands in a cache are of the type of the others. An axis of a mask
is 1 where all sequences, or all heads, have the same one (`mask_over`). No gradient is asked for a mask, lengths or ids.

)";

constexpr const char* closing = R"(## Answers

The outputs; and where the question wants `y,grads`, the gradient of the sum of each output times its cotangent
(`grad.y`, and `grad.sum` of add_norm) in every tensor of the question that is no cotangent: `grad.` before its name, in its
shape. All of the question's type. No other tensor.

Or no tensor, and one of these in the metadata:

| key | what it means |
|---|---|
| `unsupported` | why the program does not compute this: the case is skipped, and shown |
| `error` | what went wrong: the case is a failure |

What is no answer is a failure too, and says what happened: no answer in time, an end of the program, half a frame, text
on standard output, bytes behind the answer, a tensor that is missing or has another type or shape. After one of these the
program is started again.

Files: each question in a folder is a container of its own, and its answer stands under the same name in another folder
(`plumbline emit`, `plumbline judge`).

## Versions

What can make a right program wrong that nobody has touched raises the protocol's number: another name, shape, type or
order of axes, another frame, another meaning of a value, one more tensor in the answer to a question that could be asked
before. What is only added does not: a key of the metadata; a knob whose default is what was computed before; a value of a
knob, a part, a profile, and the tensors that come with these. So pass over keys of the metadata that you do not know, and
answer `unsupported` to a part, a profile or a value of a knob that you do not know.
)";

}  // namespace

Pages protocol_page() {
  std::string s = opening;
  s += "## Questions\n\nThe metadata of a question:\n\n";
  s += table({"key", "value"}, "ll",
             {{"`plumbline`", fmt::format("the protocol's number, `{}`", protocol_version)},
              {"`case`", "an id"},
              {"`spec`", "JSON: the block, every knob written out ([spec.md](spec.md))"},
              {"`profile`", "the arithmetic that is claimed: a name, or JSON"},
              {"`want`", "`y`, or `y,grads`: whether gradients are asked for"},
              {"`outputs`", "what is asked for beside these: `y`, or `y,sum`"}});
  s += "\nThe header of a question about a norm, with spaces for people:\n\n" + example() + "\n";
  s += "## Tensors\n\nAll of one type:\n\n" + types_table() + tensors_opening;
  for (const auto& [part, name] : names<Part>()) s += tensors_of(name);
  s += given_opening + given_tensors("sdpa") + "\n" + given_tensors("attention") + "\n";
  return {{"protocol.md", s + closing}};
}

}  // namespace plumbline::reports
