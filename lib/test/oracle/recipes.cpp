#include "oracle/recipes.hpp"

#include <random>

#include "plumbline/spec/parameters.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : bits_(seed) {}
  // Sum of 12 uniform numbers: the standard library's normal distribution differs between libraries.
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += std::ldexp(double(bits_() >> 11), -53);
    return sum;
  }
  int whole(int low, int high) { return low + int(bits_() % std::uint64_t(high - low + 1)); }
  Matrix<double> matrix(int rows, int cols, double scale = 1, double offset = 0) {
    Matrix<double> x(rows, cols);
    for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = offset + scale * normal();
    return x;
  }

 private:
  std::mt19937_64 bits_;
};

bool is_weight(const std::string& name) { return name.ends_with(".weight"); }
bool is_norm(const std::string& name) { return name.find("norm") != std::string::npos; }

Dimensions ordinary_dimensions(int width) { return {.d = width, .n_heads = 4, .d_ff = 2 * width}; }

Dimensions rich_dimensions(Draw& draw, int width) {
  const int n_kv_heads = draw.whole(1, 2), n_heads = n_kv_heads * draw.whole(2, 3);
  const int head_dim = 2 * draw.whole(2, 5);
  return {.d = width - 1 - 2 * draw.whole(0, 4),
          .n_layers = 1,
          .n_heads = n_heads,
          .n_kv_heads = n_kv_heads,
          .head_dim = head_dim,
          .d_ff = 2 * width - 1 - 2 * draw.whole(0, 6)};
}

// Some rows far from 0, some with almost no variance, as hidden states have them.
Matrix<double> rich_rows(Draw& draw, int rows, int cols) {
  Matrix<double> x = draw.matrix(rows, cols);
  for (int t = 0; t < rows; ++t) switch (t % 4) {
      case 1: x.row(t).array() += 4; break;
      case 2: x.row(t) *= std::ldexp(1.0, -draw.whole(5, 9)); break;
      case 3: x.row(t) = (x.row(t).array() * 0.25 - 2).matrix(); break;
      default: break;
    }
  return x;
}

}  // namespace

Question question_from(std::string_view preset, Recipe recipe, const Profile& profile, bool gradients,
                       std::uint64_t seed, int width) {
  Draw draw(seed);
  const bool rich = recipe == Recipe::rich;
  Question q;
  q.spec = find_preset(preset).make(rich ? rich_dimensions(draw, width) : ordinary_dimensions(width));
  validate(q.spec);
  q.batch = rich ? 2 : 1;
  q.gradients = gradients;
  const int rows = rich ? q.batch * draw.whole(5, 7) : 8;
  CaseInputs in;
  in.x = rich ? rich_rows(draw, rows, q.spec.d) : draw.matrix(rows, q.spec.d);
  for (const auto& [name, out, inner] : parameter_shapes(q.spec)) {
    if (is_norm(name) && is_weight(name)) {
      const double centre = preset == "gemma2" ? 0 : 1;  // its gain is 1 + weight
      in.parameters[name] = draw.matrix(out, inner, rich ? 0.3 : 0, centre);
    } else {
      in.parameters[name] = draw.matrix(out, inner, is_weight(name) ? 1 / std::sqrt(inner) : rich ? 0.3 : 0);
    }
  }
  in.cotangent = draw.matrix(rows, q.spec.d);
  q.inputs = rounded_to(in, profile.storage);
  return q;
}

}  // namespace plumbline
