#include "plumbline/io/frame.hpp"

#include <vector>

#include "fuzz/targets.hpp"
#include "plumbline/base/error.hpp"

namespace plumbline::fuzz {
namespace {

struct Heard {
  std::vector<std::string> bodies;
  std::string rest, refusal;  // how far the last frame is; why it is none
  bool operator==(const Heard&) const = default;
};

Heard hear(std::string_view stream, std::size_t piece) {
  constexpr std::uint64_t longest = 1 << 16;
  Heard heard;
  FrameReader reader(longest);
  std::size_t held = 0;  // bytes of the frame that is under way
  try {
    while (!stream.empty()) {
      const std::size_t taken = reader.take(stream.substr(0, piece));
      expect(taken <= stream.size(), "more is taken than there is");
      expect(taken > 0, "a frame that is not complete takes nothing");
      stream.remove_prefix(taken);
      held += taken;
      expect(reader.begun() && reader.body().size() <= held, "more is held than has arrived");
      if (!reader.complete()) continue;
      expect(to_frame(reader.body()).size() == held, "a frame of another length");
      heard.bodies.push_back(reader.body());
      reader = FrameReader(longest);
      held = 0;
    }
    heard.rest = reader.progress();
  } catch (const Error& e) {
    heard.refusal = e.what();
    expect_one_clear_line(heard.refusal);
  }
  return heard;
}

}  // namespace

bool frame(std::string_view bytes) {
  if (bytes.empty()) return false;
  const std::size_t piece = 1 + static_cast<unsigned char>(bytes[0]);
  const std::string_view stream = bytes.substr(1);
  const Heard whole = hear(stream, stream.size());
  expect(hear(stream, piece) == whole, "pieces make other frames");
  std::string written;
  for (const std::string& body : whole.bodies) written += to_frame(body);
  expect(stream.starts_with(written), "frames that are written again differ");
  return whole.refusal.empty() && written.size() == stream.size();
}

}  // namespace plumbline::fuzz
