#include "plumbline/io/safetensors.hpp"

#include <cmath>

#include "fuzz/targets.hpp"
#include "plumbline/base/error.hpp"

namespace plumbline::fuzz {
namespace {

// Every number as a double, and back to its bits, save for the bits that a double has no room for.
void expect_numbers_survive(const StoredTensor& t) {
  if (t.dtype == Dtype::i64) return;  // beyond 2^53
  expect(t.bytes.size() == static_cast<std::size_t>(t.size() * info(t.dtype).bytes),
         "a tensor of another size");
  const Matrix<double> values = as_matrix(t);
  if (values.array().isNaN().any()) return;
  expect(stored(values, t.dtype, t.shape) == t, "numbers that are read and stored again differ");
}

}  // namespace

bool safetensors(std::string_view bytes) {
  try {
    const Container c = from_bytes(bytes, "f");
    for (const auto& [name, tensor] : c.tensors) expect_numbers_survive(tensor);
    expect(from_bytes(to_bytes(c), "g") == c, "a container that is written and read again differs");
    return true;
  } catch (const Error& e) {
    expect_one_clear_line(e.what());
    return false;
  }
}

}  // namespace plumbline::fuzz
