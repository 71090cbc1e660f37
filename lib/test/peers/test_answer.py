"""What the peer answers to a request: everything that is wanted, in the request's types."""

import argparse
import json

import ml_dtypes
import numpy as np
import pytest
import torch
from plumbline_client import Request

from golden import CASES, Golden
from torch_peer import implementation

DTYPES = {
    "float64": np.float64,
    "bfloat16-mixed": ml_dtypes.bfloat16,
    "float16-mixed": np.float16,
    "float16": np.float16,
}
GOLDEN = Golden(next(case for case in CASES if case.parent.name == "llama"))


def answer(profile, want):
    tensors = {n: GOLDEN.tensors[n].astype(DTYPES[profile]) for n in ("x", "grad.y")}
    tensors |= {n[5:]: GOLDEN.tensors[n[5:]].astype(DTYPES[profile]) for n in GOLDEN.gradients}
    spec = json.dumps({"part": "stack"} | GOLDEN.spec)
    metadata = {"plumbline": "1", "case": "llama", "spec": spec, "profile": profile, "want": want}
    options = argparse.Namespace(variant="eager", arithmetic=None, deviation=[], spec=None)
    return implementation(options)(Request(tensors, metadata))


@pytest.mark.parametrize("profile", DTYPES)
def test_has_y_and_every_gradient(profile):
    found = answer(profile, "y,grads")
    assert {n: v.shape for n, v in found.items()} == {n: v.shape for n, v in GOLDEN.truth.items()}
    assert {v.dtype for v in found.values()} == {np.dtype(DTYPES[profile])}


def test_has_y_alone_where_no_gradient_is_wanted():
    assert answer("float64", "y").keys() == {"y"}


def test_float64_is_the_truth():
    found = {n: torch.from_numpy(v) for n, v in answer("float64", "y,grads").items()}
    assert all(roundings <= GOLDEN.terms for roundings in GOLDEN.differences(found).values())
