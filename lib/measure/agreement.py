#!/usr/bin/env python3
"""How often correct implementations are called anything but right: every variant of the peer, in every profile, on live
questions about every preset and every single operation; and what is said of one that is coarser than it declares.

    agreement.py RECORD [--plumbline COMMAND] [--cases N] [--other-cases N] [--seeds N,...]
                 [--variants V,...] [--profiles P,...] [--jobs N]

The first variant is asked --cases questions in each profile, every other one --other-cases. Writes one JSON record with
the counts of each run; the page adds up the runs of a variant. What is not called right is printed, with the command
that asks again.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import stamps
from naming import words
from peers import TORCH_PEER
from side_by_side import side_by_side

VARIANTS = "eager finer sequential shuffled transposed online recomputed welford".split()
PROFILES = "float64 float32 bfloat16-mixed float16-mixed".split()
COARSER = {  # declared: computed
    "float64": "float32",
    "float32": "bfloat16-mixed",
    "bfloat16-mixed": "bfloat16",
    "float16-mixed": "float16",
}


def size(start, end):
    return {"from": start, "to": end, "least": 1}


def either(*values):
    return {"one_of": list(values)}


EQUAL_HEADS = {"n_heads": size(2, 6)}
GROUPED_HEADS = {"n_heads": size(2, 6), "n_kv_heads": size(1, 3), "head_dim": size(3, 12)}
ALIBI = {"bias": {"max_bias": either(8, 4)}}
SDPA = {"n_heads": 4, "n_kv_heads": either(4, 2, 1), "head_dim": either(3, 8)}


def preset(name):
    heads = either(EQUAL_HEADS, GROUPED_HEADS)
    layers = either(1, 1, 1, 2)
    return {"preset": name, "d": size(5, 64), "n_layers": layers, "attention": heads, "ffn": {"d_ff": size(5, 96)}}


def ffn(kind, *activations):
    what = {"kind": kind, "activation": either(*activations), "d_ff": size(5, 61)}
    return {"part": "ffn", "d": size(5, 61), "ffn": what}


PARTS = (
    {"part": "norm", "d": size(5, 61), "norm": {"kind": "layer_norm", "eps": either(1e-5, 1e-12)}},
    {"part": "norm", "d": size(5, 61), "norm": {"kind": "rms_norm", "eps": either(1e-6, 1e-5)}},
    {"part": "norm", "d": size(5, 61), "norm": {"kind": "dyt"}},
    {"part": "add_norm", "d": size(5, 61), "norm": {"kind": either("layer_norm", "rms_norm")}},
    {"part": "sdpa", "attention": SDPA | {"mask": either("bidirectional", "causal")}},
    {"part": "sdpa", "attention": SDPA | {"mask": "causal_sliding", "window": size(1, 4), "logit_softcap": 5}},
    {"part": "attention", "d": either(8, 24, 44), "attention": {"n_heads": either(4, 2)}},
    {"part": "attention", "d": either(12, 24), "attention": {"n_heads": either(4, 6)}, "position": ALIBI},
    ffn("mlp", "relu", "gelu_erf", "gelu_tanh", "quick_gelu"),
    ffn("glu", "silu", "gelu_tanh"),
)


def questions(options):
    """About every common preset, and every part."""
    listed = subprocess.run([options.plumbline, "list", "presets", "--common"], check=True, capture_output=True, text=True).stdout
    return either(*map(preset, words(listed)), *PARTS)


STAMPS = []  # of the runs


def verify(options, seed, cases, variant, declared, computed):
    """The record of one run."""
    with tempfile.TemporaryDirectory() as folder:
        spec, record = pathlib.Path(folder) / "everything.json", pathlib.Path(folder) / "record.json"
        spec.write_text(json.dumps(questions(options)))
        command = [options.plumbline, "verify", "--spec", spec, "--profile", declared, "--json", record]
        command += ["--cases", str(cases), "--seed", str(seed), "--timeout", "600"]
        command += ["--failures", options.failures, "--", sys.executable, TORCH_PEER]
        command += ["--variant", variant, "--arithmetic", computed]
        run = subprocess.run(command, stdout=subprocess.DEVNULL)
        if run.returncode not in (0, 1):
            sys.exit(f"{variant}, {declared}: expected a verdict, found exit status {run.returncode}")
        found = json.loads(record.read_text())
    if declared == computed:
        for failure in found["failures"]:
            print(f"{variant}, {declared}: {failure['headline']}\n  {failure['replay']}", flush=True)
    run = {"declared": declared, "computed": computed, "variant": variant, "seed": seed, "cases": cases}
    run["counts"] = found["counts"]
    STAMPS.append(found["stamp"])
    print(json.dumps(run), flush=True)
    return run


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("record")
    parser.add_argument("--plumbline", default="plumbline")
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--other-cases", type=int, default=2000)
    parser.add_argument("--coarser-cases", type=int, default=200)
    parser.add_argument("--seeds", type=lambda t: [int(s) for s in t.split(",")], default=[1])
    parser.add_argument("--variants", type=lambda t: t.split(","), default=VARIANTS)
    parser.add_argument("--profiles", type=lambda t: t.split(","), default=PROFILES)
    parser.add_argument("--jobs", type=int, default=1, help="so many at a time, each on a processor of its own")
    parser.add_argument("--failures", default="plumbline-failures")
    return parser.parse_args()


def main(options):
    first, *others = options.variants
    runs = [(options.cases, first, p, p) for p in options.profiles]
    if options.coarser_cases:
        runs += [(options.coarser_cases, "eager", p, COARSER[p]) for p in options.profiles]
    runs += [(options.other_cases, v, p, p) for v in others for p in options.profiles]
    runs = [(seed, *run) for seed in options.seeds for run in runs]
    runs = side_by_side(options.jobs, lambda run: verify(options, *run), runs)
    record = {"stamp": stamps.of_runs(STAMPS, options.seeds), "runs": runs}
    pathlib.Path(options.record + ".part").write_text(json.dumps(record, indent=1) + "\n")
    os.replace(options.record + ".part", options.record)


if __name__ == "__main__":
    main(parse())
