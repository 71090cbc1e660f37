#include "plumbline/judge/bank.hpp"

#include <numeric>

#include "plumbline/base/four.hpp"
#include "plumbline/judge/patterns.hpp"

namespace plumbline {
namespace {

// 1 / sqrt(x), and 0 where nothing is measured.
double inverse_root(double x) { return x > 0 && std::isfinite(x) ? 1 / std::sqrt(x) : 0; }

// Sums of products by row, and added to those by column, of `rows` rows of `cols` entries: 1 or 4. The hot
// loop of judging: four rows are independent, which hides the latency of the additions.
template <int rows>
PLUMBLINE_INLINE void project_rows(const double* s, const double* p, Eigen::Index cols, double* by_row,
                                   double* by_col) {
  Four sums[rows] = {};
  Eigen::Index j = 0;
  for (; j + 4 <= cols; j += 4) {
    Four products[rows];
    for (int r = 0; r < rows; ++r) {
      products[r] = four(s + r * cols + j) * four(p + r * cols + j);
      sums[r] += products[r];
    }
    if constexpr (rows == 1)
      four(by_col + j) += products[0];
    else
      four(by_col + j) += (products[0] + products[1]) + (products[2] + products[3]);
  }
  for (int r = 0; r < rows; ++r) by_row[r] = sum_of(sums[r]);
  for (; j < cols; ++j)
    for (int r = 0; r < rows; ++r) {
      const double product = s[r * cols + j] * p[r * cols + j];
      by_row[r] += product;
      by_col[j] += product;
    }
}

PLUMBLINE_WIDER void project(const double* s, const double* p, Eigen::Index rows, Eigen::Index cols,
                             double* by_row, double* by_col) {
  Eigen::Index i = 0;
  for (; i + 4 <= rows; i += 4) project_rows<4>(s + i * cols, p + i * cols, cols, by_row + i, by_col);
  for (; i < rows; ++i) project_rows<1>(s + i * cols, p + i * cols, cols, by_row + i, by_col);
}

// The sum of score times pattern, and by row and by column where there is room for these. by_row or by_col
// alone is null only where the tensor has a single row, or column.
double project(const Matrix<double>& score, const Matrix<double>& pattern, double* by_row, double* by_col) {
  if (!by_row && !by_col) return score.cwiseProduct(pattern).sum();
  double the_row = 0, the_col = 0;
  if (!by_row) by_row = &the_row;
  if (!by_col) by_col = &the_col;
  project(score.data(), pattern.data(), score.rows(), score.cols(), by_row, by_col);
  return std::accumulate(by_row, by_row + score.rows(), 0.0);
}

}  // namespace

Bank::Bank(const Question& question, const std::vector<Matrix<double>>& outputs,
           const std::vector<Matrix<double>>& sigma, const Trace& trace)
    : gradients_(question.gradients) {
  for (const auto& s : sigma)
    inverse_sigma_.push_back(s.unaryExpr([](double v) { return v > 0 ? 1 / v : 0; }));
  const std::vector<std::string> names = output_names(question);
  const int tokens = static_cast<int>(question.inputs.x.rows()) / question.batch;
  for (int i = 0; i < int(names.size()); ++i)
    if ((sigma[i].array() > 0).any()) {
      const Matrix<double>& x = question.inputs.x;
      const bool like_x = i < 2 && outputs[i].rows() == x.rows() && outputs[i].cols() == x.cols();
      add_shapes(i, names[i], outputs[i], like_x ? &x : nullptr, tokens);
    }
  shape_families_ = static_cast<int>(families_.size());
  shape_lenses_ = lenses_.size();
  shape_size_ = size_;
  taps_ = trace.taps().size();
  int score = static_cast<int>(names.size());
  add_taps(trace.taps(), "", score, Of::values);
  if (gradients_) {
    const int n = static_cast<int>(taps_);
    add_taps(trace.taps(), " in y and gradients", score += n, Of::values_briefly);
    add_taps(trace.taps(), " in gradients", score += n, Of::values_briefly);
    add_taps(trace.taps(), ", cotangent", score += n, Of::cotangents);
  }
}

int Bank::take(int count) {
  const int first = size_;
  size_ += count;
  return first;
}

void Bank::close_family(const std::string& name, const std::string& place, int first) {
  if (size_ > first) families_.push_back({name, place, first, size_ - first});
}

void Bank::add_shapes(int output, const std::string& name, const Matrix<double>& value,
                      const Matrix<double>* x, int tokens) {
  const auto lens_of = [&](const Matrix<double>& pattern) {
    return Lens{.score = output, .pattern = pattern.cwiseProduct(inverse_sigma_[output])};
  };
  Lens elements{.score = output, .elements = take(static_cast<int>(value.size()))};
  lenses_.push_back(std::move(elements));
  close_family("elements of " + name, "", lenses_.back().elements);

  std::vector<Lens> lines;
  for (const Matrix<double>& p : line_patterns(value, x)) lines.push_back(lens_of(p));
  int first = size_;
  if (value.rows() > 1 && value.cols() > 1)
    for (Lens& l : lines) l.rows = take(static_cast<int>(value.rows()));
  close_family("rows of " + name, "", first);
  first = size_;
  if (value.rows() > 1 && value.cols() > 1)
    for (Lens& l : lines) l.cols = take(static_cast<int>(value.cols()));
  close_family("columns of " + name, "", first);

  first = size_;
  for (const Matrix<double>& p : whole_patterns(value, x, tokens)) {
    lines.push_back(lens_of(p));
    lines.back().whole = take(1);
  }
  close_family("all of " + name, "", first);
  std::move(lines.begin(), lines.end(), std::back_inserter(lenses_));
}

void Bank::add_taps(const std::vector<Tap>& taps, const std::string& what, int first_score, Of of) {
  std::vector<bool> done(taps.size());
  const std::size_t first_lens = lenses_.size(), first_joint = joints_.size();
  for (std::size_t i = 0; i < taps.size(); ++i) {
    if (done[i]) continue;
    const std::string& place = taps[i].place;
    const std::size_t begin = lenses_.size();
    std::vector<Joint> joints;
    for (std::size_t k = i; k < taps.size(); ++k) {
      if (taps[k].place != place) continue;
      done[k] = true;
      Patterns patterns = of == Of::cotangents ? cotangent_patterns(taps[k].cotangent)
                                               : tap_patterns(taps[k].value, of == Of::values_briefly);
      joints.resize(std::max(joints.size(), patterns.size()));
      for (std::size_t f = 0; f < patterns.size(); ++f) {
        joints[f].lenses.push_back(static_cast<int>(lenses_.size()));
        lenses_.push_back({.score = first_score + int(k), .pattern = std::move(patterns[f])});
      }
    }
    if (joints.front().lenses.size() > 1)
      std::move(joints.begin(), joints.end(), std::back_inserter(joints_));
    int first = size_;
    for (std::size_t l = begin; l < lenses_.size(); ++l)
      if (lenses_[l].pattern.rows() > 1) lenses_[l].rows = take(static_cast<int>(lenses_[l].pattern.rows()));
    close_family("rows of " + place + what, place, first);
    first = size_;
    for (std::size_t l = begin; l < lenses_.size(); ++l)
      if (lenses_[l].pattern.cols() > 1) lenses_[l].cols = take(static_cast<int>(lenses_[l].pattern.cols()));
    close_family("columns of " + place + what, place, first);
  }
  const int first = size_;
  for (std::size_t l = first_lens; l < lenses_.size(); ++l) lenses_[l].whole = take(1);
  for (std::size_t j = first_joint; j < joints_.size(); ++j) joints_[j].at = take(1);
  close_family("all of every tensor" + what, "", first);
}

Matrix<double> Bank::in_sigmas(const Matrix<double>& x, std::size_t output) const {
  return x.size() == 0 ? x : x.cwiseProduct(inverse_sigma_[output]);
}

Scores Bank::shape_scores(const std::vector<Matrix<double>>& error) const {
  Scores z;
  for (std::size_t i = 0; i < error.size(); ++i) z.push_back(in_sigmas(error[i], i));
  return z;
}

std::vector<Scores> Bank::scores(std::span<const std::vector<Matrix<double>>> errors, Trace& trace) const {
  if (errors.empty()) return {};  // of changes where a part stores nothing
  std::vector<Scores> out, weights;
  std::vector<Matrix<double>> weights_of_y;
  for (const auto& error : errors) {
    out.push_back(shape_scores(error));
    weights.emplace_back();
    for (std::size_t i = 0; i < error.size(); ++i) weights.back().push_back(in_sigmas(out.back()[i], i));
    weights_of_y.push_back(weights.back()[0]);
    weights.back()[0].setZero();  // y's are in of_y; twice, their difference would be rounding
  }
  std::vector<Scores> of_y = trace.adjoints(weights_of_y);
  const bool in_y_alone = std::all_of(errors.begin(), errors.end(), [](const auto& error) {
    return std::all_of(error.begin() + 1, error.end(), [](const auto& e) { return e.size() == 0; });
  });
  std::vector<Trace::Both> all;
  if (!in_y_alone) all = trace.adjoints_of_all(weights);
  for (std::size_t k = 0; k < out.size(); ++k) {
    const auto add = [&](Scores&& more) {
      out[k].insert(out[k].end(), std::move_iterator(more.begin()), std::move_iterator(more.end()));
    };
    if (!gradients_) {
      add(std::move(of_y[k]));
      continue;
    }
    add(Scores(of_y[k]));
    if (in_y_alone) {
      add(std::move(of_y[k]));
      add(Scores(2 * taps_));
      continue;
    }
    for (std::size_t i = 0; i < taps_; ++i) of_y[k][i] += all[k].value[i];
    add(std::move(of_y[k]));
    add(std::move(all[k].value));
    add(std::move(all[k].cotangent));
  }
  return out;
}

void Bank::normalise(const Scores& mean_squares) {
  scale_.assign(size_, 1);
  Eigen::VectorXd whole(lenses_.size());
  for (std::size_t l = 0; l < lenses_.size(); ++l) {
    const Lens& lens = lenses_[l];
    if (lens.elements >= 0) continue;
    Matrix<double> squares = lens.pattern.cwiseAbs2();
    if (l >= shape_lenses_) squares = squares.cwiseProduct(mean_squares[lens.score]);
    whole[l] = squares.sum();
    if (lens.whole >= 0) scale_[lens.whole] = inverse_root(whole[l]);
    if (lens.rows >= 0)
      for (Eigen::Index i = 0; i < squares.rows(); ++i)
        scale_[lens.rows + i] = inverse_root(squares.row(i).sum());
    if (lens.cols >= 0)
      for (Eigen::Index j = 0; j < squares.cols(); ++j)
        scale_[lens.cols + j] = inverse_root(squares.col(j).sum());
  }
  for (const Joint& j : joints_) {
    double sum = 0;
    for (int l : j.lenses) sum += whole[l];
    scale_[j.at] = inverse_root(sum);
  }
}

void Bank::scale(std::vector<double>& functionals, int first, int count) const {
  double* c = functionals.data() + first;
  const double* by = scale_.data() + first;
#pragma omp simd
  for (int i = 0; i < count; ++i) c[i] *= by[i];
}

std::vector<std::vector<double>> Bank::functionals(std::span<const Scores> scores) const {
  const bool shapes_only = scores.front().size() == inverse_sigma_.size();
  std::vector<std::vector<double>> c(scores.size());
  for (auto& values : c) values.resize(shapes_only ? shape_size_ : size_);
  const std::size_t used = shapes_only ? shape_lenses_ : lenses_.size();
  Matrix<double> whole(scores.size(), used);
  for (std::size_t l = 0; l < used; ++l)  // this lens and all scores under it are still in the cache
    for (std::size_t k = 0; k < scores.size(); ++k)
      whole(k, l) = through(lenses_[l], scores[k][lenses_[l].score], c[k]);
  if (shapes_only) return c;
  for (std::size_t k = 0; k < scores.size(); ++k)
    for (const Joint& j : joints_) {
      double sum = 0;
      for (int l : j.lenses) sum += whole(k, l);
      c[k][j.at] = sum;
    }
  return c;
}

double Bank::through(const Lens& lens, const Matrix<double>& score, std::vector<double>& c) {
  if (score.size() == 0) return 0;
  if (lens.elements >= 0) {
    std::copy_n(score.data(), score.size(), c.begin() + lens.elements);
    return 0;
  }
  const double whole = project(score, lens.pattern, lens.rows >= 0 ? &c[lens.rows] : nullptr,
                               lens.cols >= 0 ? &c[lens.cols] : nullptr);
  if (lens.whole >= 0) c[lens.whole] = whole;
  return whole;
}

}  // namespace plumbline
