// The model that is trained, its gradient, its records, and that they are the same wherever they are made.
#include "plumbline/depth/training.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/crc.hpp>
#include <filesystem>
#include <fstream>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/depth/training_campaign.hpp"

namespace plumbline {
namespace {

using M = Matrix<float>;

StackSettings small_stack(const char* layout, int n_layers) {
  return {.layout = &find_stack_layout(layout), .n_layers = n_layers, .d = 12, .n_heads = 3, .d_ff = 20};
}

// The loss over the library's own blocks in S, from the same parameters: the independent part is what stands
// around the blocks.
template <class S>
struct Reference {
  const LanguageModel& model;
  StackSettings stack;
  int tokens;

  const M& parameter(const std::string& name) const {
    for (const Trained& p : model.parameters())
      if (p.name == name) return p.value;
    throw Error(name);
  }
  Matrix<S> through(const BlockSpec& spec, const std::string& place, const Matrix<S>& x, int batch) const {
    Parameters<S> parameters;
    for (const Trained& p : model.parameters())
      if (p.name.starts_with(place)) parameters["layers.0." + p.name.substr(place.size())] = cast<S>(p.value);
    return evaluate(spec, parameters, x, batch);
  }
  Matrix<S> behind(const BlockSpec& end, const Matrix<S>& x, int batch) const {
    Parameters<S> parameters;
    for (const ParameterShape& p : parameter_shapes(end))
      parameters[p.name] = cast<S>(parameter((end.part == Part::norm ? "final_" : "") + p.name));
    return evaluate(end, parameters, x, batch);
  }
  S loss(const std::vector<std::string>& sequences) const {
    const int batch = int(sequences.size());
    Matrix<S> x(batch * tokens, stack.d);
    for (int i = 0; i < x.rows(); ++i)
      for (int j = 0; j < stack.d; ++j)
        x(i, j) =
            S(parameter("byte_embedding")(static_cast<unsigned char>(sequences[i / tokens][i % tokens]), j)) +
            S(parameter("position_embedding")(i % tokens, j));
    const auto layers = layers_of(stack);
    x = as_streams(stream_count(layers.front()), x);
    for (int l = 0; l < stack.n_layers; ++l)
      x = through(layers[l], "layers." + std::to_string(l) + ".", x, batch);
    if (const BlockSpec end = end_of(stack); end.d > 0) x = behind(end, x, batch);
    const Matrix<S> logits = x * cast<S>(parameter("output")).transpose();
    S loss(0);
    for (int i = 0; i < logits.rows(); ++i) {
      S sum(0);
      const S next = logits(i, static_cast<unsigned char>(sequences[i / tokens][i % tokens + 1]));
      for (int j = 0; j < byte_count; ++j) sum += std::exp(logits(i, j) - next);
      loss += std::log(sum) / S(logits.rows());
    }
    return loss;
  }
};

class OfEachLayout : public testing::TestWithParam<StackLayout> {};

TEST_P(OfEachLayout, LossAndGradientAreThoseOfTheBlocks) {
  const StackSettings stack = small_stack(GetParam().name.data(), 4);
  LanguageModel model(stack, 6, 3);
  const std::vector<std::string> sequences{"GNU GEN", "ERAL PU"};
  const Reference<long double> exact{model, stack, 6};
  const Loss loss = model.loss(sequences);
  const Reference<float> other{model, stack, 6};
  const long double truth = exact.loss(sequences);
  // another float implementation says how far float may be from the truth; ten times as far is no accident
  const double scale = std::max(std::abs(double(other.loss(sequences) - truth)), 0x1p-23 * double(truth));
  EXPECT_LE(std::abs(double(loss.value - truth)), 10 * scale);
  // along random directions: the difference quotient's own error is h^2 times a third derivative, whose size
  // a second step shows
  Draw draw(7);
  float longest = 0;
  for (const M& g : loss.gradients) longest = std::max(longest, g.norm());
  for (std::size_t k = 0; k < model.parameters().size(); ++k) {
    M& value = model.parameters()[k].value;
    const M at = value, direction = cast<float>(draw.matrix(int(at.rows()), int(at.cols())));
    const auto quotient = [&](float h) {
      value = at + h * direction;
      const M up = value;
      const long double above = exact.loss(sequences);
      value = at - h * direction;
      const long double below = exact.loss(sequences);
      const double length =
          double((up - value).cwiseProduct(direction).sum()) / double(direction.squaredNorm());
      value = at;
      return double(above - below) / length;
    };
    const double fine = quotient(0x1p-9f), coarse = quotient(0x1p-8f);
    const double slope = double(loss.gradients[k].cwiseProduct(direction).sum());
    // sums of some 2^10 terms, each rounded to 2^-24, that may cancel
    const double rounding = 0x1p-14 * double(longest) * double(direction.norm());
    EXPECT_LE(std::abs(slope - fine), std::abs(fine - coarse) + rounding) << model.parameters()[k].name;
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, OfEachLayout,
                         testing::ValuesIn(stack_layouts().begin(), stack_layouts().end()),
                         [](const auto& layout) { return std::string(layout.param.name); });

TrainingGrid short_grid() {
  TrainingGrid grid{.common = training_settings_from_json(
                        {{"d", 16}, {"n_heads", 2}, {"tokens", 16}, {"batch", 2}, {"steps", 12}}),
                    .layouts = {&find_stack_layout("pre_norm"), &find_stack_layout("post_norm")},
                    .depths = {2, 6},
                    .warm_ups = {0, 4},
                    .learning_rates = {0.01},
                    .seeds = 2};
  return grid;
}

class ShortCampaign : public testing::Test {
 protected:
  ShortCampaign() : folder_(testing::TempDir() + "/short-campaign-" + std::to_string(::getpid())) {}
  ~ShortCampaign() override { std::filesystem::remove_all(folder_); }
  std::string in(const char* name) const { return folder_ + "/" + name; }
  void run(const char* name, int shard, int shards, int threads) const {
    Progress progress;
    run_campaign(short_grid(), corpus_, in(name), shard, shards, threads, progress);
  }
  std::string folder_;
  Corpus corpus_ = debian_licences();
};

// The checksum is that of g++ 12 and of clang++ 14, with vectors of four numbers and of eight.
TEST_F(ShortCampaign, HasTheSameBitsEverywhere) {
  run("one", 1, 1, 1), run("two", 1, 1, 2);
  const std::string one = merged(short_grid(), {in("one")});
  EXPECT_EQ(one, merged(short_grid(), {in("two")}));
  boost::crc_32_type crc;
  crc.process_bytes(one.data(), one.size());
  EXPECT_EQ(crc.checksum(), 0x0c964fabu);
}

TEST_F(ShortCampaign, ShardsMakeTheSameAsOneRun) {
  run("one", 1, 1, 2), run("first", 1, 3, 1), run("second", 2, 3, 1), run("third", 3, 3, 1);
  EXPECT_EQ(merged(short_grid(), {in("one")}),
            merged(short_grid(), {in("third"), in("first"), in("second")}));
  EXPECT_THROW(merged(short_grid(), {in("third"), in("first")}), Error);
}

TEST_F(ShortCampaign, GoesOnWhereItEnded) {
  run("one", 1, 1, 2);
  const std::string whole = merged(short_grid(), {in("one")});
  int left = 0;
  for (const auto& file : std::filesystem::directory_iterator(in("one")))
    if (++left % 2) std::filesystem::remove(file);
  run("one", 1, 1, 2);
  EXPECT_EQ(merged(short_grid(), {in("one")}), whole);
}

TEST_F(ShortCampaign, ARecordOfOtherSettingsIsNone) {
  run("one", 1, 1, 2);
  for (const auto& file : std::filesystem::directory_iterator(in("one"))) {
    std::string text = std::string(std::istreambuf_iterator<char>(std::ifstream(file.path()).rdbuf()), {});
    text.replace(text.find("\"d_ff\":64"), 9, "\"d_ff\":65");
    std::ofstream(file.path()) << text;
    break;
  }
  EXPECT_THROW(merged(short_grid(), {in("one")}), Error);
}

TEST(Training, ALearningRateThatIsTooLargeDiverges) {
  const TrainingSettings s = training_settings_from_json(
      {{"n_layers", 2}, {"d", 16}, {"n_heads", 2}, {"tokens", 16}, {"steps", 30}, {"learning_rate", 1000}});
  const TrainingRecord r = train(s, debian_licences());
  EXPECT_EQ(r.ending, Ending::diverged);
}

TEST(Training, SettingsThatAreNoneAreNamed) {
  EXPECT_THROW(training_settings_from_json({{"layout", "postnorm"}}), Error);
  EXPECT_THROW(training_settings_from_json({{"d", 10}, {"n_heads", 4}}), Error);
  EXPECT_THROW(training_settings_from_json({{"steps", 0}}), Error);
  EXPECT_THROW(training_settings_from_json({{"activation", "gelu"}}), Error);
}

}  // namespace
}  // namespace plumbline
