// plumbline_census FILE [--seeds N] [--first N] [--part NAME]... [--profile NAME]...: asks implementations
// that share no code with the ensemble (peer/block.hpp) at the sizes that models and kernels have, and writes
// how they were judged. All of them are right. Beside them, plain code that rounds to nearest with stores
// that the calibration has not seen.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "oracle/peer/block.hpp"
#include "plumbline/algebra/grid.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/oracle/members.hpp"
#include "plumbline/oracle/recipes.hpp"
#include "plumbline/oracle/verdict.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {
namespace {

struct Size {
  const char* part;
  const char* spec;
  int batch, tokens, key_tokens = 0;  // 0: as many as tokens
  bool gradients = true;
};

// Borders of tiles and vectors, one more and one less; what does not divide anything; many rows; wide rows.
constexpr Size sizes[] = {
    {"norm", R"({"part":"norm","d":64,"norm":{"kind":"layer_norm"}})", 1, 4096},
    {"norm", R"({"part":"norm","d":80,"norm":{"kind":"rms_norm","eps":1e-6}})", 3, 341},
    {"norm", R"({"part":"norm","d":257,"norm":{"kind":"layer_norm"}})", 1, 1025},
    {"norm", R"({"part":"norm","d":768,"norm":{"kind":"layer_norm","eps":1e-12}})", 1, 64},
    {"norm", R"({"part":"norm","d":1024,"norm":{"kind":"rms_norm"}})", 1, 33},
    {"norm", R"({"part":"norm","d":2048,"norm":{"kind":"layer_norm"}})", 1, 17},
    {"norm", R"({"part":"norm","d":4096,"norm":{"kind":"rms_norm"}})", 1, 1},
    {"norm", R"({"part":"norm","d":5120,"norm":{"kind":"layer_norm"}})", 1, 7},
    {"norm", R"({"part":"norm","d":8192,"norm":{"kind":"rms_norm","eps":1e-6}})", 1, 5},
    {"add_norm", R"({"part":"add_norm","d":96,"norm":{"kind":"layer_norm"}})", 1, 1023},
    {"add_norm", R"({"part":"add_norm","d":1000,"norm":{"kind":"rms_norm"}})", 1, 31},
    {"add_norm", R"({"part":"add_norm","d":4096,"norm":{"kind":"layer_norm"}})", 1, 9},
    {"sdpa", R"({"part":"sdpa","attention":{"n_heads":3,"head_dim":64,"mask":"causal"}})", 1, 129},
    {"sdpa", R"({"part":"sdpa","attention":{"n_heads":4,"n_kv_heads":2,"head_dim":80,"mask":"causal"}})", 1,
     65},
    {"sdpa", R"({"part":"sdpa","attention":{"n_heads":2,"head_dim":96,"mask":"bidirectional"}})", 2, 33, 127},
    {"sdpa", R"({"part":"sdpa","attention":{"n_heads":2,"n_kv_heads":1,"head_dim":112,"mask":"causal"}})", 1,
     15, 257},
    {"sdpa",
     R"({"part":"sdpa","attention":{"n_heads":2,"head_dim":128,"mask":"causal_sliding","window":32}})", 1,
     97},
    {"sdpa", R"({"part":"sdpa","attention":{"n_heads":1,"head_dim":192,"mask":"causal"}})", 1, 16, 513},
    {"sdpa", R"({"part":"sdpa","attention":{"n_heads":1,"head_dim":256,"mask":"causal"}})", 1, 3, 1024},
    {"ffn", R"({"preset":"llama","part":"ffn","d":64,"ffn":{"d_ff":8192}})", 1, 5},
    {"ffn", R"({"preset":"gpt2","part":"ffn","d":256,"ffn":{"d_ff":1024}})", 1, 17},
    {"ffn", R"({"preset":"llama","part":"ffn","d":129,"ffn":{"d_ff":352}})", 1, 65},
    {"block", R"({"preset":"llama","d":256,"attention":{"n_heads":4,"head_dim":64},"ffn":{"d_ff":688}})", 1,
     33},
    {"block", R"({"preset":"gpt2","d":512,"attention":{"n_heads":8,"head_dim":64},"ffn":{"d_ff":1024}})", 1,
     9},
    {"block", R"({"preset":"post_norm","d":320,"attention":{"n_heads":5,"head_dim":64},"ffn":{"d_ff":640}})",
     1, 65},
};

peer::Storage storage_of(const Profile& p) {
  return p.storage == Dtype::bf16  ? peer::Storage::bfloat16
         : p.storage == Dtype::f16 ? peer::Storage::float16
                                   : peer::Storage::native;
}

// A computation in double, rounded once.
Outputs rounded_once(const Question& q, const Profile& profile) {
  Outputs out = peer::answer(q, {.name = "double"}, true);
  const Grid<double> grid(profile.storage);
  for (auto& [name, value] : out) value = value.unaryExpr([&](double v) { return grid.nearest(v); });
  return out;
}

struct Tally {
  int judged = 0, wrong = 0, coarser = 0, discarded = 0, right_answers = 0, refused = 0;
};

class Census {
 public:
  Census(int first, int seeds) : first_(first), seeds_(seeds) {}

  void ask(const Size& size, const Profile& profile, Json& record) {
    for (bool gradients : {false, true})
      for (int k = first_; k < first_ + seeds_; ++k) ask(size, profile, gradients, k);
    Json row{{"part", size.part},
             {"spec", size.spec},
             {"batch", size.batch},
             {"tokens", size.tokens},
             {"key_tokens", size.key_tokens},
             {"profile", profile.name}};
    for (const auto& [variant, t] : tallies_)
      row["variants"].push_back({{"name", variant},
                                 {"judged", t.judged},
                                 {"wrong", t.wrong},
                                 {"coarser", t.coarser},
                                 {"right_answers", t.right_answers},
                                 {"refused", t.refused}});
    row["not_judged"] = reasons_;
    row["seconds"] = seconds_;
    record.push_back(row);
    total_ = Tally{};
    for (const auto& [variant, t] : tallies_) {
      total_.judged += t.judged, total_.wrong += t.wrong, total_.coarser += t.coarser;
      total_.right_answers += t.right_answers, total_.refused += t.refused;
    }
    std::cerr << profile.name << " " << size.spec << " T=" << size.tokens << ": " << total_.judged
              << " judged, " << total_.wrong << " wrong, " << total_.coarser << " coarser; " << total_.refused
              << " of " << total_.right_answers << " right answers refused; " << seconds_ << " s "
              << Json(reasons_).dump() << "\n";
    tallies_.clear();
    reasons_.clear();
    seconds_ = 0;
  }

 private:
  void ask(const Size& size, const Profile& profile, bool gradients, int seed) {
    const auto start = std::chrono::steady_clock::now();
    QuestionSettings s{.spec = spec_from_json(parse_json(size.spec, "spec")),
                       .batch = size.batch,
                       .tokens = size.tokens,
                       .gradients = gradients,
                       .recipe = Recipe(seed % 3),  // ordinary, rich, near_eps
                       .seed = std::uint64_t(seed)};
    if (size.key_tokens > 0) s.key_tokens = size.key_tokens;
    const Question q = question_from(s, profile);
    try {
      judge_all(q, profile);
    } catch (const Error& e) {
      ++reasons_[e.what()];
    }
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  void judge_all(const Question& q, const Profile& profile) {
    const Judge judge(q, profile);
    if (judge.vacuous()) {
      ++reasons_[*judge.vacuous() + " would pass"];
      return;
    }
    for (const peer::Variant& v : peer::correct_variants(storage_of(profile)))
      note(tallies_[v.name], judge, peer::answer(q, v, profile.storage == Dtype::f64), v.name, q);
    if (profile.storage != Dtype::f64)
      note(tallies_["rounded once"], judge, rounded_once(q, profile), "rounded once", q);
    for (std::uint64_t seed = 20; seed < 30; ++seed) {
      Tally& t = tallies_["plain, rounded to nearest"];
      ++t.right_answers;
      t.refused += judge.unnamed(plain_answer(q, profile, seed)).finding != Finding::agrees;
    }
  }

  void note(Tally& t, const Judge& judge, const Outputs& answer, const std::string& name, const Question& q) {
    const Verdict v = judge.unnamed(answer);
    ++t.judged;
    t.wrong += v.finding == Finding::wrong;
    t.coarser += v.finding == Finding::coarser;
    if (v.finding != Finding::agrees)
      std::cerr << "  " << name << (q.gradients ? ", gradients" : "") << ": " << describe(v) << " p " << v.p
                << "\n";
  }

  int first_, seeds_;
  std::map<std::string, Tally> tallies_;
  std::map<std::string, int> reasons_;
  Tally total_;
  double seconds_ = 0;
};

int run(int argc, char** argv) {
  if (argc < 2 || argc % 2 != 0) throw Error("expected FILE and then options with a value each");
  int first = 1, seeds = 3;
  std::vector<std::string> parts, profiles;
  for (int i = 2; i < argc; i += 2) {
    const std::string key = argv[i], value = argv[i + 1];
    if (key == "--seeds")
      seeds = std::stoi(value);
    else if (key == "--first")
      first = std::stoi(value);
    else if (key == "--part")
      parts.push_back(value);
    else if (key == "--profile")
      profiles.push_back(value);
    else
      throw Error("unknown option " + key);
  }
  if (profiles.empty()) profiles = {"float64", "float32", "bfloat16-mixed", "float16-mixed"};
  Census census(first, seeds);
  Json record = Json::array();
  for (const Size& size : sizes)
    if (parts.empty() || std::find(parts.begin(), parts.end(), size.part) != parts.end())
      for (const std::string& profile : profiles) census.ask(size, find_profile(profile), record);
  write_bytes(argv[1], Json{{"first_seed", first}, {"seeds", seeds}, {"rows", record}}.dump(1) + "\n");
  return 0;
}

}  // namespace
}  // namespace plumbline

int main(int argc, char** argv) {
  try {
    return plumbline::run(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "plumbline_census: " << e.what() << "\n";
    return 2;
  }
}
