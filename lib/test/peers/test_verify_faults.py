"""Whatever is wrong with an answer, `plumbline verify` says so, and the next case still runs.

PLUMBLINE names the command; otherwise it is the one that was built in build/."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

import faults

HERE = pathlib.Path(__file__).resolve().parent
PLUMBLINE = os.environ.get("PLUMBLINE", HERE.parents[2] / "build" / "bin" / "plumbline")
EVERY, CASES = 3, 8

EXPECTED = {  # fault: outcome and what the message begins with
    "zero": ("wrong", ""),
    "negated": ("wrong", ""),
    "input": ("wrong", ""),
    "shuffled": ("wrong", ""),
    "nan": ("wrong", "y"),
    "infinite": ("wrong", "y"),
    "wrong-shape": ("invalid", 'tensor "y": expected F32 ['),
    "transposed": ("invalid", 'tensor "y": expected F32 ['),
    "wrong-dtype": ("invalid", 'tensor "'),
    "missing": ("invalid", 'tensor "y": expected F32 ['),
    "extra": ("invalid", 'tensor "z": expected no such tensor'),
    "error": ("invalid", "the implementation reports: "),
    "unsupported": ("skipped", "no such thing"),
    "exit": ("invalid", "crash: the command exited with status 3; no answer"),
    "segv": ("invalid", "crash: the command was killed by signal 11"),
    "hang": ("invalid", "hangs: no answer within "),
    "rubbish": ("invalid", "rubbish: "),
    "half-frame": ("invalid", "crash: the command exited with status 0; "),
    "ten-gigabytes": ("invalid", "rubbish: "),
    "not-a-container": ("invalid", "answer: "),
    "prints": ("agrees", ""),
}


def verify(fault, report):
    command = [PLUMBLINE, "verify", "--preset", "gpt2", "--d", "24", "--n-layers", "1", "--cases", str(CASES),
               "--no-shrink", "--failures", report.parent / "failures", "--json", report]
    command += ["--timeout", "15"] if fault == "hang" else []
    peer = [sys.executable, HERE / "torch_peer.py", "--fault", f"{fault}@{EVERY}"]
    status = subprocess.run([*command, "--", *peer], stdout=subprocess.DEVNULL).returncode
    return status, json.loads(report.read_text())


def test_every_fault_has_an_expectation():
    assert EXPECTED.keys() == faults.FAULTS.keys()


@pytest.mark.parametrize("fault", faults.FAULTS)
def test_every_third_answer_is_spoilt(fault, tmp_path):
    status, report = verify(fault, tmp_path / "report.json")
    outcome, beginning = EXPECTED[fault]
    cases = [r for r in report["results"] if "/laws/" not in r["id"]]
    assert len(cases) == CASES
    for number, case in enumerate(cases, 1):
        if number % EVERY == 0:
            assert case["outcome"] == outcome and case["message"].startswith(beginning), case
        else:
            assert case["outcome"] in ("agrees", "discarded"), case
    assert any(case["outcome"] == "agrees" for case in cases[EVERY:])
    assert (status == 0) == (outcome in ("agrees", "skipped")), report["failures"]
