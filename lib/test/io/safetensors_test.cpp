// What is written is read again, and whatever the format does not allow is refused with a line that
// says where.
#include "plumbline/io/safetensors.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "plumbline/base/error.hpp"
#include "plumbline/number/rounding.hpp"

namespace plumbline {
namespace {

std::string file(const std::string& header, const std::string& data) {
  std::string bytes(8, '\0');
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(header.size() >> 8 * i & 0xff);
  return bytes + header + data;
}

std::string complaint(const std::string& bytes) {
  try {
    from_bytes(bytes, "f");
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

Container sample() {
  Matrix<double> x(2, 2);
  x << 1, -0.5, 0.25, 65504;
  Container c{{{"case", "a"}}, {}};
  for (const DtypeInfo& d : dtypes())
    if (d.precision)
      c.tensors["x." + std::string(d.word)] =
          stored(x.unaryExpr([&](double v) { return rounded(End(v), d.dtype); }), d.dtype, {2, 1, 2});
  c.tensors["mask"] = stored(Matrix<double>::Identity(2, 2), Dtype::boolean, {2, 2});
  c.tensors["n"] = stored(-x.col(0), Dtype::i64, {2});
  c.tensors["empty"] = stored(Matrix<double>(0, 3), Dtype::f32, {0, 3});
  return c;
}

TEST(Safetensors, WhatIsWrittenIsReadAgain) {
  EXPECT_EQ(from_bytes(to_bytes(sample()), "f"), sample());
  EXPECT_EQ(as_matrix(sample().tensors.at("x.float16"))(1, 1), 65504);
  EXPECT_EQ(sample().tensors.at("n")[0], -1);
}

TEST(Safetensors, AFileIsReplacedWhole) {
  const std::string path = testing::TempDir() + "plumbline-" + std::to_string(::getpid()) + ".safetensors";
  write_container(sample(), path);
  EXPECT_EQ(read_container(path), sample());
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  std::filesystem::remove(path);
  EXPECT_THROW(read_container(path), Error);
}

TEST(Safetensors, BytesAreThoseOfTheFormat) {
  Container c;
  c.tensors["a"] = stored(Matrix<double>::Constant(1, 1, 1.0), Dtype::f32, {1});
  const std::string header = R"({"a":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}})";
  EXPECT_EQ(to_bytes(c), file(header + "  ", std::string("\0\0\x80\x3f", 4)));
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const std::string bytes = to_bytes(sample());
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_NE(complaint(bytes.substr(0, n)), "") << n;
  EXPECT_NE(complaint(bytes + "x"), "");
}

// Whatever stands at one place, the answer is one line or other content, never a crash or the same content.
TEST(Safetensors, NoBitIsWithoutMeaning) {
  const std::string good = to_bytes(sample());
  for (std::size_t at = 0; at < good.size(); ++at)
    for (const int bit : {1, 2, 4, 8, 16, 32, 64, 128}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ bit);
      const std::string line = complaint(bad);
      EXPECT_EQ(line.find('\n'), std::string::npos) << line;
      EXPECT_TRUE(!line.empty() || from_bytes(bad, "f") != sample()) << at;
    }
}

// Whoever looks at each tensor for each is still at it when the test's time is up.
TEST(Safetensors, HalfAMillionTensorsAreRead) {
  Container c;
  for (int i = 0; i < 500000; ++i) c.tensors[std::to_string(i)] = {Dtype::f32, {0}, ""};
  EXPECT_EQ(from_bytes(to_bytes(c), "f").tensors.size(), c.tensors.size());
}

TEST(Safetensors, EachMistakeIsNamed) {
  const std::string x = R"("x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  const auto refused = [](const std::string& header, const std::string& data, const std::string& line) {
    EXPECT_EQ(complaint(file(header, data)), line);
  };
  EXPECT_EQ(complaint("1234567"), "f: expected 8 bytes for the length of the header, found 7");
  EXPECT_EQ(complaint(std::string("\0\0\0\0\0\0\0\x80", 8)),
            "f: expected a header of at most 0 bytes, found its length given as 9223372036854775808");
  EXPECT_EQ(complaint(file("{", "")).substr(0, 20), "f: header: not JSON:");
  EXPECT_EQ(complaint(file("{\"\xff\":1}", "")).substr(0, 20), "f: header: not JSON:");
  EXPECT_EQ(complaint(file("{\"\xff\":1}", "")).find('\xff'), std::string::npos);
  refused(std::string("{}\0x", 4), "", "f: header: not JSON: a zero byte at byte 2");
  refused("[1]", "", "f: header: expected an object, found [1]");
  refused(std::string(100000, '['), "", "f: header: nested more than 64 deep");
  refused("{" + x + "," + x + "}", "0000", "f: header: the key \"x\" is given twice");
  refused(R"({"__metadata__":{"a":1}})", "", "f: header: __metadata__ \"a\": expected text, found 1");
  refused(R"({"x":[]})", "", "f: tensor \"x\": expected an object, found []");
  refused(R"({"x":{"shape":[],"data_offsets":[0,4]}})", "0000",
          "f: tensor \"x\": expected dtype, found none");
  refused(R"({"x":{"dtype":"F8","shape":[],"data_offsets":[0,4]}})", "0000",
          "f: tensor \"x\": expected a dtype of F64, F32, BF16, F16, I64, BOOL, found \"F8\"");
  refused(R"({"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "0000",
          "f: tensor \"x\": expected whole numbers in shape, found -1");
  refused(R"({"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", "",
          "f: tensor \"x\": expected a shape of fewer than 2^64 bytes, found [4294967296,4294967296]");
  refused(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "0000",
          "f: tensor \"x\": expected 8 bytes for its shape, found 4");
  refused(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", "0000",
          "f: tensor \"x\": expected data_offsets [begin, end], found [4,0]");
  refused(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", "00000000",
          "f: tensor \"x\": expected to begin at byte 0 of the data, found 4");
  refused("{" + x + R"(,"y":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})", "000000",
          "f: tensor \"y\": expected to begin at byte 4 of the data, found 2");
  refused("{" + x + "}", "000", "f: tensor \"x\": expected data up to byte 4, found only 3");
  refused("{" + x + "}", "00000", "f: expected 4 bytes of data, found 5");
  refused(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}})", "0000",
          "f: tensor \"x\": expected dtype, shape and data_offsets, found \"more\"");
  refused(R"({"x\n":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})", "\1\2",
          R"(f: tensor "x\n": index 1: expected 0 or 1, found 2)");
}

}  // namespace
}  // namespace plumbline
