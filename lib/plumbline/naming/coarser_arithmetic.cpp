// Alternatives that compute what was asked for, one type of their arithmetic coarser than declared.
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
  if (p.type == &Profile::table) return q.spec.rope.has_value();
  if (p.type == &Profile::token_sums) return q.gradients;
  const bool is_norm = q.spec.part == Part::norm || q.spec.part == Part::add_norm;
  if (p.type == &Profile::softmax) return has_heads(q.spec);
  if (p.type == &Profile::accumulator) return !is_norm;
  return true;
}

}  // namespace

Alternatives coarser_arithmetic(const Question& q) {
  Alternatives out;
  for (const Kept& p : parts)
    for (Dtype type : {Dtype::bf16, Dtype::f16}) {
      if (!concerns(p, q)) continue;
      const std::string word(info(type).word);
      out.push_back({"arithmetic/" + std::string(p.id) + "-in-" + word, std::string(p.says) + " in " + word,
                     "", 0.75,
                     [](const Failed& f, const Computing& compute) { return compute(f.question, {}); },
                     [type, which = p.type](Profile profile) {
                       if (info(profile.*which).precision <= info(type).precision)
                         throw Error("expected a finer type");
                       profile.*which = type;
                       return profile;
                     }});
    }
  return out;
}

}  // namespace plumbline
