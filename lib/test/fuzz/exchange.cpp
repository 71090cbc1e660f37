#include "plumbline/exchange/exchange.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "fuzz/targets.hpp"
#include "plumbline/block/parameter_shapes.hpp"

namespace plumbline::fuzz {
namespace {

// Question i is put in the profile asked_in[i].
std::vector<Question> questions() {
  std::vector<Question> out;
  for (const char* text : {R"({"part": "norm", "d": 2, "norm": {}})",
                           R"({"part": "sdpa", "attention": {"n_heads": 2, "n_kv_heads": 1, "head_dim": 1}})",
                           R"({"part": "add_norm", "d": 2, "norm": {"kind": "rms_norm"}})"}) {
    Question q{
        .spec = spec_from_json(parse_json(text, "question")), .inputs = {}, .batch = 1, .gradients = true};
    const auto zero = [](int rows, int cols) { return Matrix<double>(Matrix<double>::Zero(rows, cols)); };
    q.inputs.x = zero(1, q.spec.d);
    q.inputs.cotangent = zero(1, output_width(q.spec));
    for (const ParameterShape& p : parameter_shapes(q.spec))
      q.inputs.parameters[p.name] = zero(p.rows, p.cols);
    for (const ParameterShape& p : other_inputs(q.spec, 1, 2))
      q.inputs.parameters[p.name] = zero(p.rows, p.cols);
    out.push_back(std::move(q));
  }
  return out;
}

bool has_nan(const Outputs& outputs) {
  return std::any_of(outputs.begin(), outputs.end(),
                     [](const auto& o) { return o.second.array().isNaN().any(); });
}

bool is_request(const Container& c) {
  try {
    const Request r = request_from(c, "f");
    const Container again = to_container(r);
    expect(again.tensors == c.tensors, "a request that is written again has other tensors");
    expect(to_container(request_from(again, "g")) == again,
           "a request that is read and written again differs");
    return true;
  } catch (const Error& e) {
    expect_one_clear_line(e.what());
    return false;
  }
}

bool is_answer(const Container& c, const Question& q, const Profile& profile) {
  const Answer a = answer_from(c, q, profile);
  if (a.kind != Answer::Kind::outputs) {
    if (!a.reason.empty()) expect_one_clear_line(a.reason);
    return false;
  }
  if (!has_nan(a.outputs))
    expect(to_container(a.outputs, q, profile).tensors == c.tensors,
           "an answer that is written again differs");
  return true;
}

}  // namespace

// One for each question; the corpus has answers in these.
constexpr const char* asked_in[] = {"float64",  "float32",       "bfloat16-mixed",     "bfloat16-token-sums",
                                    "bfloat16", "float16-mixed", "float16-token-sums", "float16"};

bool exchange(std::string_view bytes) {
  static const std::vector<Question> asked = questions();
  try {
    const Container c = from_bytes(bytes, "f");
    bool accepted = is_request(c);
    for (std::size_t i = 0; i < asked.size(); ++i)
      accepted |= is_answer(c, asked[i], find_profile(asked_in[i]));
    return accepted;
  } catch (const Error& e) {
    expect_one_clear_line(e.what());
    return false;
  }
}

}  // namespace plumbline::fuzz
