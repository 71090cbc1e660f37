#include "plumbline/identify/roles.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

#include "plumbline/base/error.hpp"

namespace plumbline::identify {
namespace {

struct Spelling {
  const char* text;
  NamedRole role;
};

// w1, w2 and w3 are gate, down and up of a gated feed-forward, as Llama's first code has them.
constexpr Spelling spellings[] = {
    {"q_proj", NamedRole::q},
    {"wq", NamedRole::q},
    {"query", NamedRole::q},
    {"to_q", NamedRole::q},
    {"k_proj", NamedRole::k},
    {"wk", NamedRole::k},
    {"key", NamedRole::k},
    {"to_k", NamedRole::k},
    {"v_proj", NamedRole::v},
    {"wv", NamedRole::v},
    {"value", NamedRole::v},
    {"to_v", NamedRole::v},
    {"o_proj", NamedRole::o},
    {"wo", NamedRole::o},
    {"out_proj", NamedRole::o},
    {"to_out", NamedRole::o},
    {"gate_proj", NamedRole::gate},
    {"w1", NamedRole::gate},
    {"up_proj", NamedRole::up},
    {"w3", NamedRole::up},
    {"fc1", NamedRole::up},
    {"linear1", NamedRole::up},
    {"c_fc", NamedRole::up},
    {"fc_in", NamedRole::up},
    {"down_proj", NamedRole::down},
    {"w2", NamedRole::down},
    {"fc2", NamedRole::down},
    {"linear2", NamedRole::down},
    {"fc_out", NamedRole::down},
    {"norm_q", NamedRole::norm_q},
    {"q_norm", NamedRole::norm_q},
    {"norm_k", NamedRole::norm_k},
    {"k_norm", NamedRole::norm_k},
    {"norm_v", NamedRole::norm_v},
    {"v_norm", NamedRole::norm_v},
    {"router", NamedRole::router},
    {"correction_bias", NamedRole::router},
    {"shared_gate", NamedRole::shared_gate},
    {"relative_bias", NamedRole::relative_bias},
};

// What a spec calls them.
struct Ours {
  const char* text;
  NamedRole role;
  Module module;
};
constexpr Ours modules[] = {{"attn.q_proj", NamedRole::q, Module::q_proj},
                            {"attn.k_proj", NamedRole::k, Module::k_proj},
                            {"attn.v_proj", NamedRole::v, Module::v_proj},
                            {"attn.o_proj", NamedRole::o, Module::o_proj},
                            {"ffn.gate_proj", NamedRole::gate, Module::gate_proj},
                            {"ffn.up_proj", NamedRole::up, Module::up_proj},
                            {"ffn.down_proj", NamedRole::down, Module::down_proj},
                            {"attn.gate_proj", NamedRole::attention_gate, Module::attention_gate},
                            {"ffn.router", NamedRole::router, Module::router},
                            {"ffn.shared_gate", NamedRole::shared_gate, Module::router},
                            {"attn.relative_bias", NamedRole::relative_bias, Module::relative_bias},
                            {"attn.norm_v", NamedRole::norm_v, Module::norm_v},
                            {"attn.norm_q", NamedRole::norm_q, Module::norm_q},
                            {"attn.norm_k", NamedRole::norm_k, Module::norm_k},
                            {"attn.norm_mid", NamedRole::attn_mid, Module::norm_mid},
                            {"ffn.norm_mid", NamedRole::ffn_mid, Module::norm_mid}};

struct Kind {
  const char* text;
  NamedKind kind;
};
constexpr Kind kinds[] = {{"weight", NamedKind::weight}, {"gamma", NamedKind::weight},
                          {"scale", NamedKind::weight},  {"bias", NamedKind::bias},
                          {"beta", NamedKind::bias},     {"alpha", NamedKind::alpha}};

bool is_number(const std::string& s) {
  return !s.empty() && s.size() < 6 &&
         std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

NamedRole role_of(const std::string& within, const std::string& last) {
  for (const Ours& o : modules)
    if (within == o.text) return o.role;
  for (const Spelling& s : spellings)
    if (last == s.text) return s.role;
  if (last == "c_proj")
    return contains(within, "attn") ? NamedRole::o : NamedRole::down;  // as GPT-2 has them
  if (contains(last, "norm") || contains(last, "dyt") || last.starts_with("ln"))
    return NamedRole::stream_norm;
  return NamedRole::unknown;
}

// Takes the words of an expert out: "experts" and its number, "shared" or "shared_expert".
std::string expert_in(std::vector<std::string>& words) {
  for (auto it = words.begin(); it != words.end(); ++it) {
    const bool is_numbered = *it == "experts" && it + 1 != words.end() && is_number(it[1]);
    if (!is_numbered && *it != "shared" && *it != "shared_expert" && *it != "shared_experts") continue;
    const std::string expert = is_numbered ? "experts." + it[1] : "shared";
    words.erase(it, it + (is_numbered ? 2 : 1));
    return expert;
  }
  return "";
}

std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words;
  std::istringstream in(name);
  for (std::string word; std::getline(in, word, '.');) words.push_back(word);
  return words;
}

}  // namespace

ParameterName parsed(const std::string& name) {
  std::vector<std::string> words = words_of(name);
  ParameterName p;
  const std::string kind = words.size() < 2 ? "" : words.back();
  p.is_whole = kind == "correction_bias";
  const auto known = std::find_if(std::begin(kinds), std::end(kinds), [&](const Kind& k) {
    return p.is_whole ? k.text == std::string("bias") : kind == k.text;
  });
  if (known == std::end(kinds))
    throw Error("parameter " + name + ": expected a name that ends in .weight or .bias");
  p.kind = known->kind;
  if (!p.is_whole) words.pop_back();
  auto first = std::find_if(words.begin(), words.end(), is_number);
  if (first != words.end()) {
    p.layer = std::stoi(*first);
    words.erase(words.begin(), first + 1);
  }
  if (words.empty()) throw Error("parameter " + name + ": expected a name behind the layer's number");
  for (const std::string& word : words) p.within += (p.within.empty() ? "" : ".") + word;
  p.expert = expert_in(words);
  std::string of_one;
  for (const std::string& word : words) of_one += (of_one.empty() ? "" : ".") + word;
  if (!words.empty()) p.role = role_of(of_one, words.back());
  return p;
}

std::string our_name(NamedRole role) {
  for (const Ours& o : modules)
    if (o.role == role) return o.text;
  return "";
}

std::string our_name(const ParameterName& n) {
  const std::string role = our_name(n.role), kind(plumbline::name_of(n.kind));
  if (n.is_whole) return "ffn.correction_bias";
  if (n.expert.empty()) return role + "." + kind;
  return "ffn." + n.expert + role.substr(role.find('.')) + "." + kind;
}

Module module_of(NamedRole role) {
  for (const Ours& o : modules)
    if (o.role == role) return o.module;
  return Module::norm;
}

Role role_of(const ParameterName& n) {
  const bool is_projection = n.role <= NamedRole::relative_bias;
  if (n.kind == NamedKind::bias) return is_projection ? Role::bias : Role::shift;
  return is_projection ? Role::weight : Role::gain;
}

}  // namespace plumbline::identify
