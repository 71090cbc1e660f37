#include "plumbline/algebra/diagram.hpp"

#include <algorithm>

namespace plumbline {
namespace {

// "q" for what depends on no projection but q_proj, "k" likewise; anything later is "mid".
std::string place_of(const Diagram::Tensor& x) {
  const auto reads_only = [&](const char* module) {
    return !x.reads.empty() && std::all_of(x.reads.begin(), x.reads.end(), [&](const std::string& name) {
      return name.find(module) != std::string::npos;
    });
  };
  return reads_only(".q_proj.") ? "q" : reads_only(".k_proj.") ? "k" : "mid";
}

}  // namespace

void Diagram::note(const std::string& symbol, const Tensor& x) {
  const std::string place = place_of(x);
  auto it = std::find_if(notes_.begin(), notes_.end(), [&](const auto& n) { return n.first == symbol; });
  if (it == notes_.end()) it = notes_.insert(notes_.end(), {symbol, {}});
  std::vector<std::string>& places = it->second;
  if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
}

std::string Diagram::text_of(const Notes& notes) {
  std::string text;
  for (const auto& [symbol, places] : notes) {
    text += (text.empty() ? "" : "; ") + symbol + " on ";
    for (std::size_t i = 0; i < places.size(); ++i) text += (i ? ", " : "") + places[i];
  }
  return text;
}

}  // namespace plumbline
