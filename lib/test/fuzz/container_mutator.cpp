// Half of all mutations keep the length of a container's header right, so that what is inside is reached:
// eight bytes N, then N bytes of JSON, then data.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t room);

namespace {

constexpr std::size_t head = 8;

std::uint64_t header_length(const std::uint8_t* data) {
  std::uint64_t n = 0;
  for (std::size_t i = head; i-- > 0;) n = n << 8 | data[i];
  return n;
}

std::size_t mutate_header(std::uint8_t* data, std::size_t size, std::size_t room) {
  const std::size_t length = header_length(data);
  const std::string rest(reinterpret_cast<char*>(data) + head + length, size - head - length);
  const std::size_t now = LLVMFuzzerMutate(data + head, length, room - head - rest.size());
  for (std::size_t i = 0; i < head; ++i) data[i] = now >> 8 * i & 0xff;
  std::memcpy(data + head + now, rest.data(), rest.size());
  return head + now + rest.size();
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t room,
                                               unsigned seed) {
  const bool is_container = size > head && header_length(data) <= size - head && header_length(data) > 0;
  if (is_container && std::minstd_rand(seed)() % 2) return mutate_header(data, size, room);
  return LLVMFuzzerMutate(data, size, room);
}
