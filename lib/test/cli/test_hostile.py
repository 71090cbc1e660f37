"""Whatever a command does, the run ends with verdicts: never a crash, a hang, or a fault of Plumbline's own.

PLUMBLINE names the command; HOSTILE_SEEDS, how many commands are generated [6]. For an hour by hand:
HOSTILE_SEEDS=1000 pytest test_hostile.py"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
PLUMBLINE = os.environ.get("PLUMBLINE", HERE.parents[2] / "build" / "bin" / "plumbline")
NORM = {"part": "norm", "d": 8, "norm": {"kind": "rms_norm", "eps": 1e-6}}


@pytest.mark.parametrize("seed", range(int(os.environ.get("HOSTILE_SEEDS", 6))))
def test_a_hostile_command_is_judged(seed, tmp_path):
    (tmp_path / "spec.json").write_text(json.dumps(NORM))
    shutil.copy(HERE / "hostile_peer.py", tmp_path / "peer.py")
    command = [PLUMBLINE, "verify", "--spec", "spec.json", "--no-grads", "--cases", "8", "--no-shrink",
               "--timeout", "1", "--json", "report.json", "--", sys.executable, "peer.py", str(seed)]
    ran = subprocess.run(
        list(map(str, command)),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1] / "clients" / "python")},
    )
    assert ran.returncode in (0, 1), ran.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["fault"] is None
    outcomes = {r["outcome"] for r in report["results"]}
    assert outcomes <= {"agrees", "holds", "invalid", "wrong", "broken", "coarser", "untried"}, report["results"]
    assert (ran.returncode == 0) == outcomes.isdisjoint({"invalid", "wrong", "broken", "coarser"})
