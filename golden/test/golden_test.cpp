// Every golden file is what a run generates, and agrees with the block in 100 digits; every deviation and
// every changed digit is noticed, and its place named.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "golden/check/compare.hpp"
#include "golden/check/errors.hpp"
#include "golden/check/folder.hpp"
#include "golden/generate/form.hpp"
#include "golden/generate/toy.hpp"
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/cases/deviate.hpp"
#include "plumbline/number/rounding.hpp"

namespace plumbline::golden {
namespace {

namespace fs = std::filesystem;
const fs::path published = GOLDEN_CASES;

std::string lines(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& line : all) text += line + "\n";
  return text;
}

// The same outputs by another way: in 100 digits without enclosures, each a point. What is 0 by theorem comes
// out as a rounding error, and is given the theorem's value as its other end.
std::vector<Certificate> points_of(const GoldenCase& c) {
  const CaseInputs in = inputs_of(c.settings);
  const Gradients<Mp100> found = gradients(c.settings.spec, cast<Mp100>(in.parameters), cast<Mp100>(in.x),
                                           cast<Mp100>(in.cotangent), c.settings.batch);
  std::vector<Certificate> points{
      {.name = "y", .value = cast<Interval120>(found.y)},
      {.name = "grad." + std::string(input_name(c.settings.spec)), .value = cast<Interval120>(found.x)}};
  for (const auto& [name, value] : found.parameters)
    points.push_back({.name = "grad." + name, .value = cast<Interval120>(value)});
  for (Certificate& p : points)
    for (Eigen::Index i = 0; i < p.value.size(); ++i)
      if (Interval120& x = p.value.data()[i]; is_zero_by_theorem(c.settings.spec, p.name, i))
        x = hull(Interval120(0), x);
      else if (is_zero_by_theorem(c.settings.spec, p.name + ".residual", i))
        x = hull(Interval120(*rounded(x, Dtype::f64)), x);
  return points;
}

class CaseTest : public testing::Test {
 public:
  explicit CaseTest(const GoldenCase& c) : case_(c) {}
  void TestBody() override {
    EXPECT_EQ(lines(check_case(published, case_)), "");
    const Container file = read_container((published / (case_.id + ".safetensors")).string());
    for (const Mismatch& p : refuted(file, case_.settings.spec, points_of(case_)))
      ADD_FAILURE() << to_string(case_.id, p);
  }

 private:
  const GoldenCase& case_;
};

// The truth of a block that computes a deviation, its outputs under their declared names.
std::vector<Certificate> truth_of(const Deviation& d, const CaseSettings& s) {
  CaseInputs in = inputs_of(s);
  in.parameters = as_read_by(d, in.parameters);
  std::vector<Certificate> truth = certificates(deviating(d, s.spec), in, s.batch);
  for (Certificate& c : truth) c.name = in_slot(c.name, d.to_slot, d.from_slot);
  return truth;
}

// Whether a value that the deviation decidedly has is another one than is stored. That its enclosure decides
// nothing is no notice: it may hold what is stored.
bool notices(const GoldenCase& c, const Deviation& d) {
  const Container file = read_container((published / (c.id + ".safetensors")).string());
  try {
    const std::vector<Mismatch> places = refuted(file, c.settings.spec, truth_of(d, c.settings), 100000);
    return std::any_of(places.begin(), places.end(), [](const Mismatch& p) { return p.decided; });
  } catch (const Error&) {
    return false;  // the deviation has no value here: another case must notice it
  }
}

class MutantTest : public testing::Test {
 public:
  explicit MutantTest(const Deviation& d) : deviation_(d) {}
  void TestBody() override {
    for (const GoldenCase& c : cases())
      if (deviation_.applies_to(c.settings.spec) && notices(c, deviation_)) return;
    ADD_FAILURE() << "no golden case notices " << deviation_.id << ": " << deviation_.formula;
  }

 private:
  const Deviation& deviation_;
};

TEST(Golden, NoFileBelongsToNoCase) { EXPECT_EQ(lines(strangers(published)), ""); }
TEST(Golden, TheToyIsWhatARunGenerates) { EXPECT_EQ(lines(check_toy(published)), ""); }

// 30 digits of the toy from mpmath at 50 digits, which shares nothing with the library.
TEST(Golden, TheToyAgreesWithAnIndependentComputationTo30Digits) {
  const std::pair<const char*, const char*> expected[] = {
      {"post_norm.eps_0.variance_1", "2.94888888888888888888888888889"},
      {"post_norm.eps_0.rsqrt_1", "0.582332187146552733511044362545"},
      {"post_norm.eps_0.u[0]", "1.26171973881753092260726278551"},
      {"post_norm.eps_0.u[1]", "-0.0776442916195403644681392483393"},
      {"post_norm.eps_0.u[2]", "-1.18407544719799055813912353718"},
      {"post_norm.eps_0.variance_2", "1.16825599574065160567622941062"},
      {"post_norm.eps_0.rsqrt_2", "0.925190129289714014579919202503"},
      {"post_norm.eps_0.y[0]", "1.19817031926029943304205378149"},
      {"post_norm.eps_0.y[1]", "0.0515229517032043937866934439393"},
      {"post_norm.eps_0.y[2]", "-1.24969327096350382682874722543"},
      {"post_norm.eps_0.rsqrt_product", "0.538767991515681061179718372958"},
      {"post_norm.eps_1e-5.rsqrt_1", "0.582331199773464039832812416525"},
      {"post_norm.eps_1e-5.u[0]", "1.26171759950917208630442690247"},
      {"post_norm.eps_1e-5.u[1]", "-0.0776441599697952053110416555367"},
      {"post_norm.eps_1e-5.u[2]", "-1.18407343953937688099338524693"},
      {"post_norm.eps_1e-5.rsqrt_2", "0.925187614889393930559456362035"},
      {"post_norm.eps_1e-5.y[0]", "1.19816508371684226641221458662"},
      {"post_norm.eps_1e-5.y[1]", "0.0515229334793738080503747329140"},
      {"post_norm.eps_1e-5.y[2]", "-1.24968801719621607446258931954"},
      {"post_norm.eps_1e-5.y_squared", "2.99997432083631765823518504625"},
      {"post_norm.eps_1e-5.rsqrt_product", "0.538765613794090370181645865180"},
      {"pre_norm.chain_96", "108.186410268399241078026157491"},
      {"post_norm.chain_96", "5.38036156902372849035999884992e-8"},
      {"pre_norm.chain_192", "11704.2993667624007499505123413"},
      {"post_norm.chain_192", "2.89482906134274774762472126152e-15"},
  };
  std::map<std::string, std::string> found;
  std::istringstream text(toy_text());
  for (std::string line; std::getline(text, line);)
    if (const auto at = line.find(" = "); at != std::string::npos)
      found[line.substr(0, at)] = line.substr(at + 3);
  for (const auto& [name, digits] : expected)
    EXPECT_EQ(End(found.at(name)).str(30), End(digits).str(30)) << name;
  EXPECT_EQ(found.at("pre_norm.chain_12"), "1.795856326022129150390625");
  EXPECT_EQ(found.at("post_norm.chain_12"), "0.123410307017276135571456");
}

// What a stack chooses on each axis.
std::map<std::string, std::string> choices(const CaseSettings& c) {
  const BlockSpec& s = c.spec;
  const AttentionSpec& a = s.attention;
  const NormSlot &in = s.norm_slots.attn.in, &post = s.norm_slots.attn.post, &out = s.norm_slots.attn.out,
                 &q = s.norm_slots.attn.q;
  const NormSpec& n = in ? *in : post ? *post : *out;
  return {{"layout", s.topology == Topology::parallel ? "parallel"
                     : s.residual_scale != 1          ? "deep_norm"
                     : post                           ? "post_norm"
                     : in && out                      ? "sandwich"
                     : in                             ? "pre_norm"
                                                      : "output_norm"},
          {"regime", std::string(name_of(c.regime))},
          {"norm", std::string(name_of(n.kind)) + (n.gain_offset ? " of gain 1 + w" : "")},
          {"heads", a.n_kv_heads == a.n_heads ? "own keys"
                    : a.n_kv_heads == 1       ? "one key"
                                              : "groups"},
          {"mask", std::string(name_of(a.mask.kind))},
          {"rope", !s.position.rope                           ? "none"
                   : s.position.rope->rotary_dim < a.head_dim ? "partial"
                                                              : std::string(name_of(s.position.rope->style))},
          {"score", a.softcap.cap ? "softcap"
                    : q           ? std::string(name_of(q->width)) + " norm"
                                  : "plain"},
          {"bias", a.bias.q ? "bias" : "none"},
          {"ffn", std::string(name_of(s.ffn.kind))},
          {"activation", std::string(name_of(s.ffn.activation))}};
}

// Norms with statistics, in a regime: dyt has neither.
bool counts(const BlockSpec& s) {
  bool all = true;
  for_each_norm_slot(s,
                     [&](const std::string&, const NormSlot& n) { all = all && (!n || has_statistics(*n)); });
  return all;
}

TEST(Golden, EveryPairOfChoicesStandsInSomeCase) {
  using Choice = std::pair<std::string, std::string>;
  std::set<Choice> all;
  std::set<std::pair<Choice, Choice>> covered;
  for (const GoldenCase& c : cases()) {
    if (c.settings.spec.part != Part::stack || !counts(c.settings.spec)) continue;
    if (c.id.starts_with("presets/") || !c.settings.spec.layers.empty()) continue;  // as they were published
    const auto chosen = choices(c.settings);
    all.insert(chosen.begin(), chosen.end());
    for (const auto& a : chosen)
      for (const auto& b : chosen) covered.insert({a, b});
  }
  for (const Choice& a : all)
    for (const Choice& b : all)
      EXPECT_TRUE(a.first == b.first || covered.contains({a, b}))
          << a.first << " " << a.second << " with " << b.first << " " << b.second;
}

// One bit of one entry, in each output and each form.
TEST(Golden, AChangedBitInAnyFormOfAnyOutputIsNoticedAndNamed) {
  const GoldenCase& c = find_case("post_norm/three-layers");
  const Container good = golden_file(c);
  const std::vector<Certificate> truth = certificates(c.settings);
  EXPECT_TRUE(refuted(good, c.settings.spec, truth).empty());
  for (const Certificate& output : truth)
    for (const Form& form : forms()) {
      Container bad = good;
      const std::string name = output.name + form.suffix;
      StoredTensor& t = bad.tensors.at(name);
      const std::int64_t last = t.size() - 1;
      t.bytes[static_cast<std::size_t>(last * info(t.dtype).bytes)] ^= 1;
      for (const auto& places : {refuted(bad, c.settings.spec, truth), differences(good, bad)}) {
        ASSERT_EQ(places.size(), 1u) << name;
        EXPECT_EQ(places[0].tensor, name);
        EXPECT_EQ(places[0].index, last);
      }
    }
}

// A bit of every byte of the header, and of every seventh behind it.
TEST(Golden, EveryByteOfAContainerCounts) {
  const Container good = golden_file(find_case("layer_norm/plain"));
  const std::string bytes = to_bytes(good);
  const std::size_t header =
      8 + static_cast<unsigned char>(bytes[0]) + 256u * static_cast<unsigned char>(bytes[1]);
  for (std::size_t at = 0; at < bytes.size(); at += at < header ? 1 : 7) {
    std::string bad = bytes;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    try {
      EXPECT_FALSE(differences(good, from_bytes(bad, "f")).empty()) << at;
    } catch (const Error& e) {
      EXPECT_EQ(std::string(e.what()).find("f: "), 0u) << e.what();
    }
  }
}

// The error of y in double, once more: against the stored value and its residual, in long double, with the
// unit from std::nextafter. What is left out is below 2^-53 of a unit, what rounds below 2^-60 of the error.
TEST(Golden, ErrorsAreMeasuredInUnitsOfTheLastPlace) {
  const GoldenCase& c = find_case("post_norm/three-layers");
  const CaseInputs in = inputs_of(c.settings);
  const Matrix<double> y = evaluate(c.settings.spec, in.parameters, in.x);
  const Container file = golden_file(c);
  long double largest = 0;
  for (int i = 0; i < y.size(); ++i) {
    const double high = file.tensors.at("y")[i], low = file.tensors.at("y.residual")[i];
    const double unit = std::nextafter(std::fabs(high), HUGE_VAL) - std::fabs(high);
    largest = std::max(largest, std::fabs(static_cast<long double>(y.data()[i] - high) - low) / unit);
  }
  int found = 0;
  for (const ErrorRecord& r : errors_of(c)) {
    EXPECT_EQ(r.not_finite, 0);
    EXPECT_LE(r.rms, r.largest);
    if (r.scalar != "double" || r.output != "y") continue;
    EXPECT_NEAR(r.largest, static_cast<double>(largest), 0x1p-50 * (1 + r.largest));
    ++found;
  }
  EXPECT_EQ(found, 1);
}

class CorruptedFile : public testing::Test {
 protected:
  const GoldenCase& c = find_case("layer_norm/plain");
  // Its own: tests run side by side.
  const fs::path folder =
      fs::path(testing::TempDir()) /
      ("plumbline-golden-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
  void SetUp() override { write_case(folder, c); }
  void TearDown() override { fs::remove_all(folder); }
  void replace(const char* suffix, const std::string& from, const std::string& to) {
    const fs::path path = folder / (c.id + suffix);
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    std::string bytes = text.str();
    ASSERT_NE(bytes.find(from), std::string::npos);
    bytes.replace(bytes.find(from), from.size(), to);
    std::ofstream(path, std::ios::binary) << bytes;
  }
};

TEST_F(CorruptedFile, AnUntouchedOneIsRight) { EXPECT_EQ(lines(check_case(folder, c)), ""); }

TEST_F(CorruptedFile, ADigitInTheTextIsNamedWithItsLine) {
  replace(".txt", "\ny[0] = ", "\ny[0] = 1");
  const std::string found = lines(check_case(folder, c));
  EXPECT_NE(found.find("plain.txt:3: expected \"y[0] = "), std::string::npos) << found;
}

TEST_F(CorruptedFile, AByteInTheHeaderIsNoticed) {
  replace(".safetensors", "\"case\":\"layer_norm/plain\"", "\"case\":\"layer_norm/plaim\"");
  const std::string found = lines(check_case(folder, c));
  EXPECT_NE(found.find("__metadata__.case: expected layer_norm/plain, found layer_norm/plaim"),
            std::string::npos)
      << found;
}

TEST_F(CorruptedFile, AFileCutShortIsNoticed) {
  fs::resize_file(folder / (c.id + ".safetensors"), 100);
  EXPECT_NE(lines(check_case(folder, c)).find("expected a header of at most 92 bytes"), std::string::npos);
}

TEST_F(CorruptedFile, AMissingFileIsNoticed) {
  fs::remove(folder / (c.id + ".safetensors"));
  EXPECT_NE(lines(check_case(folder, c)).find("cannot be opened"), std::string::npos);
}

TEST_F(CorruptedFile, AMissingTextIsNoticed) {
  fs::remove(folder / (c.id + ".txt"));
  EXPECT_NE(lines(check_case(folder, c)).find("plain.txt: expected this file, found none"),
            std::string::npos);
}

TEST_F(CorruptedFile, AFileOfNoCaseIsNoticed) {
  EXPECT_EQ(lines(strangers(folder)), "");
  const fs::path stranger = folder / "layer_norm" / "plainer.safetensors";
  fs::copy_file(folder / (c.id + ".safetensors"), stranger);
  EXPECT_EQ(lines(strangers(folder)), stranger.string() + ": belongs to no case\n");
}

std::string test_name(std::string name) {
  for (char& ch : name)
    if (!std::isalnum(static_cast<unsigned char>(ch))) ch = '_';
  return name;
}

}  // namespace

void register_tests() {
  for (const GoldenCase& c : cases())
    testing::RegisterTest("GoldenCase", test_name(c.id).c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [&c]() -> testing::Test* { return new CaseTest(c); });
  for (const Deviation& d : deviations())
    testing::RegisterTest("GoldenMutant", test_name(std::string(d.id)).c_str(), nullptr, nullptr, __FILE__,
                          __LINE__, [&d]() -> testing::Test* { return new MutantTest(d); });
}

}  // namespace plumbline::golden

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  plumbline::golden::register_tests();
  return RUN_ALL_TESTS();
}
