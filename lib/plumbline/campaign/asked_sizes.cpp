#include "plumbline/campaign/asked_sizes.hpp"

namespace plumbline {

AskedSizes asked_sizes(const QuestionSettings& q) {
  const BlockSpec& s = q.spec;
  AskedSizes out{{"batch", q.batch}, {"T", q.tokens}, {"rows", q.batch * q.tokens}};
  if (has_own_keys(s)) out["T_k"] = q.key_tokens.value_or(q.tokens);
  if (!reads_heads(s)) out["d"] = s.d;
  if (is_stack(s)) out["n_layers"] = s.n_layers;
  if (feeds(s)) out["d_ff"] = s.ffn.d_ff;
  if (maps(s)) out["d_out"] = width_of(s, part_of(s).y);
  if (!has_heads(s)) return out;
  out["n_heads"] = s.attention.n_heads;
  out["n_kv_heads"] = s.attention.n_kv_heads;
  out["head_dim"] = s.attention.head_dim;
  return out;
}

}  // namespace plumbline
