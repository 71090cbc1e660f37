// plumbline_peer_server [--spec FILE] [--deviation ID] [--protocol FAULT] [--above D]: answers over its
// stdin and stdout with the independent block of peer/block.hpp, save where it is told to go wrong. With
// --spec it is a black box: it computes that spec whatever it is asked for, and takes no notice of tensors
// that it lacks.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "measure/characteristics.hpp"
#include "peer/block.hpp"
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/exchange/exchange.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/io/frame.hpp"

namespace plumbline::peer {
namespace {

struct Faults {
  std::string deviation;         // of the catalogue: what it computes instead
  std::string protocol;          // what it does instead of answering
  int above = 0;                 // it goes wrong only where d is larger than this
  bool coarser = false;          // rounds every operation to the storage type
  std::optional<BlockSpec> own;  // the spec that it computes; none: the one it is asked for
};

std::optional<std::string> read_frame() {
  FrameReader reader;
  char byte;
  while (!reader.complete()) {
    if (std::fread(&byte, 1, 1, stdin) != 1) return std::nullopt;
    reader.take({&byte, 1});
  }
  return std::move(reader.body());
}

void write(const std::string& bytes) {
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  std::fflush(stdout);
}

Storage storage_of(const Profile& p) {
  return p.storage == Dtype::bf16  ? Storage::bfloat16
         : p.storage == Dtype::f16 ? Storage::float16
                                   : Storage::native;
}

Outputs correct(const Request& r, const Faults& f) {
  const bool every = f.coarser || r.profile.name == "bfloat16" || r.profile.name == "float16";
  return answer(r.question, {.name = "eager", .storage = storage_of(r.profile), .every_operation = every},
                r.profile.storage == Dtype::f64);
}

Container with_metadata(const char* key, const char* value) {
  Container c;
  c.metadata[key] = value;
  return c;
}

// An answer with one thing wrong in it.
Container spoiled(Container c, const std::string& fault) {
  StoredTensor& y = c.tensors.at("y");
  if (fault == "nan") y.bytes.replace(0, 2, "\xff\xff"), y.bytes.replace(2, 2, "\xff\xff");
  if (fault == "shape") std::swap(y.shape.front(), y.shape.back());
  if (fault == "dtype") y = stored(as_matrix(y), y.dtype == Dtype::f64 ? Dtype::f32 : Dtype::f64, y.shape);
  if (fault == "missing") c.tensors.erase("y");
  if (fault == "extra") c.tensors["z"] = {Dtype::f32, {0}, ""};
  if (fault == "error") return with_metadata("error", "out of luck");
  if (fault == "unsupported") return with_metadata("unsupported", "this block");
  return c;
}

// What it does instead of answering, if that is its fault.
bool misbehaves(const std::string& fault, const std::string& frame) {
  if (fault == "crash") std::abort();
  if (fault == "exit") std::exit(3);
  if (fault == "hang") std::this_thread::sleep_for(std::chrono::hours(1));
  if (fault == "garbage") write("Hello, world. This is no frame.\n");
  if (fault == "half") write(frame.substr(0, frame.size() / 2)), std::exit(0);
  if (fault == "container") write(to_frame("no container")), std::exit(0);
  if (fault == "huge") write(std::string("\x00\xe4\x0b\x54\x02\x00\x00\x00", 8));  // 10^10
  if (fault == "ramble") write(frame + "and another thing");
  return fault == "garbage" || fault == "huge" || fault == "ramble";
}

// The request as if it had asked for that spec.
Container for_spec(Container c, const BlockSpec& spec) {
  c.metadata["spec"] = to_json(spec).dump();
  const std::vector<ParameterShape> read = parameter_shapes(spec);
  std::erase_if(c.tensors, [&](const auto& t) {
    const auto is_it = [&](const ParameterShape& p) { return p.name == t.first; };
    return t.first != "x" && std::none_of(read.begin(), read.end(), is_it);
  });
  return c;
}

int serve(const Faults& f) {
  while (const auto bytes = read_frame()) {
    const Container asked = from_bytes(*bytes, "stdin");
    const Request r = request_from(f.own ? for_spec(asked, *f.own) : asked, "stdin");
    const bool wrong = r.question.spec.d > f.above;
    const Deviation* deviation = f.deviation.empty() ? nullptr : &find_deviation(f.deviation);
    const bool deviates = wrong && deviation && deviation->applies_to(r.question.spec);
    const Outputs y = deviates ? faulty_answer(r.question, r.profile, *deviation, 5) : correct(r, f);
    const Container c = to_container(y, r.question, r.profile);
    const std::string frame = to_frame(to_bytes(wrong ? spoiled(c, f.protocol) : c));
    if (!wrong || !misbehaves(f.protocol, frame)) write(frame);
  }
  return 0;
}

int run(int argc, char** argv) {
  Faults f;
  for (int i = 1; i < argc; i += 2) {
    const std::string key = argv[i], value = i + 1 < argc ? argv[i + 1] : "";
    if (key == "--spec")
      f.own = spec_from_json(parse_json(read_bytes(value), value));
    else if (key == "--deviation")
      f.deviation = value;
    else if (key == "--protocol")
      f.protocol = value;
    else if (key == "--above")
      f.above = std::stoi(value);
    else if (key == "--coarser")
      f.coarser = value == "1";
    else
      throw Error("unknown option " + key);
  }
  return serve(f);
}

}  // namespace
}  // namespace plumbline::peer

int main(int argc, char** argv) {
  try {
    return plumbline::peer::run(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "plumbline_peer_server: " << e.what() << "\n";
    return 2;
  }
}
