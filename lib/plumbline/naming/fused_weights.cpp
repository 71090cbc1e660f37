// Alternatives that read weights which stand in one tensor, or the heads of keys and values, in
// another order.
#include <algorithm>
#include <numeric>

#include "plumbline/naming/alternative.hpp"

namespace plumbline {
namespace {

using M = Matrix<double>;
using Order = std::vector<int>;  // row i is read where row order[i] stands

Order inverse(const Order& order) {
  Order out(order.size());
  for (int i = 0; i < int(order.size()); ++i) out[std::size_t(order[i])] = i;
  return out;
}

// Rows in the order of dimensions [a, b, c] read as [b, a, c].
Order exchanged(int a, int b, int c) {
  Order out;
  for (int j = 0; j < b; ++j)
    for (int i = 0; i < a; ++i)
      for (int k = 0; k < c; ++k) out.push_back((i * b + j) * c + k);
  return out;
}

// Two halves of n rows each, as `shards` parts that hold a piece of the first and then one of the second.
Order sharded(int n, int shards) {
  Order out;
  for (int s = 0; s < shards; ++s)
    for (int half = 0; half < 2; ++half)
      for (int i = s * n / shards; i < (s + 1) * n / shards; ++i) out.push_back(half * n + i);
  return out;
}

// Each group of query heads, and then its key and value heads.
Order by_group(const AttentionSpec& a) {
  Order out;
  const int share = a.n_heads / a.n_kv_heads, h = a.head_dim;
  for (int g = 0; g < a.n_kv_heads; ++g) {
    for (int i = 0; i < share * h; ++i) out.push_back(g * share * h + i);
    for (int kv = 0; kv < 2; ++kv)
      for (int i = 0; i < h; ++i) out.push_back((a.n_heads + kv * a.n_kv_heads + g) * h + i);
  }
  return out;
}

// Weights [out, in] by their rows, biases [1, out] by their columns.
Eigen::Index length(const M& x, bool bias) { return bias ? x.cols() : x.rows(); }
auto part(M& x, bool bias, Eigen::Index from, Eigen::Index n) {
  return bias ? x.block(0, from, x.rows(), n) : x.block(from, 0, n, x.cols());
}
M joined(const Parameters<double>& all, const std::vector<std::string>& names, const std::string& prefix,
         bool bias) {
  M out;
  for (const std::string& name : names) {
    const auto it = all.find(prefix + name);
    if (it == all.end()) throw Error(prefix + name + ": expected a tensor, found none");
    const M& x = it->second;
    M next(bias ? x.rows() : out.rows() + x.rows(), bias ? out.cols() + x.cols() : x.cols());
    const Eigen::Index n = length(out, bias);
    if (n) part(next, bias, 0, n) = out;
    part(next, bias, n, length(x, bias)) = x;
    out = std::move(next);
  }
  return out;
}
M ordered(const M& x, const Order& order, bool bias, bool adds) {
  if (Eigen::Index(order.size()) != length(x, bias)) throw Error("expected another number of rows");
  M out = x;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Eigen::Index to = adds ? order[i] : Eigen::Index(i), from = adds ? Eigen::Index(i) : order[i];
    if (bias)
      out.col(to) = x.col(from);
    else
      out.row(to) = x.row(from);
  }
  return out;
}

// Changes a group of tensors together, in every layer and with their biases.
void reorder(Parameters<double>& all, const std::string& prefix_of_names,
             const std::vector<std::string>& group, const Order& order, bool adds) {
  for (const char* suffix : {".weight", ".bias"}) {
    const bool bias = suffix[1] == 'b';
    std::vector<std::string> names, prefixes;
    for (const std::string& g : group) names.push_back(g + suffix);
    for (const auto& [name, value] : all)
      if (name.starts_with(prefix_of_names) && name.ends_with("." + names.front()))
        prefixes.push_back(name.substr(0, name.size() - names.front().size()));
    for (const std::string& prefix : prefixes) {
      M read = ordered(joined(all, names, prefix, bias), order, bias, adds);
      Eigen::Index from = 0;
      for (const std::string& name : names) {
        M& x = all.at(prefix + name);
        const Eigen::Index n = length(x, bias);
        x = M(part(read, bias, from, n));
        from += n;
      }
    }
  }
}

void add(Alternatives& out, const std::string& id, const std::string& says, std::vector<std::string> group,
         std::function<Order(const BlockSpec&)> order_of) {
  out.push_back({"input/" + id, says, "", 1, [group, order_of](const Failed& f, const Computing& compute) {
                   Question q = f.question;
                   const Order order = order_of(q.spec);
                   if (std::is_sorted(order.begin(), order.end())) throw Error("expected another order");
                   reorder(q.inputs.parameters, "", group, order, false);
                   Outputs out = compute(q, {});
                   if (q.gradients) reorder(out, "grad.", group, order, true);
                   return out;
                 }});
}

void add_orders(Alternatives& out, const std::string& id, const std::string& says,
                const std::vector<std::string>& group, std::function<Order(const BlockSpec&)> order) {
  add(out, id, says, group, order);
  add(out, id + "-inverse", says + ", the other way round", group,
      [order](const BlockSpec& s) { return inverse(order(s)); });
}

void add_gates(Alternatives& out) {
  const std::vector<std::string> group{"gate_proj", "up_proj"};
  add_orders(out, "gate-and-up-interleaved", "gate and up are read from a tensor as if their rows alternated",
             group, [](const BlockSpec& s) { return exchanged(s.ffn.d_ff, 2, 1); });
  for (int shards : {2, 4, 8})
    add_orders(out, "gate-and-up-in-" + std::to_string(shards) + "-shards",
               "gate and up are read from a tensor as if it were stored in " + std::to_string(shards) +
                   " shards of both",
               group, [shards](const BlockSpec& s) { return sharded(s.ffn.d_ff, shards); });
  // the first shard holds the smaller piece of gate, and the larger one of up
  add_orders(out, "gate-and-up-cut-in-quarters",
             "gate and up are each read as one half of gate and one half of up", group,
             [](const BlockSpec& s) {
               const int n = s.ffn.d_ff, half = n / 2;
               Order order;
               const auto take = [&](int from, int to) {
                 for (int i = from; i < to; ++i) order.push_back(i);
               };
               take(0, half), take(n, 2 * n - half), take(half, n), take(2 * n - half, 2 * n);
               return order;
             });
}

void add_projections(Alternatives& out, const BlockSpec& s) {
  const std::vector<std::string> all{"q_proj", "k_proj", "v_proj"};
  if (s.attention.n_heads == s.attention.n_kv_heads)
    add_orders(out, "qkv-by-head", "q, k and v are read from a tensor as if each head's stood together", all,
               [](const BlockSpec& s) { return exchanged(3, s.attention.n_heads, s.attention.head_dim); });
  add_orders(out, "qkv-by-group", "q, k and v are read from a tensor as if each group's stood together", all,
             [](const BlockSpec& s) { return by_group(s.attention); });
  for (const char* one : {"q_proj", "k_proj", "v_proj"})
    add_orders(out, std::string(one) + "-channels-before-heads",
               std::string(one) + " is read as [channels, heads] where it is [heads, channels]", {one},
               [one = std::string(one)](const BlockSpec& s) {
                 const AttentionSpec& a = s.attention;
                 return exchanged(one == "q_proj" ? a.n_heads : a.n_kv_heads, a.head_dim, 1);
               });
}

// Gives every query head the keys and values of the head that `map` says.
struct Sharing {
  const char *id, *says;
  int (*map)(int head, int heads, int groups);
};
constexpr std::string_view tiled = "tiled";  // of keys and values it is a deviation of the catalogue
constexpr Sharing sharings[] = {
    {tiled.data(), "query head h reads key-value head h mod n_kv_heads",
     [](int h, int, int g) { return h % g; }},
    {"over-n_kv_heads", "query head h reads key-value head h / n_kv_heads",
     [](int h, int, int g) { return std::min(h / g, g - 1); }},
    {"over-share-modulo", "query head h reads key-value head h mod (n_heads / n_kv_heads)",
     [](int h, int n, int g) { return std::min(h % std::max(n / g, 1), g - 1); }},
    {"reversed", "key-value heads are read in reverse order",
     [](int h, int n, int g) { return g - 1 - h * g / n; }},
    {"one-further", "query heads read the key-value head after theirs",
     [](int h, int n, int g) { return (h * g / n + 1) % g; }},
    {"last", "every query head reads the last key-value head", [](int, int, int g) { return g - 1; }}};

M gathered(const M& x, const Order& heads, int width, bool columns) {
  M y(columns ? x.rows() : Eigen::Index(heads.size()) * width,
      columns ? Eigen::Index(heads.size()) * width : x.cols());
  for (int h = 0; h < int(heads.size()); ++h)
    if (columns)
      y.middleCols(h * width, width) = x.middleCols(heads[h] * width, width);
    else
      y.middleRows(h * width, width) = x.middleRows(heads[h] * width, width);
  return y;
}
M scattered(const M& y, const Order& heads, int width, bool columns, const M& like) {
  M x = M::Zero(like.rows(), like.cols());
  for (int h = 0; h < int(heads.size()); ++h)
    if (columns)
      x.middleCols(heads[h] * width, width) += y.middleCols(h * width, width);
    else
      x.middleRows(heads[h] * width, width) += y.middleRows(h * width, width);
  return x;
}

// What is read from the head that a map says: keys, values, or both.
enum class Read { both, keys, values };

bool is_of_keys(const std::string& name) {
  return name == "k" || name.ends_with("k_proj.weight") || name.ends_with("k_proj.bias");
}
bool is_of_values(const std::string& name) {
  return name == "v" || name.ends_with("v_proj.weight") || name.ends_with("v_proj.bias");
}

// As many key-value heads as query heads, those of keys and of values chosen by maps of their own.
struct Shared {
  Order keys, values;

  Shared(const AttentionSpec& a, Read read, decltype(Sharing::map) map) {
    for (int h = 0; h < a.n_heads; ++h) {
      const int right = h * a.n_kv_heads / a.n_heads, other = map(h, a.n_heads, a.n_kv_heads);
      keys.push_back(read == Read::values ? right : other);
      values.push_back(read == Read::keys ? right : other);
    }
  }
  const Order* of(const std::string& name) const {
    return is_of_keys(name) ? &keys : is_of_values(name) ? &values : nullptr;
  }
};

Outputs with_shared(const Question& asked, const Computing& compute, Read read, decltype(Sharing::map) map) {
  Question q = asked;
  AttentionSpec& a = q.spec.attention;
  if (a.latent) throw Error("expected keys and values of projections of their own");
  if (a.n_kv_heads < 2) throw Error("expected more than one key-value head");
  if (q.spec.norm_slots.attn.k && q.spec.norm_slots.attn.k->width == NormWidth::full_heads)
    throw Error("expected keys that are normalized alone");
  const Shared shared(a, read, map);
  a.n_kv_heads = a.n_heads;
  for (auto& [name, value] : q.inputs.parameters)
    if (const Order* heads = shared.of(name))
      value = gathered(value, *heads, a.head_dim, !name.ends_with(".weight"));
  Outputs out = compute(q, {});
  if (q.gradients)
    for (const auto& [name, value] : asked.inputs.parameters)
      if (const Order* heads = shared.of(name)) {
        M& g = out.at("grad." + name);
        g = scattered(g, *heads, a.head_dim, !name.ends_with(".weight"), value);
      }
  return out;
}

void add_sharing(Alternatives& out, const Sharing& s, Read read, const std::string& id,
                 const std::string& says) {
  out.push_back({"heads/" + id, says, "", 1, [map = s.map, read](const Failed& f, const Computing& compute) {
                   return with_shared(f.question, compute, read, map);
                 }});
}

void add_sharings(Alternatives& out) {
  for (const Sharing& s : sharings) {
    if (s.id != tiled) add_sharing(out, s, Read::both, s.id, s.says);
    add_sharing(out, s, Read::keys, std::string(s.id) + "-keys", std::string(s.says) + ", of keys alone");
    add_sharing(out, s, Read::values, std::string(s.id) + "-values",
                std::string(s.says) + ", of values alone");
  }
}

}  // namespace

Alternatives fused_weights(const Question& q) {
  Alternatives out;
  const BlockSpec& s = q.spec;
  if (projects(s)) add_projections(out, s);
  if (attends(s)) add_sharings(out);
  if (feeds(s) && s.ffn.kind == FeedForwardKind::glu) add_gates(out);
  return out;
}

}  // namespace plumbline
