"""The peers against the golden values, in float64: both were written from the same formulas, by different hands."""

import pathlib

import numpy as np
import pytest
import torch
from arithmetic import VARIANTS
from block import Block
from plumbline_client import loads
from torch_peer import to_torch

import json

CASES = sorted((pathlib.Path(__file__).resolve().parents[3] / "golden" / "cases").rglob("*.safetensors"))


def close(found, expected, name, scale):
    """A pass in float64 loses some digits to cancellation, but never half of those of the largest number."""
    expected = np.asarray(expected).reshape(found.shape)
    assert np.abs(found - expected).max() <= scale * np.finfo(np.float64).eps ** 0.5, name


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_agrees_with_golden(case, variant):
    tensors, metadata = loads(case.read_bytes())
    settings = json.loads(metadata["settings"])
    outputs = {n: v for n, v in tensors.items() if n == "y" or n.startswith("grad.") and n != "grad.y"}
    scale = max(np.abs(v).max() for v in outputs.values())
    given = {
        n: to_torch(v).double().requires_grad_()
        for n, v in tensors.items()
        if n == "x" or "grad." + n in outputs and n != "y"
    }
    x = given.pop("x")
    y = Block(settings["spec"], given, VARIANTS[variant]("float64"))(x)["y"]
    close(y.detach().numpy(), outputs["y"], "y", scale)
    y.backward(to_torch(tensors["grad.y"]).double().reshape(y.shape))
    for name, tensor in {"x": x, **given}.items():
        gradient = torch.zeros_like(tensor) if tensor.grad is None else tensor.grad
        close(gradient.numpy(), outputs["grad." + name], "grad." + name, scale)
