#!/usr/bin/env python3
"""How often known-right answers are called anything but right, at the sizes that people have: every row of
census_rows.py, in every profile, by every variant of the peers in numpy and in PyTorch.

    census.py RECORD [--plumbline COMMAND] [--rows PART,...] [--profiles P,...] [--variants V,...] [--seeds 1,2,...]
              [--forward-only] [--minutes M] [--list]

RECORD has one line of JSON for each unit (row, profile, seed): what was asked, by what it was judged, and what became
of each variant. A unit that stands there, judged by the same program with the same rule, is not asked again, so a
census is run in pieces and goes on where it was stopped. --rows: those whose names begin like that.
"""

import argparse
import datetime
import hashlib
import importlib.metadata
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]

import numpy as np
from peers import PEERS  # first: what follows stands there

from plumbline_client import Request, Unsupported, dumps

import numpy_arithmetic
import numpy_peer
from census_rows import ROWS, STORAGE, tensors

RULE = "algebra block cases ensemble judge number spec".split()  # the rooms of the library that verdicts follow from
NORMS, ATTENTION = {"numpy-cast", "numpy-welford", "torch-welford"}, {"numpy-tiled", "torch-online", "torch-recomputed"}
TORCH = "eager finer transposed online recomputed welford".split()


def variants():
    """By name: who answers. PyTorch's in 32 and 64 bits alone, since old versions take sums of 16-bit products in 16
    bits."""
    found = {f"numpy-{v}": numpy_peer.implementation(v) for v in numpy_arithmetic.VARIANTS}
    try:
        import torch_peer
    except ImportError:
        return found
    for v in TORCH:
        options = argparse.Namespace(variant=v, arithmetic=None, deviation=[], spec=None)
        found[f"torch-{v}"] = torch_peer.implementation(options)
    return found


def takes_part(variant, spec, profile):
    if variant in NORMS and spec["part"] in ("sdpa", "ffn", "attention"):
        return False
    if variant in ATTENTION and spec["part"] in ("norm", "add_norm", "ffn"):
        return False
    return not variant.startswith("torch") or STORAGE[profile] in (np.float64, np.float32)


def output_of(*command):
    run = subprocess.run(command, capture_output=True, text=True, cwd=HERE)
    return run.stdout.strip() if run.returncode == 0 else None


def hash_of(*files):
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def stamp(options):
    """What the verdicts come from: the program, the rule it was built from, and the machine."""
    program = pathlib.Path(shutil.which(options.plumbline) or options.plumbline)
    library = ROOT / "lib" / "plumbline"
    rule = sorted(f for room in RULE for f in (library / room).rglob("*.?pp"))
    version = lambda package: importlib.metadata.version(package) if package in installed else None  # noqa: E731
    installed = {d.metadata["Name"] for d in importlib.metadata.distributions()}
    torch = sys.modules.get("torch")
    return {
        "version": output_of(str(program), "--version"),
        "program": hash_of(program),
        "commit": output_of("git", "rev-parse", "HEAD"),
        "changed_since": bool(output_of("git", "status", "--porcelain", "--", str(ROOT / "lib"))),
        "rule": hash_of(*rule),
        "peers": hash_of(*sorted(PEERS.glob("*.py"))),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "ml_dtypes": version("ml_dtypes"),
        "torch": torch.__version__ if torch else None,
    }


def spec_in_full(options, row):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(row.spec, file)
        file.flush()
        command = [options.plumbline, "explain", "--spec", file.name, "--format", "json"]
        run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{row.name}: {run.stderr.strip()}")
    return {"part": row.spec.get("part", "stack")} | json.loads(run.stdout)["spec"]


def judged(options, row, profile, seed, answering):
    """What became of each variant's answer to the same question, and how long each took to be judged."""
    spec = spec_in_full(options, row)
    asked = tensors(row, spec, profile, seed, not options.forward_only)
    meta = {"plumbline": "1", "spec": json.dumps(spec), "profile": profile, "law": "", "found": ""}
    meta["want"] = "y" if options.forward_only else "y,grads"
    with tempfile.TemporaryDirectory() as folder:
        questions, answers = pathlib.Path(folder) / "questions", pathlib.Path(folder) / "answers"
        questions.mkdir(), answers.mkdir()
        for name, implementation in answering.items():
            meta["case"] = name
            try:
                answer = implementation(Request(asked, meta))
            except Unsupported:
                continue
            (questions / f"{name}.safetensors").write_bytes(dumps(asked, meta))
            (answers / f"{name}.safetensors").write_bytes(dumps(answer))
        asked_about = sorted(path.stem for path in questions.iterdir())
        (questions / "manifest.json").write_text(json.dumps({"cases": asked_about}))
        record = pathlib.Path(folder) / "record.json"
        command = [options.plumbline, "judge", questions, answers, "--json", record]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode not in (0, 1) or not record.exists():
            sys.exit(f"{row.name}, {profile}: exit status {run.returncode}: {run.stderr.strip()}")
        results = json.loads(record.read_text())["results"]
    return {r["id"]: {"outcome": r["outcome"], "message": r["message"]} for r in results}


def units(options):
    for seed in options.seeds:
        for row in ROWS:
            if not options.rows or row.name.startswith(tuple(options.rows)):
                yield from ((row, profile, seed) for profile in options.profiles)


def identity(unit):
    s = unit["stamp"]
    return unit["row"], unit["profile"], unit["seed"], unit["gradients"], s["program"], s["rule"], s["peers"]


def ask(options, row, profile, seed, made_by, answering):
    began = time.monotonic()
    part = row.spec.get("part", "stack")
    taking_part = {n: f for n, f in answering.items() if takes_part(n, {"part": part}, profile)}
    results = judged(options, row, profile, seed, taking_part)
    counts = {}
    for name, r in results.items():
        counts[r["outcome"]] = counts.get(r["outcome"], 0) + 1
        if r["outcome"] != "agrees":
            print(f"{row.name}, {profile}, seed {seed}, {name}: {r['outcome']}: {r['message']}", flush=True)
    unit = {"row": row.name, "spec": row.spec, "sizes": row.sizes, "profile": profile, "seed": seed}
    unit |= {"gradients": not options.forward_only, "counts": counts, "variants": results}
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    return unit | {"seconds": round(time.monotonic() - began, 1), "date": now, "stamp": made_by}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    comma = lambda t: t.split(",")  # noqa: E731
    parser.add_argument("record", type=pathlib.Path)
    parser.add_argument("--plumbline", default="plumbline")
    parser.add_argument("--rows", type=comma, default=[])
    parser.add_argument("--profiles", type=comma, default=list(STORAGE))
    parser.add_argument("--variants", type=comma, default=[])
    parser.add_argument("--seeds", type=lambda t: [int(s) for s in t.split(",")], default=[1, 2, 3])
    parser.add_argument("--forward-only", action="store_true")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--list", action="store_true")
    return parser.parse_args()


def main(options):
    if options.list:
        print("\n".join(row.name for row in ROWS))
        return
    end = time.monotonic() + 60 * options.minutes
    answering = {n: f for n, f in variants().items() if not options.variants or n in options.variants}
    made_by = stamp(options)
    lines = options.record.read_text().splitlines() if options.record.exists() else []
    done = {identity(json.loads(line)) for line in lines}
    total = {}
    for row, profile, seed in units(options):
        unit = {"row": row.name, "profile": profile, "seed": seed, "gradients": not options.forward_only}
        if identity(unit | {"stamp": made_by}) in done or time.monotonic() > end:
            continue
        unit = ask(options, row, profile, seed, made_by, answering)
        with options.record.open("a") as file:
            file.write(json.dumps(unit) + "\n")
        for outcome, n in unit["counts"].items():
            total[outcome] = total.get(outcome, 0) + n
        print(f"{row.name}, {profile}, seed {seed}: {unit['counts']}, {unit['seconds']} s", flush=True)
    print(total)


if __name__ == "__main__":
    main(parse())
