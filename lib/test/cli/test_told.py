"""What a run tells of mistakes: what is computed, when, and all of one cause together.

PLUMBLINE names the command; otherwise it is the one that was built in build/."""

import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PLUMBLINE = os.environ.get("PLUMBLINE", HERE.parents[2] / "build" / "bin" / "plumbline")
NORM = {"part": "norm", "d": {"from": 4, "to": 70}, "norm": {"kind": "rms_norm", "eps": 1e-5}}


def told(folder, what, *more):
    (folder / "norm.json").write_text(json.dumps(NORM))
    ran = subprocess.run([str(PLUMBLINE), "verify", "--spec", "norm.json", "--no-grads", "--cases", "60", "--json", "report.json",
                          *more, "--", sys.executable, str(HERE / "wrong_peer.py"), what], cwd=folder, capture_output=True, text=True,
                         timeout=300, env={**os.environ, "PYTHONPATH": str(HERE.parents[1] / "clients" / "python")})
    return ran.stdout, json.loads((folder / "report.json").read_text())


def test_a_tail_that_is_left_out_is_named_and_said_when(tmp_path):
    text, report = told(tmp_path, "tail")
    (failure,) = report["failures"]
    agreeing = sum(r["outcome"] == "agrees" for r in report["results"])
    assert "leaves out the channels beyond the last multiple of 4" in failure["headline"]
    assert failure["separation"] == f"all {failure['cases']} that fail, and none of the {agreeing} that agree: d is not a multiple of 4"
    assert failure["separation"] in text
    assert failure["sizes"]["d"] % 4 and failure["smallest_sizes"]["d"] % 4


def test_what_has_no_value_is_of_the_same_kind(tmp_path):
    text, report = told(tmp_path, "no-eps")
    (failure,) = report["failures"]
    assert failure["deviations"] == ["norm/eps-missing"]
    assert failure["cases"] == sum(r["outcome"] == "wrong" for r in report["results"])
    assert "of them where what it computes is no number" in text
    assert any(r["message"].endswith("which is no number here") for r in report["results"])


def test_what_was_asked_stands_in_the_report(tmp_path):
    _, report = told(tmp_path, "right", "--seed", "7")
    assert report["asked"]["spec"] == NORM
    assert (report["asked"]["seed"], report["asked"]["cases"], report["asked"]["gradients"]) == (7, 60, False)
    assert report["asked"]["profile"]["name"] == "float32"
