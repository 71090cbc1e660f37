"""Functions and layers of PyTorch, whose gradients come from autograd."""

import pathlib
import re

import pytest

torch = pytest.importorskip("torch")

import numpy as np  # noqa: E402
from plumbline_oracle import PlumblineError, Wrong, assert_correct, check, check_layer, divergences  # noqa: E402
from plumbline_oracle.layers import layer_of  # noqa: E402
from plumbline_oracle.tensors import array  # noqa: E402
from torch import nn  # noqa: E402

NORM = {"part": "norm", "norm": {"kind": "rms_norm", "eps": 1e-6}}
FEW = {"takes": ["x", "norm.weight"], "framework": "torch", "cases": 10}


@pytest.fixture
def options(tmp_path):
    torch.set_num_threads(1)
    return {"failures": tmp_path}


def rms_norm(x, weight):
    wide = x.float()
    return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + 1e-6) * weight.float()).to(x.dtype)


def test_gradients_come_from_autograd(options):
    for profile in ("float32", "bfloat16-mixed"):
        assert check(rms_norm, NORM, profile=profile, **FEW, **options).passed


def test_a_function_of_torch_says_what_it_takes(options):
    with pytest.raises(Wrong, match="framework= says whose tensors the function takes"):
        check(torch.tanh, part="activation", spec={"ffn": {"activation": "silu"}}, takes=["x"], cases=3, **options)


def test_a_wrong_gradient_alone_is_wrong(options):
    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            return 1.01 * g

    with pytest.raises(Wrong) as caught:
        check(lambda x, weight: rms_norm(Scaled.apply(x), weight), NORM, **FEW, **options)
    assert caught.value.result.worst["tensor"] == "grad.x"


def test_a_step_in_place_is_seen_without_autograd(options):
    def in_place(x, weight):
        y = rms_norm(x, weight)
        x.zero_()
        return y

    with pytest.raises(Wrong, match="the input x was changed in place"):
        check(in_place, NORM, grads=False, **FEW, **options)
    with pytest.raises(Wrong, match="y is the memory of the input x"):
        check(lambda x, weight: x.view(-1).view(x.shape), NORM, grads=False, **FEW, **options)


def test_arrays_that_speak_dlpack():
    class Foreign:
        def __init__(self, tensor):
            self.tensor = tensor

        def __dlpack__(self, **options):
            return self.tensor.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.tensor.__dlpack_device__()

    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        tensor = torch.arange(6, dtype=dtype).reshape(2, 3)
        assert array(Foreign(tensor)).astype(float).tolist() == array(tensor).astype(float).tolist()
    with pytest.raises(TypeError, match="expected a tensor, found list"):
        array([1.0])


@pytest.mark.skipif(not hasattr(nn.functional, "scaled_dot_product_attention"), reason="PyTorch 2 has it")
def test_the_pages_attention_agrees(options):
    page = (pathlib.Path(__file__).parents[1] / "README.md").read_text()
    (code,) = [code for code in re.findall(r"```python\n(.*?)```", page, re.S) if "def attention" in code]
    exec(code, {"torch": torch, "check": lambda *asked, **more: check(*asked, cases=10, **more, **options)})


def test_what_cannot_be_differentiated_says_so(options):
    result = check(lambda x, weight: rms_norm(x.detach(), weight.detach()), NORM, takes=["x", "norm.weight"],
                   framework="torch", cases=3, raises=False, **options)
    assert "found no grad_fn; grads=False asks for y alone" in result.text, result.text


def test_a_stream_may_be_of_tokens_and_channels():
    x, weight = torch.randn(5, 24), torch.randn(24)
    assert_correct(rms_norm(x, weight), NORM, {"x": x, "norm.weight": weight})
    with pytest.raises(Wrong):
        assert_correct(rms_norm(x, 1.01 * weight), NORM, {"x": x, "norm.weight": weight})


def test_tensors_of_torch_are_judged():
    x, weight = torch.randn(2, 4, 24), torch.randn(24)
    assert_correct(rms_norm(x, weight), {**NORM, "d": 24}, {"x": x, "norm.weight": weight})


LAYERS = [
    lambda: nn.LayerNorm(24),
    lambda: nn.LayerNorm(24, elementwise_affine=False),
    lambda: nn.MultiheadAttention(24, 3, batch_first=True),
    lambda: nn.TransformerEncoderLayer(24, 3, 20, dropout=0.0, batch_first=True),
    lambda: nn.TransformerEncoderLayer(24, 3, 20, dropout=0.0, batch_first=True, norm_first=True, activation="gelu"),
]
if hasattr(nn, "RMSNorm"):
    LAYERS.append(lambda: nn.RMSNorm(24, eps=1e-6))
if torch.__version__ >= "2":  # 1.13's kernel without gradients takes no bias for a missing one
    LAYERS.append(lambda: nn.MultiheadAttention(24, 2, bias=False, batch_first=True))


@pytest.mark.parametrize("make", LAYERS)
def test_layers_of_torch_agree(make, options):
    assert check_layer(make().train(), cases=6, **options).passed


def test_a_layer_that_is_not_what_its_spec_says(options):
    spec = {**layer_of(nn.LayerNorm(24, eps=1e-3)).spec, "norm": {"kind": "layer_norm", "eps": 1e-5}}
    with pytest.raises(Wrong):
        check_layer(nn.LayerNorm(24, eps=1e-3), spec=spec, cases=20, **options)


class Own(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(d))

    def forward(self, x):
        return rms_norm(x, self.scale)


def test_a_module_of_ones_own(options):
    spec = {**NORM, "d": 24}
    assert check(Own(24), spec, names={"scale": "norm.weight"}, cases=6, **options).passed
    with pytest.raises(Wrong):
        check(Own(24), spec, names={"scale": lambda tensors: 2 * tensors["norm.weight"]}, cases=6, **options)
    with pytest.raises(Wrong, match="the parameter scale: expected names= to give it one of norm.weight, found scale"):
        check(Own(24), spec, cases=6, **options)
    with pytest.raises(TypeError, match="Own: expected a spec"):
        check(Own(24), **options)


def test_a_layer_that_nobody_knows():
    with pytest.raises(TypeError, match="Linear: expected a spec, or a layer of transformers, or one of LayerNorm"):
        check_layer(nn.Linear(3, 3))


@pytest.mark.skipif(torch.__version__ < "2.15", reason="was found in PyTorch 2.15")
def test_a_known_divergence_is_told_and_may_be_expected(options):
    norm, said = nn.LayerNorm(24), {"profile": "bfloat16-mixed", "cases": 20, **options}
    result = check_layer(norm, raises=False, **said)
    ids = [d.id for d in result.divergences]
    assert not result.passed and "torch_layer_norm_bias_gradient" in ids
    assert f"it looks like {ids[0]}" in result.text
    expected = check_layer(norm, expect=ids, **said)
    assert expected.passed and expected.verdict != "agrees" and f"as expected: {ids[0]}" in expected.text
    with pytest.raises(PlumblineError, match="expected one of"):
        check_layer(norm, expect=["torch_layer_norm"], **said)


def test_a_mistake_of_the_forward_pass_is_no_divergence_of_gradients(options):
    """1/rms in bfloat16: what PyTorch's layer_norm does to gradients alone."""
    def rounded(x, weight):
        wide = x.float()
        r = torch.rsqrt(wide.square().mean(-1, keepdim=True) + 1e-6).bfloat16().float()
        return (wide * r * weight.float()).to(x.dtype)

    asked = {**FEW, "cases": 30, "profile": "bfloat16-mixed", "shrink": False, **options}
    result = check(rounded, NORM, expect=["torch_layer_norm_rounded_statistics"], raises=False, **asked)
    assert divergences.of(result.report["failures"], "bfloat16-mixed")  # by its words it would be one
    assert not result.passed and result.divergences == []


def test_known_divergences_are_of_their_profiles():
    assert len(divergences.known()) >= 1
    failure = {"headline": "wrong: all of grad.norm.bias"}
    told = [d.id for d in divergences.of([failure], "bfloat16-mixed")]
    assert told == ["torch_layer_norm_bias_gradient"] and not divergences.of([failure], "float32")
    assert np.all([d.says for d in divergences.known()])
