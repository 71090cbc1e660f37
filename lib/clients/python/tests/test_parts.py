"""Single operations of PyTorch as parts: right ones agree, and a bug in each is named."""

import pytest
import torch
import torch.nn.functional as F
from plumbline_oracle import PlumblineError, check

SILU = {"ffn": {"activation": "silu"}}
GPT_OSS = {"ffn": {"activation": "quick_gelu", "packing": "interleaved", "limit": 7.0, "up_offset": 1}}


def softmax(x):
    return torch.softmax(x, -1)


def causal(x, scale=0.5):
    later = torch.ones(x.shape[-2:], dtype=torch.bool).triu(x.shape[-1] - x.shape[-2] + 1)
    return torch.softmax((x.float() * scale).masked_fill(later, -torch.inf), -1).to(x.dtype)


def silu_and_mul(x):
    gate, up = x.chunk(2, -1)
    return F.silu(gate) * up


def of_gpt_oss(x):
    gate, up = x[..., ::2].float().clamp(max=7), x[..., 1::2].float().clamp(-7, 7)
    return (gate * torch.sigmoid(1.702 * gate) * (up + 1)).to(x.dtype)


CAUSAL = {"attention": {"mask": "causal", "scale": {"mult": 0.5}}}
RIGHT = [
    ("softmax", softmax, None, ["x"]),
    ("softmax", causal, CAUSAL, ["x"]),
    ("linear", F.linear, None, ["x", "weight", "bias"]),
    ("activation", F.silu, SILU, ["x"]),
    ("activation", lambda x: F.gelu(x, approximate="tanh"), {"ffn": {"activation": "gelu_tanh"}}, ["x"]),
    ("gated_activation", silu_and_mul, SILU, ["x"]),
    ("gated_activation", of_gpt_oss, GPT_OSS, ["x"]),
]
WRONG = [
    ("softmax", lambda x: torch.softmax(x, -2), None, ["x"], "softmax/over-queries"),
    ("softmax", lambda x: causal(x, 1), CAUSAL, ["x"], "scale/mult-missing"),
    ("linear", lambda x, weight, bias: F.linear(x, weight), None, ["x", "weight", "bias"], "linear/bias-missing"),
    ("linear", lambda x, w, b: F.linear(x, w.T if w.shape[0] == w.shape[1] else w, b), None, ["x", "weight", "bias"], "linear/transposed"),
    ("activation", F.gelu, {"ffn": {"activation": "gelu_tanh"}}, ["x"], "activation/erf-for-tanh"),
    ("gated_activation", lambda x: x.chunk(2, -1)[0] * F.silu(x.chunk(2, -1)[1]), SILU, ["x"], "ffn/gate-and-up-swapped"),
    ("gated_activation", lambda x: of_gpt_oss(x.clone()) if x.abs().max() < 7 else unlimited(x), GPT_OSS, ["x"], "ffn/limit-missing"),
    ("gated_activation", lambda x: of_gpt_oss(torch.stack(x.chunk(2, -1), -1).flatten(-2)), GPT_OSS, ["x"], "ffn/halves-for-interleaved"),
]


def unlimited(x):
    gate, up = x[..., ::2].float(), x[..., 1::2].float()
    return (gate * torch.sigmoid(1.702 * gate) * (up + 1)).to(x.dtype)


def asked(part, f, spec, takes, tmp_path, **options):
    return check(f, spec, part=part, takes=takes, framework="torch", failures=tmp_path, raises=False, **options)


@pytest.mark.parametrize("profile", ["float32", "bfloat16-mixed"])
@pytest.mark.parametrize("part, f, spec, takes", RIGHT)
def test_right_ones_agree(part, f, spec, takes, profile, tmp_path):
    if profile != "float32" and torch.__version__.startswith("1."):
        pytest.skip("PyTorch 1 computes in bfloat16 what others compute in float32")
    result = asked(part, f, spec, takes, tmp_path, profile=profile, cases=20)
    assert result.passed and result.verdict == "agrees", result.text


@pytest.mark.parametrize("part, f, spec, takes, name", WRONG)
def test_wrong_ones_are_named(part, f, spec, takes, name, tmp_path):
    result = asked(part, f, spec, takes, tmp_path, cases=12, shrink=False)
    assert (result.verdict, result.name) == ("wrong", name), result.text


def test_a_part_stands_beside_a_dict_alone():
    with pytest.raises(PlumblineError, match="expected a spec as a dict beside part"):
        check(softmax, "spec.json", part="softmax", takes=["x"])
