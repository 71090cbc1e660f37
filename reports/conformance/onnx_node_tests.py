#!/usr/bin/env python3
"""Puts ONNX's own node tests to Plumbline: each becomes a question (a spec and its inputs), ONNX's expected output the
answer, and `plumbline judge` says whether it is one. Damaged copies of each answer must be rejected.

    onnx_node_tests.py [--plumbline COMMAND] [--only WORD] [--keep FOLDER] [--record FILE]

Of an operator with further outputs (a cache that is passed on, scores) y alone is judged; what is not expressed, and why,
stands in the record."""

import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "lib" / "clients" / "python"))

import onnx_questions  # noqa: E402
from plumbline_client import dumps  # noqa: E402
from record import about  # noqa: E402

RECORD = HERE / "records" / "onnx" / "node_tests.json"
# What numpy does with float16: every operation rounds, sums too.
ALL_FLOAT16 = {t: "float16" for t in ("storage", "accumulator", "statistics", "softmax", "table", "token_sums")}
NUMPY_FLOAT16 = json.dumps({"name": "numpy-float16", "cast_order": "every_operation", **ALL_FLOAT16})
PROFILES = {  # those that an answer of that type may claim, the finest first
    "float64": ["float64"],
    "float32": ["float32"],
    "float16": ["float16-mixed", "float16", NUMPY_FLOAT16],
    "bfloat16": ["bfloat16-mixed", "bfloat16"],
}
PRECISION = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
REJECTED = ("wrong", "invalid")


def damaged(y, precision):
    """Copies that no right implementation gives, by what was done to them."""
    step = 8 * 2.0**-precision
    out = {}
    last = y.astype(np.float64).copy()
    at = np.unravel_index(np.abs(last).argmax(), y.shape)
    last[at] *= 1 + 64 * step
    out["largest entry moved"] = last
    out["all scaled"] = y.astype(np.float64) * (1 + 64 * step)
    out["sign of all"] = -y.astype(np.float64)
    rows = y.astype(np.float64).reshape(-1, y.shape[-1])
    out["entries of a row turned"] = np.roll(rows, 1, axis=-1).reshape(y.shape)
    return {name: x.astype(y.dtype) for name, x in out.items() if (x.astype(y.dtype) != y).any()}


def named(profile):
    """Of a profile that is written out, its name."""
    return json.loads(profile)["name"] if profile.startswith("{") else profile


def write(folder, name, question, answer, profile):
    tensors = {**question.tensors, "answer.y": answer}
    metadata = {"spec": json.dumps(question.spec), "profile": profile}
    file = folder / f"{name}.safetensors"
    file.write_bytes(dumps({n: np.ascontiguousarray(t) for n, t in tensors.items()}, metadata))
    return file


def judged(plumbline, files):
    """Outcome and headline of each file."""
    out = {}
    for file in files:
        report = file.with_suffix(".json")
        command = [plumbline, "judge", "--question", file, "--no-grads", "--json", report]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode not in (0, 1):
            out[file] = ("refused", done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no reason given")
            continue
        (result,) = json.loads(report.read_text())["results"][:1]
        out[file] = (result["outcome"], result.get("message", ""))
    return out


def try_one(plumbline, folder, question):
    """The profile that ONNX's output agrees in, and which damaged copies are not rejected."""
    dtype = str(question.answer.dtype)
    tried = {}
    for profile in PROFILES[dtype]:
        file = write(folder, question.name, question, question.answer, profile)
        tried[profile] = judged(plumbline, [file])[file]
        if tried[profile][0] == "agrees":
            break
    copies = damaged(question.answer, PRECISION[dtype])
    files = {what: write(folder, f"{question.name}-{i}", question, y, profile) for i, (what, y) in enumerate(copies.items())}
    verdicts = judged(plumbline, files.values())
    return {
        "name": question.name,
        "operator": question.operator,
        "expressed": question.how,
        "profile": named(profile),
        "outcome": tried[profile][0],
        "says": tried[profile][1],
        "damaged": len(files),
        "rejected": sum(verdicts[f][0] in REJECTED for f in files.values()),
        "missed": [what for what, f in files.items() if verdicts[f][0] not in REJECTED],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plumbline", default="plumbline")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--record", type=pathlib.Path, default=RECORD)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        tests, unexpressed = [], []
        for test in onnx_questions.tests():
            if options.only not in test.name:
                continue
            try:
                question = onnx_questions.question(test)
            except onnx_questions.Unexpressed as why:
                unexpressed.append({"name": test.name, "operator": onnx_questions.operator(test), "why": str(why)})
                continue
            tests.append(try_one(options.plumbline, folder, question))
            last = tests[-1]
            print(f"{last['name']}: {last['outcome']} in {last['profile']}, {last['rejected']} of {last['damaged']} rejected", flush=True)
    record = {"run": about("onnx", "ONNX"), "tests": tests, "unexpressed": unexpressed}
    record["counts"] = dict(collections.Counter(t["outcome"] for t in tests))
    options.record.parent.mkdir(parents=True, exist_ok=True)
    options.record.write_text(json.dumps(record, indent=1) + "\n")
    n = len(tests)
    print(f"{n} of {n + len(unexpressed)} expressed; {record['counts']}; damaged copies: "
          f"{sum(t['rejected'] for t in tests)} of {sum(t['damaged'] for t in tests)} rejected")


if __name__ == "__main__":
    main()
