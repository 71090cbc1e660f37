// Alternatives that compute what was asked for, one type of their arithmetic coarser than declared: the
// finer ones first.
#include "plumbline/naming/alternative.hpp"

namespace plumbline {
namespace {

struct Kept {
  const char *id, *says;
  Dtype Profile::*type;
};
constexpr Kept parts[] = {
    {"table", "cosines and sines of the rotary embedding are", &Profile::table},
    {"token-sums", "sums over tokens, in the gradients of gains and biases, are", &Profile::token_sums},
    {"statistics", "means, variances and their roots are", &Profile::statistics},
    {"softmax", "softmaxes are computed", &Profile::softmax},
    {"accumulator", "sums of products are accumulated", &Profile::accumulator}};

bool concerns(const Kept& p, const Question& q) {
  if (p.type == &Profile::table) return q.spec.position.rope.has_value();
  if (p.type == &Profile::token_sums) return q.gradients;
  if (p.type == &Profile::softmax) return attends(q.spec);
  if (p.type == &Profile::accumulator) return !is_one_norm(q.spec);
  return true;
}

Alternative as_asked(std::string id, std::string says, std::function<Profile(Profile)> arithmetic) {
  return {"arithmetic/" + std::move(id),
          std::move(says),
          "",
          0.75,
          [](const Failed& f, const Computing& compute) { return compute(f.question, {}); },
          std::move(arithmetic)};
}

// Branches that store what their products return are those of autocast.
Alternative with_products_of(Operand type, bool stores) {
  const std::string word(name_of(type));
  return as_asked((stores ? "autocast-" + word : word + "-products"),
                  stores ? "products, and what stands between them, are " + word
                         : "what products of matrices multiply is rounded to " + word,
                  [=](Profile p) {
                    if (precision_of(p.products) <= precision_of(type)) throw Error("expected a finer type");
                    p.products = type;
                    if (stores) p.branches = range_of(type);
                    return p;
                  });
}

}  // namespace

Alternatives coarser_arithmetic(const Question& q) {
  Alternatives out;
  for (Operand type : {Operand::tf32, Operand::f16, Operand::bf16})
    out.push_back(with_products_of(type, false));
  out.push_back(with_products_of(Operand::bf16, true));
  for (const Kept& p : parts)
    for (Dtype type : {Dtype::bf16, Dtype::f16}) {
      if (!concerns(p, q)) continue;
      const std::string word(info(type).word);
      out.push_back(as_asked(std::string(p.id) + "-in-" + word, std::string(p.says) + " in " + word,
                             [type, which = p.type](Profile profile) {
                               if (info(profile.*which).precision <= info(type).precision)
                                 throw Error("expected a finer type");
                               profile.*which = type;
                               return profile;
                             }));
    }
  return out;
}

}  // namespace plumbline
