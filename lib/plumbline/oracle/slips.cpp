// Alternatives with a slip, and those that read the inputs wrongly.
#include <algorithm>

#include "plumbline/oracle/alternative.hpp"
#include "plumbline/spec/parameters.hpp"

namespace plumbline {
namespace {

using M = Matrix<double>;
using What = Slip::What;

bool has_attention(const BlockSpec& s) {
  return s.part == Part::stack || s.part == Part::block || s.part == Part::attention || s.part == Part::sdpa;
}

Alternative slip(std::string id, std::string says, double assumes, Slip slip, std::string bug = "") {
  return {std::move(id), std::move(says), std::move(bug), assumes,
          [slip = std::move(slip)](const Failed& f, const Computing& compute) {
            return compute(f.question, slip);
          }};
}

// The same of y alone: a backward pass that is written by hand may be right, or wrong in another way.
Alternative of_y(Alternative a) {
  a.outputs = [inner = a.outputs](const Failed& f, const Computing& compute) {
    Question q = f.question;
    q.gradients = false;
    const Outputs y = inner({q, f.wrong}, compute);
    Outputs out = compute(f.question, {});
    out["y"] = y.at("y");
    return out;
  };
  a.id += "-forward";
  a.assumes += 0.5;
  return a;
}

std::string in_layer(const std::string& place) {
  if (!place.starts_with("layers.")) return place;
  return place.substr(place.find('.', 7));
}
std::string plain(const std::string& place) { return place.starts_with('.') ? place.substr(1) : place; }

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
    {What::only_first_head, "first-head-only", "is that of the first head alone, 0 in others"}};

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

}  // namespace

Alternatives slips_of_softmax(const Question& q) {
  Alternatives out;
  if (!has_attention(q.spec)) return out;
  const auto add = [&](What what, const std::string& id, const std::string& says, int from = 0,
                       double assumes = 1) {
    out.push_back(slip(id, says, assumes, {.what = what, .from = from}));
    if (q.gradients) out.push_back(of_y(out.back()));
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
  return out;
}

Alternatives slips_of_places(const Question& q) {
  Alternatives out;
  std::vector<Slip::Pass> passes{Slip::Pass::both};
  if (q.gradients) passes = {Slip::Pass::both, Slip::Pass::backward, Slip::Pass::forward};
  std::set<std::string> seen;
  const std::vector<Stored> places = places_of(q);
  for (const Stored& p : places) {
    const std::string here = in_layer(p.name);
    if (!seen.insert(here).second) continue;
    for (Slip::Pass pass : passes) {
      for (const Way& w : ways)
        if (w.what != What::transposed || p.rows == p.cols) out.push_back(at(here, w, pass));
      if (q.spec.attention.n_heads > 1 && has_attention(q.spec))
        for (const Way& w : ways_of_heads) out.push_back(at(here, w, pass));
      for (int n : {1, 8, 16, 32, 64, 128}) {
        const std::string id = "rows-beyond-" + std::to_string(n),
                          says = "is 0 in rows from " + std::to_string(n) + " on";
        if (p.rows > n) out.push_back(at(here, {What::rows_missing, id.c_str(), says.c_str()}, pass, n));
        const std::string cols = "channels-beyond-" + std::to_string(n),
                          text = "is 0 in channels from " + std::to_string(n) + " on";
        if (p.cols > n)
          out.push_back(at(here, {What::channels_missing, cols.c_str(), text.c_str()}, pass, n));
      }
    }
    // Another tensor of its shape that was there before it.
    for (const Stored& other : places) {
      if (other.name == p.name) break;
      if (other.rows != p.rows || other.cols != p.cols) continue;
      const std::string there = in_layer(other.name);
      out.push_back(slip("place/" + plain(there) + "-for-" + plain(here),
                         plain(there) + " where " + plain(here) + " is right", 2.25,
                         {What::reads, {here}, Slip::Pass::both, 0, there}));
    }
  }
  if (q.gradients)
    for (const auto& [a, b] : {std::pair(".ffn.gate_proj", ".ffn.up_proj"),
                               {".attn.q_proj", ".attn.k_proj"},
                               {".attn.k_proj", ".attn.v_proj"}}) {
      out.push_back(slip("place/gradients-of-" + plain(a) + "-and-" + plain(b),
                         "the gradients at " + plain(a) + " and " + plain(b) + " are in each other's place",
                         1,
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
  return out;
}

namespace {

// A question with its inputs read differently, and how the gradients of what is read come back.
Alternative input(std::string id, std::string says, double assumes, std::function<Question(Question)> change,
                  std::function<void(const Question&, Outputs&)> back = {}, std::string bug = "") {
  return {"input/" + id, std::move(says), std::move(bug), assumes,
          [change, back](const Failed& f, const Computing& compute) {
            const Question q = change(f.question);
            Outputs out = compute(q, {});
            if (back) back(f.question, out);
            return out;
          }};
}

M& parameter(Question& q, const std::string& name) {
  const auto it = q.inputs.parameters.find(name);
  if (it == q.inputs.parameters.end()) throw Error(name + ": expected a tensor, found none");
  return it->second;
}

// The full names of a parameter in every layer.
std::vector<std::string> in_layers(const Question& q, const std::string& suffix) {
  std::vector<std::string> out;
  for (const auto& [name, value] : q.inputs.parameters)
    if (in_layer(name) == suffix) out.push_back(name);
  if (out.empty()) throw Error(suffix + ": expected a tensor, found none");
  return out;
}
std::string beside(const std::string& name, const std::string& suffix, const std::string& other) {
  return name.substr(0, name.size() - suffix.size()) + other;
}

void add_parameters(Alternatives& out, const Question& q) {
  std::set<std::string> seen;
  std::vector<std::string> all;
  for (const auto& [name, value] : q.inputs.parameters)
    if (seen.insert(in_layer(name)).second) all.push_back(name);
  for (const std::string& a : all) {
    const std::string s = in_layer(a);
    const M& value = q.inputs.parameters.at(a);
    const auto each = [s](auto change) {
      return [s, change](Question q) {
        for (const std::string& name : in_layers(q, s)) change(parameter(q, name));
        return q;
      };
    };
    const auto times = [s](double c) {
      return [s, c](const Question& q, Outputs& out) {
        if (q.gradients)
          for (const std::string& name : in_layers(q, s)) out.at("grad." + name) *= c;
      };
    };
    out.push_back(input(plain(s) + "-missing", plain(s) + " is taken for 0", 1,
                        each([](M& x) { x.setZero(); }), times(0)));
    out.push_back(
        input(plain(s) + "-twice", plain(s) + " is taken twice", 1, each([](M& x) { x *= 2; }), times(2)));
    out.push_back(input(plain(s) + "-negated", plain(s) + " has the other sign", 1,
                        each([](M& x) { x *= -1; }), times(-1)));
    if (value.rows() == 1)
      out.push_back(input(plain(s) + "-plus-1", plain(s) + " + 1 where it is right as it is", 1.25,
                          each([](M& x) { x.array() += 1; })));
    if (value.rows() == value.cols() && value.rows() > 1)
      out.push_back(input(plain(s) + "-transposed", plain(s) + " is transposed", 1,
                          each([](M& x) { x = M(x.transpose()); }), [s](const Question& q, Outputs& out) {
                            if (q.gradients)
                              for (const std::string& name : in_layers(q, s))
                                out.at("grad." + name) = M(out.at("grad." + name).transpose());
                          }));
    for (const std::string& b : all) {
      const std::string t = in_layer(b);
      const M& other = q.inputs.parameters.at(b);
      if (s == t || value.rows() != other.rows() || value.cols() != other.cols() ||
          a.starts_with("layers.") != b.starts_with("layers."))
        continue;
      if (s < t)
        out.push_back(input(
            plain(s) + "-and-" + plain(t), plain(s) + " and " + plain(t) + " are exchanged", 1,
            [s, t](Question q) {
              for (const std::string& name : in_layers(q, s))
                std::swap(parameter(q, name), parameter(q, beside(name, s, t)));
              return q;
            },
            [s, t](const Question& q, Outputs& out) {
              if (q.gradients)
                for (const std::string& name : in_layers(q, s))
                  std::swap(out.at("grad." + name), out.at("grad." + beside(name, s, t)));
            }));
      out.push_back(input(
          plain(t) + "-for-" + plain(s), plain(t) + " where " + plain(s) + " is right", 1.25,
          [s, t](Question q) {
            for (const std::string& name : in_layers(q, s))
              parameter(q, name) = parameter(q, beside(name, s, t));
            return q;
          },
          [s, t](const Question& q, Outputs& out) {
            if (q.gradients)
              for (const std::string& name : in_layers(q, s)) {
                M& unread = out.at("grad." + name);
                out.at("grad." + beside(name, s, t)) += unread;
                unread.setZero();
              }
          }));
    }
  }
}

void add_sequences(Alternatives& out) {
  out.push_back(input(
      "other-sequences-seen", "sees the other sequences of the batch, as one long sequence", 1,
      [](Question q) {
        if (q.batch == 1) throw Error("expected more than one sequence");
        q.batch = 1;
        return q;
      },
      {}, "Tencent-Hunyuan/HunyuanVideo#310"));
  for (const char* which : {"k", "v"})
    out.push_back(input(std::string(which) + "-of-the-first-sequence",
                        std::string(which) + " of the first sequence for every sequence of the batch", 1,
                        [which](Question q) {
                          M& x = parameter(q, which);
                          if (q.batch == 1) throw Error("expected more than one sequence");
                          x = M(x.topRows(x.rows() / q.batch).replicate(q.batch, 1));
                          q.gradients = false;
                          return q;
                        }));
  out.push_back(input("k-and-v-of-the-first-sequence",
                      "keys and values of the first sequence for every sequence of the batch", 1,
                      [](Question q) {
                        if (q.batch == 1) throw Error("expected more than one sequence");
                        for (const char* which : {"k", "v"}) {
                          M& x = parameter(q, which);
                          x = M(x.topRows(x.rows() / q.batch).replicate(q.batch, 1));
                        }
                        q.gradients = false;
                        return q;
                      }));
  // [tokens, heads] read as [heads, tokens]
  for (const char* which : {"q", "k", "v"})
    out.push_back(input(std::string(which) + "-heads-before-tokens",
                        std::string(which) + " is read as [heads, tokens] where it is [tokens, heads]", 1,
                        [which](Question q) {
                          if (q.spec.part != Part::sdpa) throw Error("expected sdpa");
                          M& x = *which == 'q' ? q.inputs.x : parameter(q, which);
                          const int heads =
                              *which == 'q' ? q.spec.attention.n_heads : q.spec.attention.n_kv_heads;
                          const Eigen::Index rows = x.rows() / q.batch, width = x.cols() / heads;
                          const M old = x;
                          for (int b = 0; b < q.batch; ++b) {
                            const double* at = old.data() + b * rows * old.cols();
                            for (int h = 0; h < heads; ++h)
                              for (Eigen::Index t = 0; t < rows; ++t)
                                for (Eigen::Index c = 0; c < width; ++c)
                                  x(b * rows + t, h * width + c) = *at++;
                          }
                          q.gradients = false;
                          return q;
                        }));
}

}  // namespace

Alternatives changed_inputs(const Question& q) {
  Alternatives out;
  add_parameters(out, q);
  add_sequences(out);
  if (has_attention(q.spec) && q.spec.attention.n_heads > 1) {
    const std::string in = q.spec.part == Part::sdpa        ? ""
                           : q.spec.part == Part::attention ? "layers.0.attn."
                                                            : ".attn.";
    for (const auto& [what, id, says] :
         {std::tuple(What::first_head, "first-head-everywhere",
                     "every query head reads the first key-value head"),
          {What::previous_call, "head-before", "every query head reads the key-value head before"}})
      out.push_back(slip("input/" + std::string(id), says, 1,
                         {what, {in + "keys", in + "values"}, Slip::Pass::both, 0, ""}));
  }
  return out;
}

}  // namespace plumbline
