#include "plumbline/identify/roles.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

#include "plumbline/error.hpp"

namespace plumbline::identify {
namespace {

struct Spelling {
  const char* text;
  Role role;
};

// w1, w2 and w3 are gate, down and up of a gated feed-forward, as Llama's first code has them.
constexpr Spelling spellings[] = {
    {"q_proj", Role::q},       {"wq", Role::q},          {"query", Role::q},       {"to_q", Role::q},
    {"k_proj", Role::k},       {"wk", Role::k},          {"key", Role::k},         {"to_k", Role::k},
    {"v_proj", Role::v},       {"wv", Role::v},          {"value", Role::v},       {"to_v", Role::v},
    {"o_proj", Role::o},       {"wo", Role::o},          {"out_proj", Role::o},    {"to_out", Role::o},
    {"gate_proj", Role::gate}, {"w1", Role::gate},       {"up_proj", Role::up},    {"w3", Role::up},
    {"fc1", Role::up},         {"linear1", Role::up},    {"c_fc", Role::up},       {"fc_in", Role::up},
    {"down_proj", Role::down}, {"w2", Role::down},       {"fc2", Role::down},      {"linear2", Role::down},
    {"fc_out", Role::down},    {"norm_q", Role::norm_q}, {"q_norm", Role::norm_q}, {"norm_k", Role::norm_k},
    {"k_norm", Role::norm_k},
};

constexpr Spelling projections[] = {
    {"attn.q_proj", Role::q},          {"attn.k_proj", Role::k},       {"attn.v_proj", Role::v},
    {"attn.o_proj", Role::o},          {"ffn.gate_proj", Role::gate},  {"ffn.up_proj", Role::up},
    {"ffn.down_proj", Role::down},     {"attn.norm_q", Role::norm_q},  {"attn.norm_k", Role::norm_k},
    {"attn.norm_mid", Role::attn_mid}, {"ffn.norm_mid", Role::ffn_mid}};

bool is_number(const std::string& s) {
  return !s.empty() && s.size() < 6 &&
         std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

Role role_of(const std::string& within, const std::string& last) {
  for (const Spelling& s : projections)
    if (within == s.text) return s.role;
  for (const Spelling& s : spellings)
    if (last == s.text) return s.role;
  if (last == "c_proj") return contains(within, "attn") ? Role::o : Role::down;  // as GPT-2 has them
  if (contains(last, "norm") || last.starts_with("ln")) return Role::stream_norm;
  return Role::unknown;
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
  p.is_bias = kind == "bias" || kind == "beta";
  if (!p.is_bias && kind != "weight" && kind != "gamma" && kind != "scale")
    throw Error("parameter " + name + ": expected a name that ends in .weight or .bias");
  words.pop_back();
  auto first = std::find_if(words.begin(), words.end(), is_number);
  if (first != words.end()) {
    p.layer = std::stoi(*first);
    words.erase(words.begin(), first + 1);
  }
  if (words.empty()) throw Error("parameter " + name + ": expected a name behind the layer's number");
  for (const std::string& word : words) p.within += (p.within.empty() ? "" : ".") + word;
  p.role = role_of(p.within, words.back());
  return p;
}

std::string our_name(Role role) {
  for (const Spelling& s : projections)
    if (s.role == role) return s.text;
  return "";
}

}  // namespace plumbline::identify
