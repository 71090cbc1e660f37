#include "plumbline/identify/anatomy.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "plumbline/identify/named_tensors.hpp"

namespace plumbline::identify {
namespace {

constexpr int largest = 1 << 20;

class ShapeReader : NamedTensors {
 public:
  ShapeReader(const std::vector<Tensor>& tensors, const KnownSizes& known) : known_(known) {
    for (const Tensor& t : tensors) {
      parts_.push_back({&t, parsed(t.name)});
      for (std::int64_t n : t.shape)
        if (n < 1 || n > largest) fail(t, "sizes from 1 to " + std::to_string(largest));
      if (parts_.back().name.role == NamedRole::unknown)
        fail(t, "a projection or a norm that is known by its name (q_proj, ..., norm)");
      if (parts_.back().name.kind == NamedKind::alpha) check_alpha(parts_.back());
    }
    a_.tensors = tensors;
    place_in_layers();
    ungate();
  }

  Anatomy operator()() {
    const bool attends = has(NamedRole::q), feeds = has(NamedRole::up) || has(NamedRole::down);
    a_.spec.part = attends && feeds ? Part::stack
                   : attends        ? Part::attention
                   : feeds          ? Part::ffn
                                    : Part::norm;
    if (a_.spec.part == Part::norm) return single_norm();
    for (const Named& p : parts_)
      if (p.name.role == NamedRole::stream_norm && !(attends && feeds))
        fail(*p.tensor, "attention and a feed-forward beside a norm of the stream, or neither");
    width();
    if (attends) attention();
    if (feeds) feed_forward();
    stream_norms();
    check_layers();
    return std::move(a_);
  }

 private:
  static void check_alpha(const Named& p) {
    if (role_of(p.name) != Role::gain) fail(*p.tensor, "a norm, since its name ends in .alpha");
    if (p.tensor->shape != std::vector<std::int64_t>{1} && !p.tensor->shape.empty()) fail(*p.tensor, "[1]");
  }

  // Whatever has no number belongs to the only layer, or, if it is a norm, stands behind all layers.
  void place_in_layers() {
    const bool numbered =
        std::any_of(parts_.begin(), parts_.end(), [](const Named& p) { return p.name.layer >= 0; });
    int last = 0;
    for (Named& p : parts_) {
      last = std::max(last, p.name.layer);
      const bool is_final = p.name.within.find("final") != std::string::npos || p.name.within == "ln_f";
      if (p.name.layer < 0 && !(numbered || is_final)) p.name.layer = 0;
      if (p.name.layer < 0 && p.name.role != NamedRole::stream_norm)
        fail(*p.tensor, "the number of a layer in its name");
    }
    a_.spec.n_layers = last + 1;
  }

  // fc1 and fc2 have no gate; nor have w1 and w2 where there is no w3.
  void ungate() {
    if (has(NamedRole::up)) return;
    for (Named& p : parts_)
      if (p.name.role == NamedRole::gate) p.name.role = NamedRole::up;
  }

  void width() {
    const int found = has(NamedRole::q) ? cols(NamedRole::q) : cols(NamedRole::up);
    if (known_.d && *known_.d != found)
      fail(matrix(has(NamedRole::q) ? NamedRole::q : NamedRole::up),
           "[out, d = " + std::to_string(*known_.d) + "]");
    a_.spec.d = found;
  }

  void attention() {
    AttentionSpec& s = a_.spec.attention;
    s.bias = {bias(NamedRole::q), bias(NamedRole::k), bias(NamedRole::v), bias(NamedRole::o)};
    const int q = rows(NamedRole::q), kv = rows(NamedRole::k);
    if (rows(NamedRole::v) != kv) fail(matrix(NamedRole::v), "as many rows as k_proj, " + std::to_string(kv));
    if (cols(NamedRole::o) != q || rows(NamedRole::o) != a_.spec.d)
      fail(matrix(NamedRole::o), "[d, rows of q_proj] = " + described({a_.spec.d, q}));
    a_.spec.norm_slots.attn.q = norm_of(NamedRole::norm_q);
    a_.spec.norm_slots.attn.k = norm_of(NamedRole::norm_k);
    a_.spec.norm_slots.attn.v = norm_of(NamedRole::norm_v);
    a_.spec.norm_slots.attn.mid = norm_of(NamedRole::attn_mid);
    heads(q, kv);
    for (auto [slot, role] : {std::pair(&a_.spec.norm_slots.attn.q, NamedRole::norm_q),
                              {&a_.spec.norm_slots.attn.k, NamedRole::norm_k},
                              {&a_.spec.norm_slots.attn.v, NamedRole::norm_v}})
      if (*slot)
        (*slot)->width = norm_width_of(role) == s.head_dim && norm_width_of(role) < q ? NormWidth::head_dim
                                                                                      : NormWidth::full_heads;
    if (has(NamedRole::attention_gate)) {
      const Tensor& gate = matrix(NamedRole::attention_gate);
      if (gate.shape != matrix(NamedRole::q).shape)
        fail(gate, "[rows of q_proj, d] = " + described({q, a_.spec.d}));
      s.gate = Activation::sigmoid;
    }
    buckets();
  }

  void buckets() {
    if (!has(NamedRole::relative_bias)) return;
    const Tensor& table = matrix(NamedRole::relative_bias);
    const int heads = a_.spec.attention.n_heads;
    if (cols(NamedRole::relative_bias) != heads)
      fail(table, "[buckets, heads = " + std::to_string(heads) + "]");
    a_.spec.position.buckets = BucketsSpec{.count = rows(NamedRole::relative_bias)};
  }

  // Every width that divides queries and keys into heads, each key-value head serving as many query heads.
  void heads(int q, int kv) {
    const auto fits = [&](int h) { return q % h == 0 && kv % h == 0 && (q / h) % (kv / h) == 0; };
    int h = 0;
    if (known_.head_dim) h = *known_.head_dim;
    if (!h && known_.n_heads) h = q % *known_.n_heads ? q + 1 : q / *known_.n_heads;
    if (!h && has(NamedRole::relative_bias)) {
      const int n = cols(NamedRole::relative_bias);
      h = q % n ? q + 1 : q / n;
    }
    if (!h && known_.n_kv_heads) h = kv % *known_.n_kv_heads ? q + 1 : kv / *known_.n_kv_heads;
    if (!h && has(NamedRole::norm_q) && norm_width_of(NamedRole::norm_q) < q)
      h = norm_width_of(NamedRole::norm_q);
    const bool counts_agree = !h || (fits(h) && (!known_.n_heads || q / h == *known_.n_heads) &&
                                     (!known_.n_kv_heads || kv / h == *known_.n_kv_heads));
    if (!counts_agree)
      throw Error("heads: " + std::to_string(q) + " rows of q_proj and " + std::to_string(kv) +
                  " of k_proj are no whole number of such heads");
    for (int w = 1; w <= kv; ++w)
      if (h ? w == h : fits(w)) a_.head_dims.push_back(w);
    AttentionSpec& s = a_.spec.attention;
    s.head_dim = a_.head_dims[a_.head_dims.size() / 2];
    s.n_heads = q / s.head_dim;
    s.n_kv_heads = kv / s.head_dim;
  }

  void feed_forward() {
    FeedForwardSpec& f = a_.spec.ffn;
    f.kind = has(NamedRole::gate) ? FeedForwardKind::glu : FeedForwardKind::mlp;
    f.d_ff = rows(NamedRole::up);
    f.bias.in = bias(NamedRole::up);
    f.bias.out = bias(NamedRole::down);
    const std::vector<std::int64_t> in{f.d_ff, a_.spec.d}, out{a_.spec.d, f.d_ff};
    if (matrix(NamedRole::up).shape != in) fail(matrix(NamedRole::up), described(in));
    if (has(NamedRole::gate) && matrix(NamedRole::gate).shape != in)
      fail(matrix(NamedRole::gate), described(in));
    if (matrix(NamedRole::down).shape != out) fail(matrix(NamedRole::down), described(out));
    a_.spec.norm_slots.ffn.mid = norm_of(NamedRole::ffn_mid);
    mixture();
  }

  // As many experts as the router has rows; how a token's are chosen and weighed, no shape tells.
  void mixture() {
    const auto is_of_mixture = [](const Named& p) { return !p.name.expert.empty(); };
    const auto first = std::find_if(parts_.begin(), parts_.end(), is_of_mixture);
    if (!has(NamedRole::router)) {
      if (first != parts_.end()) fail(*first->tensor, "a router beside the experts");
      return;
    }
    MoeSpec m{.experts = rows(NamedRole::router)};
    if (cols(NamedRole::router) != a_.spec.d) fail(matrix(NamedRole::router), "[experts, d]");
    std::set<std::string> experts;
    for (const Named& p : parts_)
      if (p.name.expert.starts_with("experts")) experts.insert(p.name.expert);
    for (const Named& p : parts_)
      if (const Tensor* one = p.name.expert.starts_with("experts") ? find(p.name.role, p.name.kind) : nullptr;
          one && one->shape != p.tensor->shape)
        fail(*p.tensor, "the shape of " + one->name + ", " + described(one->shape));
    for (int e = 0; e < m.experts; ++e)
      if (!experts.contains("experts." + std::to_string(e)) || int(experts.size()) != m.experts)
        fail(matrix(NamedRole::router),
             "as many rows as there are experts, " + std::to_string(experts.size()));
    m.top_k = std::min(m.top_k, m.experts);
    m.router_bias = bias(NamedRole::router);
    m.correction_bias =
        std::any_of(parts_.begin(), parts_.end(), [](const Named& p) { return p.name.is_whole; });
    if (const Tensor* up = find_in("shared", NamedRole::up)) m.shared_d_ff = int(up->shape[0]);
    m.shared_gate = has(NamedRole::shared_gate);
    a_.spec.ffn.moe = m;
  }

  static std::optional<NormPlace> hint_of(const std::string& within) {
    static const std::map<std::string, NormPlace> hints{
        {"norm_in", NormPlace::shared_in},      {"attn.norm_in", NormPlace::attn_in},
        {"attn.norm_out", NormPlace::attn_out}, {"attn.norm_post", NormPlace::attn_post},
        {"ffn.norm_in", NormPlace::ffn_in},     {"ffn.norm_out", NormPlace::ffn_out},
        {"ffn.norm_post", NormPlace::ffn_post}};
    const auto it = hints.find(within);
    return it == hints.end() ? std::nullopt : std::optional<NormPlace>(it->second);
  }

  void stream_norms() {
    std::string final_name;
    NormParameters of_final;
    for (const Named& p : parts_) {
      if (p.name.role != NamedRole::stream_norm) continue;
      if (p.name.kind != NamedKind::alpha && vector(*p.tensor) != a_.spec.d)
        fail(*p.tensor, "[d = " + std::to_string(a_.spec.d) + "]");
      if (p.name.layer < 0) {
        if (!final_name.empty() && final_name != p.name.within)
          fail(*p.tensor, "a single norm behind all layers");
        final_name = p.name.within;
        flag(of_final, p.name.kind) = true;
      } else if (p.name.layer == 0) {
        flag(a_.norms[number_of(p.name.within)].has, p.name.kind) = true;
      }
    }
    if (a_.norms.size() > 4)
      throw Error("parameters: expected at most 4 norms of the stream in a layer, found " +
                  std::to_string(a_.norms.size()));
    if (of_final.any()) a_.spec.final_norm = declared_norm(of_final);
  }

  int number_of(const std::string& within) {
    for (std::size_t k = 0; k < a_.norms.size(); ++k)
      if (a_.norms[k].name == within) return int(k);
    a_.norms.push_back({within, hint_of(within)});
    return int(a_.norms.size()) - 1;
  }

  // Every layer has the same parameters, of the same shapes; names them.
  void check_layers() {
    std::map<std::string, const Tensor*> first;
    std::vector<std::size_t> found(a_.spec.n_layers);
    const auto key = [](const ParameterName& n) {
      return n.within + "." + std::string(plumbline::name_of(n.kind));
    };
    for (const Named& p : parts_)
      if (p.name.layer == 0 && !first.emplace(key(p.name), p.tensor).second) fail(*p.tensor, "it once");
    for (const Named& p : parts_) {
      if (p.name.layer >= 0) {
        const auto it = first.find(key(p.name));
        if (it == first.end() || it->second->shape != p.tensor->shape)
          fail(*p.tensor, "a parameter that layer 0 has too");
        ++found[p.name.layer];
      }
      note(p, our_name(p.name));
    }
    std::set<std::string> names;
    for (const auto& [theirs, ours] : a_.ours)
      if (!names.insert(ours.name).second)
        throw Error("parameter " + theirs + ": another one seems to be the same, " + ours.name);
    for (std::size_t i = 0; i < found.size(); ++i)
      if (found[i] != first.size())
        throw Error("parameters: expected " + std::to_string(first.size()) + " of layer " +
                    std::to_string(i) + ", as layer 0 has, found " + std::to_string(found[i]));
  }

  void note(const Named& p, const std::string& ours) {
    const auto& shape = p.tensor->shape;
    a_.ours[p.tensor->name] = {.name = ours,
                               .rows = shape.size() == 2 ? int(shape[0]) : 1,
                               .cols = shape.empty() ? 1 : int(shape.back()),
                               .role = role_of(p.name),
                               .module = module_of(p.name.role)};
  }

  std::string our_name(const ParameterName& n) {
    const std::string kind = "." + std::string(plumbline::name_of(n.kind));
    if (n.layer < 0) return "final_norm" + kind;
    if (n.role == NamedRole::stream_norm) return stream_norm(n.layer, number_of(n.within)) + kind;
    return "layers." + std::to_string(n.layer) + "." + identify::our_name(n);
  }

  Anatomy single_norm() {
    NormParameters has;
    for (const Named& p : parts_) flag(has, p.name.kind) = true;
    if (parts_.size() != std::size_t(has.gain + has.bias + has.alpha))
      throw Error(
          "parameters: expected a block, attention, a feed-forward or a single norm, found something else");
    for (const Named& p : parts_) note(p, "norm." + std::string(plumbline::name_of(p.name.kind)));
    const auto wide = std::find_if(parts_.begin(), parts_.end(), [&](const Named& p) {
      return p.name.kind == (has.gain ? NamedKind::weight : NamedKind::bias);
    });
    if (wide == parts_.end() && !known_.d) fail(*parts_.front().tensor, "a gain beside it, or d");
    a_.spec.d = wide == parts_.end() ? *known_.d : vector(*wide->tensor);
    if (known_.d && *known_.d != a_.spec.d) fail(*wide->tensor, "[d = " + std::to_string(*known_.d) + "]");
    a_.spec.norm_slots.attn.in = declared_norm(has);
    a_.spec.n_layers = 1;
    return std::move(a_);
  }

  KnownSizes known_;
  Anatomy a_;
};

}  // namespace

NormSpec declared_norm(const NormParameters& has) {
  NormSpec n;
  n.kind = has.alpha ? NormKind::dyt : has.bias ? NormKind::layer_norm : NormKind::rms_norm;
  n.gain = has.gain;
  n.bias = has.bias;
  return n;
}

std::string stream_norm(int layer, int number) {
  return "layers." + std::to_string(layer) + ".norm" + std::to_string(number);
}

Anatomy anatomy_of(const std::vector<Tensor>& tensors, const KnownSizes& known) {
  if (tensors.empty()) throw Error("parameters: expected the names and shapes of some, found none");
  return ShapeReader(tensors, known)();
}

}  // namespace plumbline::identify
