#include "reports/render/plot.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace plumbline::reports {
namespace {

// Colours that stay apart for colour-blind readers (Okabe and Ito).
constexpr const char* colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"};

std::string script(const Plot& plot) {
  std::string s =
      "set terminal svg enhanced size 760,470 dynamic background '#ffffff' font 'sans-serif,13'\n"
      "set encoding utf8\nset border 3 lc rgb '#808080'\nset tics nomirror textcolor rgb '#303030'\n"
      "set grid xtics ytics lt 1 lw 0.7 lc rgb '#d4d4d4'\nset key below height 1.5 noenhanced samplen 3 "
      "spacing 1.3 textcolor rgb "
      "'#303030'\n"
      "set logscale y\nset format y '10^{%T}'\nset mytics 1\nset xrange [*:*] noextend\n";
  s += fmt::format("set title '{}' noenhanced\nset xlabel '{}'\nset ylabel '{}'\n", plot.title, plot.x_label,
                   plot.y_label);
  if (plot.x_step) s += fmt::format("set xtics {}\n", plot.x_step);
  std::string command = "plot ";
  for (std::size_t i = 0; i < plot.curves.size(); ++i) {
    const Curve& c = plot.curves[i];
    s += fmt::format("$curve{} << EOD\n", i);
    for (auto [x, y] : c.points) s += fmt::format("{:.8g} {:.8g}\n", x, y);
    s += "EOD\n";
    command += fmt::format("{}$curve{} using 1:2 with lines lw 2 dt {} lc rgb '{}' title '{}'", i ? ", " : "",
                           i, c.dashes, colours[c.colour], c.title);
  }
  return s + command + "\n";
}

struct TemporaryFile {
  std::filesystem::path path;
  TemporaryFile() {
    std::string name = (std::filesystem::temp_directory_path() / "plumbline-plot-XXXXXX").string();
    const int file = mkstemp(name.data());
    if (file < 0) throw std::runtime_error("plot: cannot write to " + name);
    close(file);
    path = name;
  }
  ~TemporaryFile() { std::filesystem::remove(path); }
};

}  // namespace

std::string svg(const Plot& plot) {
  const TemporaryFile input, output;
  std::ofstream(input.path) << "set output '" << output.path.string() << "'\n"
                            << script(plot) << "set output\n";
  if (std::system(("gnuplot " + input.path.string()).c_str()) != 0)
    throw std::runtime_error("plot: gnuplot failed or is not installed");
  std::ostringstream text;
  text << std::ifstream(output.path).rdbuf();
  return text.str();
}

}  // namespace plumbline::reports
