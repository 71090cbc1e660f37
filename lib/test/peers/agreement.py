#!/usr/bin/env python3
"""How often correct implementations are called anything but right: every variant of the peer, in every profile, on live
questions about every preset and every single operation.

    agreement.py RECORD [--plumbline COMMAND] [--cases N] [--seed N] [--variants V,...] [--profiles P,...]

Writes one JSON record with the counts of each run; what is not called right is listed with the command that asks it
again. --cases is what a variant is asked in a profile in all.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PRESETS = "pre_norm post_norm sandwich output_norm deep_norm parallel transformer bert gpt2 llama gemma2 olmo2".split()
VARIANTS = "eager finer sequential shuffled transposed online recomputed welford".split()
PROFILES = "float64 float32 bfloat16-mixed float16-mixed".split()
SIZE = {"from": 5, "to": 61}
HEADS = {"n_heads": 4, "n_kv_heads": {"one_of": [4, 2, 1]}, "head_dim": {"one_of": [3, 8]}}
PARTS = {
    "layer_norm": {"part": "norm", "d": SIZE, "norm": {"kind": "layer_norm", "eps": {"one_of": [1e-5, 1e-12]}}},
    "rms_norm": {"part": "norm", "d": SIZE, "norm": {"kind": "rms_norm", "eps": {"one_of": [1e-6, 1e-5]}}},
    "add_norm": {"part": "add_norm", "d": SIZE, "norm": {"kind": {"one_of": ["layer_norm", "rms_norm"]}}},
    "sdpa": {"part": "sdpa", "attention": HEADS | {"mask": {"one_of": ["bidirectional", "causal"]}}},
    "sdpa_softcap": {
        "part": "sdpa",
        "attention": HEADS | {"mask": "causal_sliding", "window": {"from": 1, "to": 4}, "logit_softcap": 5},
    },
    "attention": {"part": "attention", "d": {"one_of": [8, 24, 44]}, "attention": {"n_heads": {"one_of": [4, 2]}}},
    "mlp": {
        "part": "ffn",
        "d": SIZE,
        "ffn": {"kind": "mlp", "activation": {"one_of": ["relu", "gelu_erf", "gelu_tanh", "quick_gelu"]}, "d_ff": SIZE},
    },
    "glu": {"part": "ffn", "d": SIZE, "ffn": {"kind": "glu", "activation": {"one_of": ["silu", "gelu_tanh"]}, "d_ff": SIZE}},
}


def verify(options, variant, profile, name, cases, folder):
    """The counts of one run, and what was not right in it."""
    record = pathlib.Path(folder) / "record.json"
    if name in PARTS:
        spec = pathlib.Path(folder) / f"{name}.json"
        spec.write_text(json.dumps(PARTS[name]))
        block = ["--spec", spec]
    else:
        block = ["--preset", name]
    command = [options.plumbline, "verify", *block, "--profile", profile, "--json", record]
    command += ["--cases", str(cases), "--seed", str(options.seed), "--failures", options.failures]
    command += ["--", sys.executable, HERE / "torch_peer.py", "--variant", variant]
    run = subprocess.run(command, stdout=subprocess.DEVNULL)
    if run.returncode not in (0, 1):
        sys.exit(f"{variant}, {profile}, {name}: expected a verdict, found exit status {run.returncode}")
    found = json.loads(record.read_text())
    return found["counts"], [f["headline"] + " :: " + f["replay"] for f in found["failures"]]


def judged_in(options, variant, profile):
    counts, failures = {}, []
    subjects = PRESETS + list(PARTS)
    with tempfile.TemporaryDirectory() as folder:
        for k, name in enumerate(subjects):
            cases = options.cases // len(subjects) + (k < options.cases % len(subjects))
            if cases == 0:
                continue
            of_run, failed = verify(options, variant, profile, name, cases, folder)
            for outcome, n in of_run.items():
                counts[outcome] = counts.get(outcome, 0) + n
            failures += [f"{name}: {line}" for line in failed]
            for line in failed:
                print(f"{variant}, {profile}, {name}: {line}", flush=True)
    return {"variant": variant, "profile": profile, "counts": counts, "failures": failures}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("record")
    parser.add_argument("--plumbline", default="plumbline")
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--variants", type=lambda t: t.split(","), default=VARIANTS)
    parser.add_argument("--profiles", type=lambda t: t.split(","), default=PROFILES)
    parser.add_argument("--failures", default="plumbline-failures")
    return parser.parse_args()


def main(options):
    runs = []
    for profile in options.profiles:
        for variant in options.variants:
            runs.append(judged_in(options, variant, profile))
            print(f"{profile:15} {variant:11}", json.dumps(runs[-1]["counts"]), flush=True)
    temporary = options.record + ".part"
    pathlib.Path(temporary).write_text(json.dumps({"cases": options.cases, "seed": options.seed, "runs": runs}, indent=1) + "\n")
    os.replace(temporary, options.record)


if __name__ == "__main__":
    main(parse())
