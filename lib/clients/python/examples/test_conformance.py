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
