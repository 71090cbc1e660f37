// The chain rule over a picture. A derivative is a sum of products of the boxes' Jacobians; what all terms of
// a sum share on the right is taken out: J_LN + J_Attn J_LN = (I + J_Attn) J_LN, where both are the same box.
#include "plumbline/explain/notation.hpp"
#include "plumbline/explain/picture.hpp"

namespace plumbline {
namespace {

struct Factor;
using Product = std::vector<Factor>;  // empty: the identity
struct Sum {
  std::vector<Product> terms;  // empty: zero
};

// One factor of a product: a box's Jacobian or a scale (node), or a sum, or what a join has.
struct Factor {
  int node = -1;
  std::vector<Sum> sum = {};  // none or one
  const char* text = nullptr;
};

bool same(const Factor& a, const Factor& b) { return a.node >= 0 && a.node == b.node; }

Product joined(const Product& a, const Product& b) {
  Product out = a;
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

// A sum as one product: itself where it has one term.
Product as_product(const Sum& s) { return s.terms.size() == 1 ? s.terms[0] : Product{{-1, {s}}}; }

// The terms of a product that is nothing but a sum, else the product alone.
Sum as_sum(const Product& p) { return p.size() == 1 && !p[0].sum.empty() ? p[0].sum[0] : Sum{{p}}; }

Sum plus(const Sum& a, const Sum& b) {
  if (a.terms.empty()) return b;
  if (b.terms.empty()) return a;
  Product left = as_product(a), right = as_product(b), shared;
  while (!left.empty() && !right.empty() && same(left.back(), right.back())) {
    shared.insert(shared.begin(), left.back());
    left.pop_back();
    right.pop_back();
  }
  Sum total = as_sum(left);
  for (const Product& term : as_sum(right).terms) total.terms.push_back(term);
  return shared.empty() ? total : Sum{{joined(as_product(total), shared)}};
}

bool is_identity(const Sum& s) { return s.terms.size() == 1 && s.terms[0].empty(); }

Sum times(const Sum& a, const Sum& b) {
  if (a.terms.empty() || b.terms.empty()) return {};
  if (is_identity(a)) return b;
  if (is_identity(b)) return a;
  return {{joined(as_product(a), as_product(b))}};
}

struct ChainRule {
  const Picture& picture;
  Notation notation;

  // The derivative of `node`, which defines a point, in the point `in`, other points held fixed.
  Sum partial(int node, int in, int defined) const {
    if (node == in) return {{Product{}}};
    if (picture.name_of(node, defined)) return {};
    const Node& n = picture.nodes[node];
    if (n.kind == NodeKind::join)  // r + A (b - r)
      return plus(times({{{Factor{.text = "(I - A)"}}}}, partial(n.operands[0], in, defined)),
                  times({{{Factor{.text = "A"}}}}, partial(n.operands[1], in, defined)));
    Sum total;
    for (const int i : n.operands) total = plus(total, partial(i, in, defined));
    return n.kind == NodeKind::add || n.passes_gradients ? total : times({{{Factor{node, {}}}}}, total);
  }
  // The derivative of point number `i` in x, through all points between.
  Sum total(std::size_t i) const {
    if (i == 0) return {{Product{}}};
    const int node = picture.points[i].node;
    Sum out;
    for (std::size_t j = 0; j < i; ++j)
      out = plus(out, times(partial(node, picture.points[j].node, node), total(j)));
    return out;
  }

  std::string text(const Sum& s) const {
    if (s.terms.empty()) return "0";
    std::string out;
    for (const bool identities : {true, false})  // I + J_Attn J_LN, whatever order the code adds in
      for (const Product& p : s.terms)
        if (only_scales(p) == identities) out += (out.empty() ? "" : " + ") + text(p);
    return out;
  }
  std::string text(const Product& p) const {
    std::string out;
    for (const Factor& f : p) {
      const std::string next = text(f);
      const bool touching = out.empty() || (out.back() == ')' && next.front() == '(');
      out += (touching ? "" : " ") + next;
    }
    if (p.empty() || only_scales(p)) out += out.empty() ? "I" : " I";
    return out;
  }
  std::string text(const Factor& f) const {
    if (f.text) return f.text;
    if (!f.sum.empty()) return "(" + text(f.sum[0]) + ")";
    const Node& n = picture.nodes[f.node];
    if (n.kind == NodeKind::scale) return symbol(picture.scales.at(f.node).name, notation);
    return notation == Notation::text ? "J_" + n.symbol : "J_{" + upright(n.symbol, notation) + "}";
  }
  bool only_scales(const Product& p) const {
    for (const Factor& f : p)
      if (f.node < 0 || picture.nodes[f.node].kind != NodeKind::scale) return false;
    return true;
  }
};

}  // namespace

std::string jacobian_formula(const Picture& picture, Notation notation) {
  const ChainRule rule{picture, notation};
  return "J = " + rule.text(rule.total(picture.points.size() - (picture.final_norm ? 2 : 1)));
}

}  // namespace plumbline
