// Alternatives with a slip.
#include <algorithm>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/naming/alternative.hpp"

namespace plumbline {
namespace {

using What = Slip::What;

Alternative slip(std::string id, std::string says, double assumes, Slip slip, std::string bug = "") {
  return {std::move(id), std::move(says), std::move(bug), assumes,
          [slip = std::move(slip)](const Failed& f, const Computing& compute) {
            return compute(f.question, slip);
          }};
}

struct Way {
  What what;
  const char *id, *says;
  double assumes = 1;
};
constexpr Way ways[] = {
    {What::missing, "missing", "is left out"},
    {What::twice, "twice", "is taken twice"},
    {What::halved, "halved", "is halved"},
    {What::negated, "negated", "has the other sign"},
    {What::previous_row, "previous-row", "is that of the row before"},
    {What::first_row, "first-row-everywhere", "is that of row 0 in every row"},
    {What::last_row_in_first, "last-row-in-row-0", "is written to row 0 alone, the last row stays"},
    {What::previous_call, "stale", "is that of the head, sequence or layer before"},
    {What::transposed, "transposed", "is transposed"},
    {What::in_bfloat16, "in-bfloat16", "is rounded to bfloat16", 1.5},
    {What::in_float16, "in-float16", "is rounded to float16", 1.5},
};
constexpr Way ways_of_heads[] = {
    {What::first_head, "first-head-everywhere", "is that of the first head in every head"},
    {What::only_first_head, "first-head-only", "is that of the first head alone, 0 in others"},
    {What::last_head_missing, "last-head-missing", "is 0 in the last head"}};

Alternative at(const std::string& place, const Way& w, Slip::Pass pass, int from = 0) {
  const bool back = pass == Slip::Pass::backward;
  const bool forward = pass == Slip::Pass::forward;
  const std::string name = plain(place);
  const std::string subject = back ? "the gradient at " + name : name;
  return slip("place/" + name + "-" + w.id +
                  (back      ? "-backward"
                   : forward ? "-forward"
                             : ""),
              subject + " " + w.says + (forward ? ", but for its gradient" : ""),
              w.assumes + (pass == Slip::Pass::both ? 1 : 1.25), {w.what, {place}, pass, from, ""});
}

void add_softmax(Alternatives& out) {
  const auto add = [&](What what, const std::string& id, const std::string& says, int from = 0,
                       double assumes = 1) {
    out.push_back(slip(id, says, assumes, {.what = what, .from = from}));
  };
  for (int tile : {16, 32, 64, 128, 8, 4, 2}) {
    const std::string n = std::to_string(tile), of = " tiles of " + n + " keys";
    add(What::neither_rescaled, "tile/not-rescaled-" + n,
        "neither the running sum nor the output is rescaled between" + of, tile);
    add(What::sum_not_rescaled, "tile/sum-not-rescaled-" + n, "the running sum is not rescaled between" + of,
        tile);
    add(What::output_not_rescaled, "tile/output-not-rescaled-" + n,
        "the running output is not rescaled between" + of, tile);
    add(What::tail_keys_missing, "tile/tail-keys-missing-" + n,
        "keys beyond the last full tile of " + n + " are left out", tile);
    add(What::later_keys_missing, "tile/later-keys-missing-" + n, "keys from " + n + " on are left out",
        tile);
    add(What::padding_counted, "tile/padding-counted-" + n,
        "the last tile of " + n + " is filled up with keys of score 0", tile);
  }
  add(What::mask_inverted, "mask/inverted", "hidden keys are seen, and seen ones hidden");
  add(What::mask_added, "mask/added", "1 is added to the scores of keys that are seen, none is hidden");
  add(What::uniform, "softmax/uniform", "all seen keys weigh alike", 0, 0.75);
  add(What::uniform_over_all_keys, "softmax/uniform-over-all-keys", "all keys weigh alike, hidden ones too",
      0, 0.75);
}

void add_heads(Alternatives& out, const BlockSpec& s) {
  const std::string in(is_block(s) ? ".attn." : part_of(s).prefix);
  const auto add = [&](What what, const std::string& id, const std::string& says) {
    out.push_back(
        slip("heads/" + id, says, 1, {what, {in + "keys", in + "values"}, Slip::Pass::both, 0, ""}));
  };
  add(What::first_head, "first-everywhere", "every query head reads the first key-value head");
  add(What::previous_call, "one-before", "every query head reads the key-value head before");
}

constexpr Way ways_of_operations[] = {
    {What::first_operand, "first-operand", "is its first operand as it is"},
    {What::second_operand, "second-operand", "is its second operand as it is"},
    {What::first_for_second, "first-twice", "is its first operand twice"},
    {What::second_for_first, "second-twice", "is its second operand twice"},
    {What::second_twice, "second-doubled", "takes its second operand twice"},
    {What::second_halved, "second-halved", "takes half of its second operand"},
    {What::second_negated, "second-negated", "takes its second operand with the other sign"}};

bool is(const std::string& name, const char* operation) { return name.find(operation) != name.npos; }

// Channels are read four at a time, or more.
constexpr int tail_tiles[] = {4, 8, 2, 16, 32, 64, 128};
std::string tail_text(int n) { return "the channels beyond the last multiple of " + std::to_string(n); }

// Sums over some of the channels, and the cotangent of what is subtracted from all of them.
void add_reductions(Alternatives& out, const Stored& p, const std::string& here, Slip::Pass pass) {
  if (is(p.name, "/row_sum")) {
    out.push_back(
        at(here, {What::of_first_half, "first-half", "is that of the first half of the channels"}, pass));
    out.push_back(
        at(here, {What::of_every_second, "every-second", "is that of every second channel, twice"}, pass));
    for (int n : {32, 16, 64, 128, 8}) {
      const std::string text = std::to_string(n), first = "first-" + text, last = "last-tile-" + text,
                        padded = "padding-" + text, says = "is that of the first " + text + " channels",
                        of_last = "is that of the last tile of " + text + " channels",
                        pads = "counts 0 less the mean for channels up to a multiple of " + text;
      out.push_back(at(here, {What::of_first_channels, first.c_str(), says.c_str()}, pass, n));
      out.push_back(at(here, {What::of_last_tile, last.c_str(), of_last.c_str()}, pass, n));
      out.push_back(at(here, {What::with_padding, padded.c_str(), pads.c_str()}, pass, n));
    }
  }
  if (is(p.name, "/row_sum"))
    for (int n : tail_tiles) {
      const std::string id = "tail-missing-" + std::to_string(n), says = "leaves out " + tail_text(n);
      out.push_back(at(here, {What::of_full_tiles, id.c_str(), says.c_str()}, pass, n));
    }
  if (is(p.name, "/sub_col") && pass == Slip::Pass::backward)
    for (int n : {32, 16, 64, 128, 8}) {
      const std::string id = "last-tile-" + std::to_string(n),
                        says = "sums the last tile of " + std::to_string(n) + " channels alone";
      out.push_back(at(here, {What::of_last_tile, id.c_str(), says.c_str()}, pass, n));
    }
  if (p.cols == 1 && p.rows > 1)
    for (int all : {0, 1}) {
      const std::string of = all ? "-over-all-rows" : "-over-rows",
                        rows = all ? " over all rows" : " over the rows of its sequence";
      const std::string mean = "mean" + of, sum = "sum" + of, is_mean = "is its mean" + rows,
                        is_sum = "is its sum" + rows;
      out.push_back(at(here, {What::mean_over_rows, mean.c_str(), is_mean.c_str()}, pass, all));
      out.push_back(at(here, {What::sum_over_rows, sum.c_str(), is_sum.c_str()}, pass, all));
    }
}

// Norms whose statistics are those of all rows together.
void add_joint_statistics(Alternatives& out, const std::vector<Stored>& places, Slip::Pass pass) {
  std::map<std::string, std::vector<std::string>> of_norms;
  for (const Stored& p : places)
    if (p.cols == 1 && is(p.name, "/row_sum") && p.name.find("norm") != p.name.npos)
      of_norms[in_layer(p.name.substr(0, p.name.find('/')))].push_back(in_layer(p.name));
  const bool back = pass == Slip::Pass::backward;
  for (const auto& [norm, sums] : of_norms) {
    if (sums.size() > 1 && !back)
      for (int n : tail_tiles)
        out.push_back(slip("place/" + plain(norm) + "-sums-tail-missing-" + std::to_string(n),
                           "sums after " + plain(norm) + " leave out " + tail_text(n), 1.5,
                           {What::of_full_tiles, sums, pass, n, ""}));
    for (int all : {0, 1})
      for (What what : {What::mean_over_rows, What::sum_over_rows}) {
        const std::string which = what == What::mean_over_rows ? "means" : "sums", name = plain(norm),
                          rows = all ? "all-rows" : "the-rows-of-a-sequence",
                          text = all ? "all rows" : "the rows of a sequence";
        out.push_back(slip(
            "place/" + name + "-" + which + "-of-" + rows + (back ? "-backward" : ""),
            (back ? "gradients of sums after " : "sums after ") + name + " are " + which + " over " + text,
            1.5, {what, sums, pass, all, ""}));
      }
  }
}

void add_exchanges_of_gradients(Alternatives& out) {
  for (const auto& [a, b] : {std::pair(".ffn.gate_proj", ".ffn.up_proj"),
                             {".attn.q_proj", ".attn.k_proj"},
                             {".attn.k_proj", ".attn.v_proj"}}) {
    out.push_back(slip("place/gradients-of-" + plain(a) + "-and-" + plain(b),
                       "the gradients at " + plain(a) + " and " + plain(b) + " are in each other's place", 1,
                       {What::exchange,
                        {std::string(a) + ".product", std::string(b) + ".product"},
                        Slip::Pass::backward,
                        0,
                        std::string(b) + ".product"},
                       "unslothai/unsloth#3314"));
    out.push_back(slip("place/gradients-of-" + plain(a) + "-and-" + plain(b) + "-in-row-0",
                       "the gradients at " + plain(a) + " and " + plain(b) +
                           " are written to row 0 alone, the last row stays",
                       1,
                       {What::last_row_in_first,
                        {std::string(a) + ".product", std::string(b) + ".product"},
                        Slip::Pass::backward,
                        0,
                        ""},
                       "ByteDance-Seed/Triton-distributed#180"));
    out.push_back(slip("place/gradients-of-" + plain(a) + "-and-" + plain(b) + "-row-0-only",
                       "only row 0 of the gradients at " + plain(a) + " and " + plain(b) + " is written", 1,
                       {What::rows_missing,
                        {std::string(a) + ".product", std::string(b) + ".product"},
                        Slip::Pass::backward,
                        1,
                        ""},
                       "ByteDance-Seed/Triton-distributed#180"));
  }
}

// Another tensor of the same shape that was there before.
void add_readings(Alternatives& out, const std::vector<Stored>& places, const Stored& p,
                  const std::string& here) {
  const bool is_operation = here.find('/') != here.npos;
  if (is_operation && !is(here, "/add")) return;
  if (is_operation && (is(here, "/add_"))) return;
  for (const Stored& other : places) {
    if (other.name == p.name) break;
    // what a projection reads has been stored before under another name
    if (is(other.name, "/") || other.name.ends_with("_proj.input") || other.rows != p.rows ||
        other.cols != p.cols)
      continue;
    const std::string there = in_layer(other.name);
    out.push_back(slip("place/" + plain(there) + "-for-" + plain(here),
                       is_operation
                           ? plain(there) + " where the first operand of " + plain(here) + " is right"
                           : plain(there) + " where " + plain(here) + " is right",
                       2.25, {What::reads, {here}, Slip::Pass::both, 0, there}));
  }
}

void add_place(Alternatives& out, const Stored& p, const std::string& here, Slip::Pass pass, bool heads) {
  const bool is_operation = here.find('/') != here.npos;
  for (const Way& w : ways) {
    const bool moves = w.what >= What::previous_row && w.what <= What::transposed;
    if (is_operation && moves) continue;
    const bool rounds = w.what == What::in_bfloat16 || w.what == What::in_float16;
    if (rounds && pass == Slip::Pass::backward)  // what the backward pass reads, and its cotangents
      out.push_back(of_gradients(at(here, w, Slip::Pass::both)));
    if (w.what != What::transposed || p.rows == p.cols) out.push_back(at(here, w, pass));
  }
  if (is_operation) {
    for (const Way& w : ways_of_operations) out.push_back(at(here, w, pass));
    add_reductions(out, p, here, pass);
    return;
  }
  if (heads)
    for (const Way& w : ways_of_heads) out.push_back(at(here, w, pass));
  for (int n : {1, 8, 16, 32, 64, 128}) {
    const std::string id = "rows-beyond-" + std::to_string(n),
                      says = "is 0 in rows from " + std::to_string(n) + " on";
    if (p.rows > n) out.push_back(at(here, {What::rows_missing, id.c_str(), says.c_str()}, pass, n));
    const std::string cols = "channels-beyond-" + std::to_string(n),
                      text = "is 0 in channels from " + std::to_string(n) + " on";
    if (p.cols > n) out.push_back(at(here, {What::channels_missing, cols.c_str(), text.c_str()}, pass, n));
  }
}

}  // namespace

Alternative of_y(Alternative a) {
  a.outputs = [inner = a.outputs](const Failed& f, const Computing& compute) {
    const Outputs changed = inner(f, compute);
    Outputs out = compute(f.question, {});
    out["y"] = changed.at("y");
    return out;
  };
  a.id += "-forward";
  a.says += ", forward alone";
  a.assumes += 0.5;
  return a;
}

Alternative of_gradients(Alternative a) {
  a.outputs = [inner = a.outputs](const Failed& f, const Computing& compute) {
    Outputs out = inner(f, compute);
    out["y"] = compute(f.question, {}).at("y");
    return out;
  };
  a.id += "-backward";
  a.says += ", backward alone";
  a.assumes += 0.5;
  return a;
}

Alternatives slips_everywhere(const Question& q) {
  Alternatives out;
  if (!attends(q.spec)) return out;
  add_softmax(out);
  if (q.spec.attention.n_heads > 1) add_heads(out, q.spec);
  return out;
}

// Where y is right only the backward pass can have slipped.
Alternatives slips_of_places(const Failed& f) {
  const Question& q = f.question;
  using enum Slip::Pass;
  std::vector<Slip::Pass> passes{both};
  if (q.gradients) passes = f.wrong.contains("y") ? std::vector{both, forward} : std::vector{backward};
  const bool heads = q.spec.attention.n_heads > 1 && attends(q.spec);
  const std::vector<Stored> places = places_of(q);
  Alternatives out;
  std::set<std::string> seen;
  for (const Stored& p : places) {
    const std::string here = in_layer(p.name);
    if (!seen.insert(here).second) continue;
    for (Slip::Pass pass : passes) add_place(out, p, here, pass, heads);
    if (f.wrong.contains("y")) add_readings(out, places, p, here);
  }
  for (Slip::Pass pass : passes) add_joint_statistics(out, places, pass);
  if (!f.wrong.contains("y")) add_exchanges_of_gradients(out);
  return out;
}

}  // namespace plumbline
