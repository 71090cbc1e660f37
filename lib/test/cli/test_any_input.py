"""Whatever stands on the command line or in a spec, it is used, or refused in one clear line.

PLUMBLINE names the command; ANY_INPUTS, how many inputs of each kind are made up [150]; the seed is fixed, and
counted up from ANY_SEED [0] for more. By hand, for long: ANY_INPUTS=100000 pytest test_any_input.py"""

import json
import os
import pathlib
import random
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
PLUMBLINE = os.environ.get("PLUMBLINE", HERE.parents[2] / "build" / "bin" / "plumbline")
COUNT, FIRST = int(os.environ.get("ANY_INPUTS", 150)), int(os.environ.get("ANY_SEED", 0))

VERBS = ["list", "explain", "truth", "verify", "identify", "judge", "emit", "verfy", "", "--version", "--help"]
WORDS = (
    "--preset --spec --d --n-heads --n-kv-heads --head-dim --d-ff --n-layers --profile --cases --seed --timeout --shard"
    " --no-grads --grads --no-shrink --max-skipped --json --junit --markdown --failures --replay --format --tokens --batch"
    " --key-tokens --frob -x - -- --= --d=8 --cases=1 true llama gpt2 pre_norm spec.json no.json . presets deviations"
    " 0 1 -1 2 7 8 12 1e9 99999999999999999999 0x10 nan 1/2 0/0 1/1/1 1..3 3..1 .. float32 fp8 a/b/c"
).split() + ["", " ", "\n", "\xff", "%s%n", "x" * 5000]

SPECS = [  # the corpus, which is changed here and there
    {"part": "norm", "d": 8, "norm": {"kind": "rms_norm", "eps": 1e-6}},
    {"part": "norm", "d": {"from": 5, "to": 9, "least": 1}, "norm": {"kind": {"one_of": ["rms_norm", "layer_norm"]}}},
    {"part": "add_norm", "d": 8, "norm": {"kind": "layer_norm"}, "residual_scale": 2},
    {"part": "sdpa", "attention": {"n_heads": 4, "n_kv_heads": 2, "head_dim": 3, "mask": "causal_sliding", "window": 3}},
    {"part": "ffn", "d": 6, "ffn": {"kind": "glu", "activation": "silu", "d_ff": {"from": 5, "to": 9}}},
    {"preset": "llama", "d": 8, "attention": {"n_heads": 2, "n_kv_heads": 1}, "ffn": {"d_ff": 8}},
    {"preset": "post_norm", "d": {"one_of": [4, 8]}, "norm": {"kind": "rms_norm"}, "branch_scale": 0.5},
    {"layout": "sandwich", "d": 8, "norm": {"kind": "layer_norm"}, "n_layers": 2},
]
VALUES = [None, True, 0, 1, -1, 2, 3, 0.5, 1e300, -1e300, 2**31 - 1, -(2**31), 2**63, 1e-320, "", "llama", "rms_norm",
          [], [1], {}, {"from": 1, "to": 3}, {"from": 3, "to": 1}, {"from": 1, "to": 2_000_000_000},
          {"from": -(2**31), "to": 2**31 - 1}, {"from": "a"}, {"one_of": []}, {"one_of": [1, "x", {"one_of": [2]}]}]
KEYS = ["d", "part", "preset", "layout", "norm", "eps", "attention", "n_heads", "window", "mask", "ffn", "norm_slots",
        "position", "rope", "from", "to", "one_of", "least", "T", "batch", "moe", "final_norm_times", "n_layers", "\n"]


def run(arguments, folder):
    """The exit status is one that is documented, and misuse is one line."""
    ran = subprocess.run([PLUMBLINE, *arguments], cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
    assert ran.returncode in (0, 1, 2), (arguments, ran)
    if ran.returncode == 2:
        assert ran.stderr.startswith(b"plumbline: ") and ran.stderr.count(b"\n") == 1, (arguments, ran)
        assert len(ran.stderr) < 2000, (arguments, ran)
    return ran.returncode


def changed(value, dice):
    """One thing in it is another."""
    if isinstance(value, dict) and value and dice.random() < 0.8:
        out, key = dict(value), dice.choice(list(value))
        kind = dice.random()
        if kind < 0.15:
            del out[key]
        elif kind < 0.3:
            out[dice.choice(KEYS)] = dice.choice(VALUES)
        else:
            out[key] = changed(value[key], dice)
        return out
    return dice.choice(VALUES)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "spec.json").write_text(json.dumps(SPECS[0]))
    return tmp_path


def test_any_command_line(folder):
    for seed in range(FIRST, FIRST + COUNT):
        dice = random.Random(seed)
        arguments = [dice.choice(VERBS), *dice.choices(WORDS, k=dice.randrange(8))]
        if "spec.json" in arguments and "." in arguments and arguments[0] in ("emit", "report"):
            continue
        if arguments[0] == "emit":  # a whole suite takes long
            arguments = ["emit", "no/such\0"[:7], *arguments[1:], "--profile", "none"]
        if arguments[0] in ("verify", "identify"):
            arguments += ["--cases", "1", "--", "true"]
        run([a.encode("utf-8", "surrogateescape") for a in arguments], folder)


def test_any_spec(folder):
    statuses = set()
    for seed in range(FIRST, FIRST + COUNT):
        dice = random.Random(seed)
        spec = dice.choice(SPECS)
        for _ in range(dice.randrange(4)):
            spec = changed(spec, dice)
        (folder / "spec.json").write_text(json.dumps(spec))
        statuses.add(run(["verify", "--spec", "spec.json", "--cases", "1", "--no-shrink", "--", "true"], folder))
    assert statuses == {1, 2}  # some are asked, which is not answered; some are refused
