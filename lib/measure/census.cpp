// plumbline_census FILE [--seeds N] [--first N] [--part NAME]... [--profile NAME]... [--size N]...: asks
// implementations that share no code with the ensemble (peer/block.hpp) at the sizes that models and kernels
// have, and at small ones, and writes how they were judged. All of them are right. Beside them, plain code
// that rounds to nearest with stores that the calibration has not seen. The record is written anew after
// every seed. Where FILE holds a record of the same rule already, what is asked now is added to it; so are
// the records of other runs: --add RECORD, each of other seeds, sizes or profiles.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "measure/census_record.hpp"
#include "measure/program.hpp"
#include "peer/block.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/ensemble/members.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/judge/describe.hpp"
#include "plumbline/judge/stamp.hpp"
#include "plumbline/judge/verdict.hpp"
#include "plumbline/number/grid.hpp"
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
    {"small", R"({"part":"norm","d":12,"norm":{"kind":"layer_norm"}})", 2, 6},
    {"small", R"({"part":"norm","d":31,"norm":{"kind":"rms_norm","eps":1e-6}})", 1, 17},
    {"small", R"({"part":"add_norm","d":24,"norm":{"kind":"rms_norm"}})", 2, 5},
    {"small", R"({"part":"sdpa","attention":{"n_heads":2,"n_kv_heads":1,"head_dim":8,"mask":"causal"}})", 2,
     7},
    {"small", R"({"part":"sdpa","attention":{"n_heads":2,"head_dim":5,"mask":"bidirectional"}})", 1, 4, 9},
    {"small", R"({"preset":"gpt2","part":"ffn","d":13,"ffn":{"d_ff":29}})", 2, 3},
    {"small", R"({"preset":"llama","part":"ffn","d":16,"ffn":{"d_ff":24}})", 1, 8},
    {"small", R"({"preset":"post_norm","d":12,"attention":{"n_heads":2},"ffn":{"d_ff":24}})", 1, 6},
    {"small", R"({"preset":"llama","d":16,"attention":{"n_heads":4,"n_kv_heads":2},"ffn":{"d_ff":24}})", 2,
     5},
    {"norm", R"({"part":"norm","d":64,"norm":{"kind":"layer_norm"}})", 1, 4096},
    {"norm", R"({"part":"norm","d":80,"norm":{"kind":"rms_norm","eps":1e-6}})", 3, 341},
    {"norm", R"({"part":"norm","d":257,"norm":{"kind":"layer_norm"}})", 1, 1025},
    {"norm", R"({"part":"norm","d":768,"norm":{"kind":"layer_norm","eps":1e-12}})", 1, 64},
    {"norm", R"({"part":"norm","d":1024,"norm":{"kind":"rms_norm"}})", 1, 33},
    {"norm", R"({"part":"norm","d":2048,"norm":{"kind":"layer_norm"}})", 1, 17},
    {"norm", R"({"part":"norm","d":4096,"norm":{"kind":"rms_norm"}})", 1, 1},
    {"norm", R"({"part":"norm","d":5120,"norm":{"kind":"layer_norm"}})", 1, 7},
    {"norm", R"({"part":"norm","d":8192,"norm":{"kind":"rms_norm","eps":1e-6}})", 1, 5},
    {"norm", R"({"part":"norm","d":512,"norm":{"kind":"layer_norm"}})", 1, 3},
    {"norm", R"({"part":"norm","d":3072,"norm":{"kind":"rms_norm"}})", 1, 2},
    {"norm", R"({"part":"norm","d":4095,"norm":{"kind":"layer_norm"}})", 2, 1},
    {"norm", R"({"part":"norm","d":4096,"norm":{"kind":"dyt"}})", 1, 9},
    {"add_norm", R"({"part":"add_norm","d":96,"norm":{"kind":"layer_norm"}})", 1, 1023},
    {"add_norm", R"({"part":"add_norm","d":1000,"norm":{"kind":"rms_norm"}})", 1, 31},
    {"add_norm", R"({"part":"add_norm","d":4096,"norm":{"kind":"layer_norm"}})", 1, 9},
    {"add_norm", R"({"part":"add_norm","d":768,"norm":{"kind":"rms_norm","eps":1e-6}})", 2, 2},
    {"add_norm", R"({"part":"add_norm","d":8192,"norm":{"kind":"layer_norm"}})", 1, 2},
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
    {"sdpa", R"({"part":"sdpa","attention":{"n_heads":4,"n_kv_heads":1,"head_dim":64,"mask":"causal"}})", 2,
     1, 128},
    {"sdpa", R"({"part":"sdpa","attention":{"n_heads":40,"n_kv_heads":8,"head_dim":16,"mask":"causal"}})", 1,
     4, 65},
    {"sdpa", R"({"part":"sdpa","attention":{"n_heads":6,"head_dim":64},"position":{"bias":{}}})", 1, 65, 257},
    {"ffn", R"({"preset":"llama","part":"ffn","d":64,"ffn":{"d_ff":8192}})", 1, 5},
    {"ffn", R"({"preset":"gpt2","part":"ffn","d":256,"ffn":{"d_ff":1024}})", 1, 17},
    {"ffn", R"({"preset":"llama","part":"ffn","d":129,"ffn":{"d_ff":352}})", 1, 65},
    {"ffn", R"({"preset":"llama","part":"ffn","d":256,"ffn":{"d_ff":256}})", 1, 2},
    {"ffn", R"({"preset":"gpt2","part":"ffn","d":300,"ffn":{"d_ff":500}})", 1, 1},
    {"block", R"({"preset":"llama","d":256,"attention":{"n_heads":4,"head_dim":64},"ffn":{"d_ff":688}})", 1,
     33},
    {"block", R"({"preset":"gpt2","d":512,"attention":{"n_heads":8,"head_dim":64},"ffn":{"d_ff":1024}})", 1,
     9},
    {"block",
     R"({"preset":"gpt2","d":384,"attention":{"n_heads":6,"head_dim":64},"position":{"bias":{}},"ffn":{"d_ff":768}})",
     1, 33},
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
  int judged = 0, wrong = 0, coarser = 0, right_answers = 0, refused = 0;

  Tally& operator+=(const Tally& t) {
    judged += t.judged, wrong += t.wrong, coarser += t.coarser;
    right_answers += t.right_answers, refused += t.refused;
    return *this;
  }
};

// Of one size in one profile.
struct Row {
  const Size* size;
  const Profile* profile;
  std::vector<int> seeds = {};
  std::map<std::string, Tally> variants = {};
  std::map<std::string, int> not_judged = {};  // by reason
  int questions = 0;
  double seconds = 0;

  Tally total() const {
    Tally out;
    for (const auto& [name, t] : variants) out += t;
    return out;
  }
};

Json to_json(const Row& r) {
  Json row{{"part", r.size->part},
           {"spec", parse_json(r.size->spec, "spec")},
           {"batch", r.size->batch},
           {"tokens", r.size->tokens},
           {"key_tokens", r.size->key_tokens},
           {"profile", r.profile->name},
           {"seeds", r.seeds},
           {"questions", r.questions},
           {"not_judged", Json(r.not_judged)},
           {"seconds", std::round(r.seconds)}};
  for (const auto& [name, t] : r.variants)
    row["variants"].push_back({{"name", name},
                               {"judged", t.judged},
                               {"wrong", t.wrong},
                               {"coarser", t.coarser},
                               {"right_answers", t.right_answers},
                               {"refused", t.refused}});
  return row;
}

// What profile tf32 declares multiplies operands of 11 bits, rounded or cut; finer ones are right too.
std::vector<peer::Variant> variants_of(const Profile& profile) {
  std::vector<peer::Variant> all = peer::correct_variants(storage_of(profile));
  if (profile.products != Operand::tf32) return all;
  for (peer::Variant& v : all) v.operands = peer::Operands::tf32;
  all.push_back({.name = "operands that are cut", .operands = peer::Operands::tf32_cut});
  all.push_back({.name = "operands as they are"});
  return all;
}

struct Options {
  std::string file;
  int first = 1, seeds = 3;
  std::vector<std::string> parts = {}, profiles = {}, add = {};
  std::vector<std::size_t> sizes = {};  // from 0; empty: all of them
};

template <class T>
bool among(const T& value, const std::vector<T>& chosen) {
  return chosen.empty() || std::find(chosen.begin(), chosen.end(), value) != chosen.end();
}

class Census {
 public:
  explicit Census(const Options& o) {
    for (std::size_t i = 0; i < std::size(sizes); ++i)
      if (among(std::string(sizes[i].part), o.parts) && among(i, o.sizes))
        for (const std::string& profile : o.profiles) rows_.push_back({&sizes[i], &find_profile(profile)});
  }

  // Small questions are cheap: each seed asks as many of them as make their number worth telling.
  void ask(int seed) {
    for (Row& row : rows_) {
      row = {row.size, row.profile, {seed}};
      const bool small = row.size->part == std::string_view("small");
      for (int k = 0; k < (small ? 15 : 1); ++k)
        for (bool gradients : {false, true}) ask(row, gradients, small ? 15 * seed + k : seed);
      const Tally t = row.total();
      std::cerr << seed << " " << row.profile->name << " " << row.size->spec << " T=" << row.size->tokens
                << ": " << t.judged << " judged, " << t.wrong << " wrong, " << t.coarser << " coarser; "
                << t.refused << " of " << t.right_answers << " right answers refused; "
                << std::round(row.seconds) << " s " << Json(row.not_judged).dump() << "\n";
    }
  }

  // Of the last seed.
  Json record() const {
    Json rows = Json::array();
    for (const Row& row : rows_) rows.push_back(to_json(row));
    return {{"stamp", stamp()}, {"rows", rows}};
  }

 private:
  void ask(Row& row, bool gradients, int seed) {
    const auto start = std::chrono::steady_clock::now();
    const Size& size = *row.size;
    QuestionSettings s{.spec = spec_from_json(parse_json(size.spec, "spec")),
                       .batch = size.batch,
                       .tokens = size.tokens,
                       .gradients = gradients,
                       .recipe = Recipe(seed % int(names<Recipe>().size())),
                       .seed = std::uint64_t(seed)};
    if (size.key_tokens > 0) s.key_tokens = size.key_tokens;
    ++row.questions;
    try {
      judge_all(row, question_from(s, *row.profile), *row.profile);
    } catch (const Error& e) {
      ++row.not_judged[e.what()];
    }
    row.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  static void judge_all(Row& row, const Question& q, const Profile& profile) {
    const Judge judge(q, profile);
    if (judge.vacuous()) {
      ++row.not_judged[*judge.vacuous() + " would pass"];
      return;
    }
    const auto note = [&](const std::string& name, const Outputs& answer) {
      const Verdict v = judge.unnamed(answer);
      Tally& t = row.variants[name];
      ++t.judged;
      t.wrong += v.finding == Finding::wrong;
      t.coarser += v.finding == Finding::coarser;
      if (v.finding != Finding::agrees)
        std::cerr << "  " << name << (q.gradients ? ", gradients" : "") << ": " << describe(v) << " p " << v.p
                  << "\n";
    };
    for (const peer::Variant& v : variants_of(profile))
      note(v.name, peer::answer(q, v, profile.storage == Dtype::f64));
    if (profile.storage != Dtype::f64) note("rounded once", rounded_once(q, profile));
    for (std::uint64_t seed = 20; seed < 40; ++seed) {
      Tally& t = row.variants["plain, rounded to nearest"];
      ++t.right_answers;
      t.refused += judge.unnamed(plain_answer(q, profile, seed)).finding != Finding::agrees;
    }
  }

  std::vector<Row> rows_;
};

Options options_of(int argc, char** argv) {
  Options o;
  o.file = file_and_options(argc, argv, [&](const std::string& key, const std::string& value) {
    if (key == "--seeds")
      o.seeds = std::stoi(value);
    else if (key == "--first")
      o.first = std::stoi(value);
    else if (key == "--part")
      o.parts.push_back(value);
    else if (key == "--profile")
      o.profiles.push_back(value);
    else if (key == "--size")
      o.sizes.push_back(std::stoul(value));
    else if (key == "--add")
      o.add.push_back(value);
    else
      return false;
    return true;
  });
  if (o.profiles.empty()) o.profiles = {"float32", "tf32", "bfloat16-mixed", "float16-mixed"};
  return o;
}

// Rows in the order of `sizes`, whichever runs they come from.
void sort_rows(Json& rows) {
  const auto place = [](const Json& row) {
    return std::find_if(std::begin(sizes), std::end(sizes), [&](const Size& s) {
      return row.at("batch") == s.batch && row.at("tokens") == s.tokens &&
             row.at("key_tokens") == s.key_tokens && row.at("spec") == Json::parse(s.spec);
    });
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const Json& a, const Json& b) { return place(a) < place(b); });
}

Json read_record(const std::string& file) { return parse_json(read_bytes(file), file); }

void run(int argc, char** argv) {
  const Options o = options_of(argc, argv);
  Json record{{"stamp", stamp()}, {"rows", Json::array()}, {"machines", Json::array()}};
  if (std::filesystem::exists(o.file)) add_to_record(record, read_record(o.file));
  for (const std::string& other : o.add) add_to_record(record, read_record(other));
  const auto write = [&] {
    sort_rows(record["rows"]);
    write_bytes(o.file, record.dump(1) + "\n");
  };
  write();
  Census census(o);
  for (int seed = o.first; seed < o.first + o.seeds; ++seed) {
    census.ask(seed);
    add_to_record(record, census.record());
    write();
  }
}

}  // namespace
}  // namespace plumbline

int main(int argc, char** argv) {
  return plumbline::run_program("plumbline_census", [&] { plumbline::run(argc, argv); });
}
