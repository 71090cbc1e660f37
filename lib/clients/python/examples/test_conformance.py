"""Conformance as a test of one's own: PLUMBLINE names the command where it is not on the path."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PLUMBLINE = os.environ.get("PLUMBLINE", "plumbline")


@pytest.mark.parametrize("profile", ["float32", "bfloat16-mixed"])
def test_rms_norm_conforms(profile, tmp_path):
    verify = [PLUMBLINE, "verify", "--spec", HERE / "rms_norm.json", "--no-grads", "--profile", profile]
    subprocess.run([*verify, "--failures", tmp_path, "--", sys.executable, HERE / "rms_norm.py"], check=True)


def test_llama_conforms(tmp_path):
    verify = [PLUMBLINE, "verify", "--preset", "llama", "--no-grads", "--failures", tmp_path]
    subprocess.run([*verify, "--", sys.executable, HERE / "llama_block.py"], check=True)


def test_black_box_is_identified():
    identify = [PLUMBLINE, "identify", "--d", "24", "--heads", "4"]
    found = subprocess.run([*identify, "--", sys.executable, HERE / "black_box.py"], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "parallel with LayerNorm (eps 1e-06); causal attention, 4 heads of 6; relu feed-forward" in found.stdout
