// Alternatives that change what is written of right outputs.
#include <algorithm>
#include <cmath>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/naming/alternative.hpp"

namespace plumbline {
namespace {

using M = Matrix<double>;

constexpr int tiles[] = {32, 16, 64, 128, 8};  // the usual ones first

// How the rows and columns of one output are laid out.
struct Layout {
  int batch = 1, heads = 0;  // heads 0: none
  bool of_tokens = false;    // rows are tokens
};

Layout layout_of(const Question& q, const std::string& name) {
  const PartRecord& part = part_of(q.spec);
  if (name == "y") return {q.batch, heads_of(q.spec, part.y), true};
  if (!name.starts_with("grad.")) return {};
  const std::string of = name.substr(5);
  if (of == part.x.name) return {q.batch, heads_of(q.spec, part.x), true};
  const TokenTensor* t = part.find_beside_x(of);
  if (!t || t->rows == Rows::states) return {};
  const int heads = heads_of(q.spec, *t);
  return {heads ? q.batch : 1, heads, true};
}

using Change = std::function<M(const M& right, const Layout& layout, const Failed& failed)>;

// The wrong outputs, changed; the others are right.
Alternative written(std::string id, std::string says, double assumes, Change change, std::string bug = "") {
  return {"written/" + id, std::move(says), std::move(bug), assumes,
          [change](const Failed& f, const Computing& compute) {
            Outputs out = compute(f.question, {});
            for (auto& [name, value] : out)
              if (f.wrong.contains(name)) value = change(value, layout_of(f.question, name), f);
            return out;
          }};
}

// The same of every sequence by itself.
template <class F>
M each_sequence(const M& x, int batch, F f) {
  const Eigen::Index rows = x.rows() / batch;
  M y = x;
  for (int b = 0; b < batch; ++b) y.middleRows(b * rows, rows) = f(M(x.middleRows(b * rows, rows)));
  return y;
}
template <class F>
M each_head(const M& x, int heads, F f) {
  if (!heads) throw Error("expected heads");
  const Eigen::Index cols = x.cols() / heads;
  M y = x;
  for (int h = 0; h < heads; ++h) y.middleCols(h * cols, cols) = f(M(x.middleCols(h * cols, cols)), h);
  return y;
}

M first_rows(const M& x, Eigen::Index n) {
  M y = x;
  if (n < x.rows()) y.bottomRows(x.rows() - n).setZero();
  return y;
}
M first_cols(const M& x, Eigen::Index n) {
  M y = x;
  if (n < x.cols()) y.rightCols(x.cols() - n).setZero();
  return y;
}

void add_rows(Alternatives& out) {
  const auto rows = [&](const std::string& id, const std::string& says, int n, const std::string& bug = "") {
    out.push_back(written(
        id, says, 1,
        [n](const M& x, const Layout& s, const Failed&) {
          return each_sequence(x, s.batch, [n](const M& u) { return first_rows(u, n); });
        },
        bug));
  };
  rows("first-row-only", "only row 0 of each sequence is written, all others are 0", 1,
       "ByteDance-Seed/Triton-distributed#180");
  out.push_back(written(
      "row-0-only", "only row 0 is written, all others are 0", 1,
      [](const M& x, const Layout&, const Failed&) { return first_rows(x, 1); },
      "ByteDance-Seed/Triton-distributed#180"));
  out.push_back(written("last-row-in-row-0", "every row is written to row 0; the last one stays", 1,
                        [](const M& x, const Layout&, const Failed&) -> M {
                          M y = M::Zero(x.rows(), x.cols());
                          y.row(0) = x.row(x.rows() - 1);
                          return y;
                        }));
  for (int n : {8, 16, 32, 64, 128, 256, 512, 1024}) {
    const std::string text = std::to_string(n);
    rows("rows-beyond-" + text, "rows from " + text + " on are not written", n);
    out.push_back(written("all-rows-beyond-" + text,
                          "of all sequences together, rows from " + text + " on are not written", 1.5,
                          [n](const M& x, const Layout&, const Failed&) { return first_rows(x, n); }));
  }
  out.push_back(written(
      "rows-beyond-window", "rows from the window's length on are not written", 1,
      [](const M& x, const Layout& s, const Failed& f) {
        const auto window = f.question.spec.attention.mask.window;
        if (!window) throw Error("expected a window");
        return each_sequence(x, s.batch, [&](const M& u) { return first_rows(u, *window); });
      },
      "nntrainer/nntrainer#3989"));
  for (int tile : tiles) {
    const std::string text = std::to_string(tile);
    out.push_back(written(
        "tail-rows-missing-" + text, "rows beyond the last full tile of " + text + " are not written", 1,
        [tile](const M& x, const Layout& s, const Failed&) {
          return each_sequence(x, s.batch, [&](const M& u) { return first_rows(u, u.rows() / tile * tile); });
        }));
  }
  out.push_back(
      written("previous-row", "row t holds row t - 1", 1, [](const M& x, const Layout& s, const Failed&) {
        return each_sequence(x, s.batch, [](const M& u) {
          M y = M::Zero(u.rows(), u.cols());
          y.bottomRows(u.rows() - 1) = u.topRows(u.rows() - 1);
          return y;
        });
      }));
  out.push_back(
      written("rows-reversed", "rows in reverse order", 1, [](const M& x, const Layout& s, const Failed&) {
        return each_sequence(x, s.batch, [](const M& u) -> M { return u.colwise().reverse(); });
      }));
  out.push_back(
      written("first-sequence-only", "only the first sequence of the batch is written", 1,
              [](const M& x, const Layout& s, const Failed&) { return first_rows(x, x.rows() / s.batch); }));
  out.push_back(written("first-sequence-everywhere", "every sequence of the batch holds the first one's", 1,
                        [](const M& x, const Layout& s, const Failed&) -> M {
                          return x.topRows(x.rows() / s.batch).replicate(s.batch, 1);
                        }));
}

void add_channels(Alternatives& out) {
  for (int n : tiles) {
    const std::string text = std::to_string(n);
    out.push_back(written(
        "head-channels-beyond-" + text, "channels from " + text + " on of every head are not written", 1,
        [n](const M& x, const Layout& s, const Failed&) {
          return each_head(x, s.heads, [n](const M& u, int) { return first_cols(u, n); });
        },
        n == 32 ? "mni-ml/framework#39" : ""));
    out.push_back(written("tail-head-channels-missing-" + text,
                          "channels of a head beyond its last full tile of " + text + " are not written", 1,
                          [n](const M& x, const Layout& s, const Failed&) {
                            return each_head(
                                x, s.heads, [n](const M& u, int) { return first_cols(u, u.cols() / n * n); });
                          }));
    out.push_back(written(
        "tail-channels-missing-" + text, "channels beyond the last full tile of " + text + " are not written",
        1, [n](const M& x, const Layout&, const Failed&) { return first_cols(x, x.cols() / n * n); }));
  }
  for (int n : {1, 8, 16, 32, 64, 128, 256, 512, 1024}) {
    const std::string text = std::to_string(n);
    out.push_back(written("channels-beyond-" + text, "channels from " + text + " on are not written", 1,
                          [n](const M& x, const Layout&, const Failed&) { return first_cols(x, n); }));
  }
}

void add_heads(Alternatives& out) {
  out.push_back(written(
      "first-head-only", "only the first head is written", 1, [](const M& x, const Layout& s, const Failed&) {
        return each_head(x, s.heads,
                         [](const M& u, int h) -> M { return h ? M::Zero(u.rows(), u.cols()) : u; });
      }));
  out.push_back(written("last-head-missing", "the last head is not written", 1,
                        [](const M& x, const Layout& s, const Failed&) {
                          return each_head(x, s.heads, [&](const M& u, int h) -> M {
                            return h + 1 == s.heads ? M::Zero(u.rows(), u.cols()) : u;
                          });
                        }));
  out.push_back(written("first-head-everywhere", "every head holds the first one's", 1,
                        [](const M& x, const Layout& s, const Failed&) -> M {
                          if (!s.heads) throw Error("expected heads");
                          return x.leftCols(x.cols() / s.heads).replicate(1, s.heads);
                        }));
  out.push_back(written("heads-before-tokens", "stored as [heads, tokens] where [tokens, heads] is right", 1,
                        [](const M& x, const Layout& s, const Failed&) {
                          if (!s.heads) throw Error("expected heads");
                          return each_sequence(x, s.batch, [&](const M& u) {
                            const Eigen::Index width = u.cols() / s.heads;
                            M y(u.rows(), u.cols());
                            double* at = y.data();
                            for (int h = 0; h < s.heads; ++h)
                              for (Eigen::Index t = 0; t < u.rows(); ++t)
                                for (Eigen::Index c = 0; c < width; ++c) *at++ = u(t, h * width + c);
                            return y;
                          });
                        }));
}

void add_values(Alternatives& out) {
  out.push_back(written(
      "zero", "0 everywhere", 0.5,
      [](const M& x, const Layout&, const Failed&) -> M { return M::Zero(x.rows(), x.cols()); },
      "ScalingIntelligence/KernelBench#165"));
  out.push_back(written("negated", "the sign is the other one", 0.5,
                        [](const M& x, const Layout&, const Failed&) -> M { return -x; }));
  out.push_back(
      {"written/input", "the input, as it is", "", 0.5, [](const Failed& f, const Computing& compute) {
         Outputs out = compute(f.question, {});
         M& y = out.at("y");
         const M& x = f.question.inputs.x;
         if (y.cols() % x.cols()) throw Error("expected the input's shape");
         y = x.replicate(1, y.cols() / x.cols());
         return out;
       }});
  out.push_back(written("transposed", "transposed", 1, [](const M& x, const Layout&, const Failed&) -> M {
    if (x.rows() != x.cols()) throw Error("expected a square");
    return x.transpose();
  }));
  for (int by : {1, -1})
    out.push_back(written(by > 0 ? "channels-one-further" : "channels-one-earlier",
                          by > 0 ? "channel c holds channel c - 1, the first one the last"
                                 : "channel c holds channel c + 1, the last one the first",
                          1, [by](const M& x, const Layout& s, const Failed&) {
                            return each_head(x, std::max(s.heads, 1), [by](const M& u, int) {
                              M y(u.rows(), u.cols());
                              const Eigen::Index n = u.cols();
                              for (Eigen::Index c = 0; c < n; ++c) y.col((c + by + n) % n) = u.col(c);
                              return y;
                            });
                          }));
  // Means where sums are right, and the reverse: a factor that is some count of the question.
  struct Count {
    const char* what;
    std::function<double(const Question&)> of;
  };
  const Count counts[] = {
      {"the number of tokens", [](const Question& q) { return double(q.inputs.x.rows()); }},
      {"the number of tokens of a sequence",
       [](const Question& q) { return double(q.inputs.x.rows()) / q.batch; }},
      {"the number of sequences", [](const Question& q) { return double(q.batch); }},
      {"d", [](const Question& q) { return double(q.spec.d); }},
      {"n_heads", [](const Question& q) { return double(q.spec.attention.n_heads); }},
      {"head_dim", [](const Question& q) { return double(q.spec.attention.head_dim); }},
      {"the heads of a group",
       [](const Question& q) { return double(q.spec.attention.n_heads) / q.spec.attention.n_kv_heads; }},
      {"the root of head_dim",
       [](const Question& q) { return std::sqrt(double(q.spec.attention.head_dim)); }}};
  for (const Count& c : counts)
    for (bool divides : {true, false}) {
      std::string id = c.what;
      std::replace(id.begin(), id.end(), ' ', '-');
      out.push_back(written((divides ? "divided-by-" : "times-") + id,
                            std::string(divides ? "divided by " : "multiplied by ") + c.what, 1,
                            [of = c.of, divides](const M& x, const Layout&, const Failed& f) -> M {
                              const double n = of(f.question);
                              if (!(n > 0) || !std::isfinite(n)) throw Error("expected a positive number");
                              return x * (divides ? 1 / n : n);
                            }));
    }
}

// Outputs of equal shape in each other's place, in every layer.
void add_exchanges(Alternatives& out, const Question& q) {
  if (!q.gradients) return;
  std::set<std::pair<std::string, std::string>> seen;
  const auto& p = q.inputs.parameters;
  for (const auto& [a, x] : p)
    for (const auto& [b, y] : p) {
      if (!(a < b) || x.rows() != y.rows() || x.cols() != y.cols()) continue;
      if (is_given_mask(a) || is_given_mask(b)) continue;
      const std::string first = in_layer(a), second = in_layer(b);
      if (first == second || a.substr(0, a.size() - first.size()) != b.substr(0, b.size() - second.size()))
        continue;
      if (!seen.insert({first, second}).second) continue;
      out.push_back({"written/gradients-of-" + first.substr(first[0] == '.') + "-and-" +
                         second.substr(second[0] == '.'),
                     "the gradients of " + first.substr(first[0] == '.') + " and " +
                         second.substr(second[0] == '.') + " are in each other's place",
                     "", 1, [first, second](const Failed& f, const Computing& compute) {
                       Outputs out = compute(f.question, {});
                       for (auto& [name, value] : out) {
                         if (!name.starts_with("grad.") || in_layer(name.substr(5)) != first) continue;
                         M& other = out.at(name.substr(0, name.size() - first.size()) + second);
                         if (other.rows() != value.rows() || other.cols() != value.cols())
                           throw Error("expected equal shapes");
                         std::swap(value, other);
                       }
                       return out;
                     }});
    }
}

}  // namespace

Alternatives miswritten(const Question& q) {
  Alternatives out;
  add_values(out);
  add_rows(out);
  add_channels(out);
  add_heads(out);
  add_exchanges(out, q);
  return out;
}

}  // namespace plumbline
