// plumbline-onednn [--version]: oneDNN under test.
#include <iostream>

#include "parts.hpp"

namespace plumbline::onednn {
namespace {

Answer answer(const Request& request) {
  const std::string part = request.spec["part"].text();
  try {
    if (part == "norm") return layer_norm(request);
    if (part == "sdpa") return sdpa(request);
  } catch (const dnnl::error& e) {
    if (e.status != dnnl_unimplemented) throw;
    throw Unsupported("not implemented on this processor: " + std::string(e.what()));
  }
  throw Unsupported("computes norm or sdpa, not " + part);
}

}  // namespace
}  // namespace plumbline::onednn

int main(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "--version") {
    const dnnl_version_t* v = dnnl_version();
    std::cout << v->major << "." << v->minor << "." << v->patch << "\n";
    return 0;
  }
  plumbline::client::serve(plumbline::onednn::answer);
}
