"""The peer in numpy against the golden values, in float64; and the census's questions, which it answers."""

import argparse
import json

import numpy as np
import pytest
import torch
from plumbline_client import Request, Unsupported

import census
from census_rows import ROWS, Row
from golden import CASES, Golden
from numpy_arithmetic import VARIANTS
from numpy_peer import implementation
from test_verify_faults import PLUMBLINE


def answer(golden, variant, change=lambda spec: None):
    spec = {"part": "stack"} | json.loads(json.dumps(golden.spec))
    if spec["part"] in ("add_norm", "sdpa", "rope", "linear_attention"):
        raise Unsupported("tensors that stand in requests in other shapes than in golden files")
    change(spec)
    given = {n: golden.tensors[n] for n in ["x", "grad.y", *(g[5:] for g in golden.gradients)]}
    given |= {n: given[n].reshape(-1, *given[n].shape[-2:]) for n in ("x", "grad.y")}
    meta = {"plumbline": "1", "case": "", "spec": json.dumps(spec), "profile": "float64", "want": "y,grads"}
    return {n: torch.from_numpy(v) for n, v in implementation(variant)(Request(given, meta)).items()}


def agrees(golden, found):
    return all(roundings <= golden.terms for roundings in golden.differences(found).values())


def written(case):
    try:
        answer(Golden(case), "eager")
        return True
    except Unsupported:
        return False


@pytest.mark.parametrize("variant", VARIANTS)
def test_agrees_with_golden_values(variant):
    cases = [case for case in CASES if written(case)]
    assert len(cases) >= len(CASES) // 4
    for case in cases:
        golden = Golden(case)
        assert agrees(golden, answer(golden, variant)), case


def test_another_eps_disagrees():
    def change(spec):
        for part in spec["norm_slots"].values():
            for norm in filter(None, part.values()):
                if "eps" in norm:
                    norm["eps"] += 0.1

    goldens = [Golden(case) for case in CASES if written(case)]
    assert not all(agrees(golden, answer(golden, "eager", change)) for golden in goldens)


@pytest.mark.parametrize("profile", ["float32", "bfloat16-mixed"])
@pytest.mark.parametrize(
    "spec",
    [
        {"part": "norm", "d": 64, "norm": {"kind": "layer_norm"}},
        {"part": "add_norm", "d": 64, "norm": {"kind": "rms_norm"}},
        {"part": "norm", "d": 64, "norm": {"kind": "dyt"}},
        {"part": "sdpa", "attention": {"n_heads": 2, "n_kv_heads": 1, "head_dim": 8, "mask": "causal"}},
        {"part": "attention", "d": 24, "attention": {"n_heads": 6, "n_kv_heads": 2}, "position": {"bias": {}}},
        {"part": "sdpa", "attention": {"n_heads": 6, "head_dim": 4}, "position": {"bias": {}}},
        {"part": "ffn", "d": 16, "ffn": {"kind": "glu", "activation": "silu", "d_ff": 24}},
        {"preset": "llama", "d": 16, "attention": {"n_heads": 4}},
    ],
    ids=lambda s: s.get("part", "llama"),
)
def test_the_census_asks_what_can_be_judged(spec, profile):
    options = argparse.Namespace(plumbline=str(PLUMBLINE), forward_only=False)
    answering = {v: implementation(v) for v in ("eager", "once", "fused")}
    found = census.judged(options, Row("small", spec, 2, 5), profile, 1, answering)
    assert {r["outcome"] for r in found.values()} == {"agrees"} and found.keys() == answering.keys()

    def wrong(request):
        return {n: (v.astype(np.float32) * 1.5).astype(v.dtype) for n, v in answering["eager"](request).items()}

    found = census.judged(options, Row("small", spec, 2, 5), profile, 1, {"wrong": wrong})
    assert found["wrong"]["outcome"] == "wrong"


def test_rows_are_those_of_real_widths():
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert all(row.tokens * row.batch >= 64 or row.keys >= 64 or row.spec.get("d", 0) >= 256 for row in ROWS)
