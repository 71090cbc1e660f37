// Alternatives that read parameters and inputs wrongly.
#include <algorithm>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/naming/alternative.hpp"

namespace plumbline {
namespace {

using M = Matrix<double>;

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
    if (!is_given_mask(name) && seen.insert(in_layer(name)).second) all.push_back(name);
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

// Rows of every sequence moved by one; norms that stop at a tile of channels; the cotangent in another order.
void add_rows_and_channels(Alternatives& out) {
  const auto moved = [](M x, int batch, bool repeats) {
    const Eigen::Index rows = x.rows() / batch;
    for (int b = 0; b < batch; ++b) {
      auto s = x.middleRows(b * rows, rows);
      const M before = s.topRows(rows - 1), first = s.topRows(1);
      s.bottomRows(rows - 1) = before;
      if (!repeats) s.topRows(1).setZero();
    }
    return x;
  };
  const auto moved_back = [](M g, int batch, bool repeats) {
    const Eigen::Index rows = g.rows() / batch;
    for (int b = 0; b < batch; ++b) {
      auto s = g.middleRows(b * rows, rows);
      const M after = s.bottomRows(rows - 1), first = s.topRows(1);
      s.topRows(rows - 1) = after;
      s.bottomRows(1).setZero();
      if (repeats) s.topRows(1) += first;
    }
    return g;
  };
  for (bool repeats : {true, false})
    out.push_back(input(
        std::string("row-before") + (repeats ? "" : "-or-0"),
        std::string("every row is read one row too early; the first one is ") +
            (repeats ? "read twice" : "0"),
        1,
        [=](Question q) {
          q.inputs.x = moved(q.inputs.x, q.batch, repeats);
          return q;
        },
        [=](const Question& q, Outputs& out) {
          if (!q.gradients) return;
          M& g = out.at("grad." + std::string(input_name(q.spec)));
          g = moved_back(g, q.batch, repeats);
        }));
  out.push_back(
      input("cotangent-sequences-in-tokens", "grad.y is read as [tokens, sequences]", 1, [](Question q) {
        const Eigen::Index tokens = q.inputs.x.rows() / q.batch;
        const M g = q.inputs.cotangent;
        for (Eigen::Index i = 0; i < g.rows(); ++i)
          q.inputs.cotangent.row(i) = g.row(i % q.batch * tokens + i / q.batch);
        return q;
      }));
  for (int n : {32, 16, 64, 128, 8})
    out.push_back({"input/channels-beyond-" + std::to_string(n) + "-unseen",
                   "channels from " + std::to_string(n) + " on are neither read nor written", "", 1,
                   [n](const Failed& f, const Computing& compute) {
                     Question q = f.question;
                     if (q.spec.part != Part::norm || q.spec.d <= n) throw Error("expected a wider norm");
                     q.spec.d = n;
                     q.inputs.x = M(q.inputs.x.leftCols(n));
                     q.inputs.cotangent = M(q.inputs.cotangent.leftCols(n));
                     for (auto& [name, value] : q.inputs.parameters) value = M(value.leftCols(n));
                     Outputs out = compute(q, {});
                     for (auto& [name, value] : out) {
                       M wide = M::Zero(value.rows(), f.question.spec.d);
                       wide.leftCols(n) = value;
                       value = wide;
                     }
                     return out;
                   }});
}

}  // namespace

Alternatives changed_inputs(const Question& q) {
  Alternatives out;
  add_parameters(out, q);
  add_sequences(out);
  add_rows_and_channels(out);
  return out;
}

}  // namespace plumbline
