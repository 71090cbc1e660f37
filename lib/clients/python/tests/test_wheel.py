"""The wheel that a build makes: what is in it, where it runs, and that it runs where there is nothing else."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy
import ml_dtypes
import pytest

HERE = Path(__file__).resolve().parents[1]
BUILD = os.environ.get("PLUMBLINE_BUILD")  # the folder of CMake's build

EXAMPLE = """
import numpy as np
from plumbline_oracle import check

check(lambda x, weight: x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(1e-6)) * weight,
      {"part": "norm", "norm": {"kind": "rms_norm", "eps": 1e-6}}, takes=["x", "norm.weight"], grads=False, cases=10)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    if not BUILD:
        pytest.skip("PLUMBLINE_BUILD names no build to pack")
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--config-settings", f"cmake.define.PLUMBLINE_BUILD={BUILD}"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "-w", folder, HERE], check=True)
    (file,) = folder.glob("*.whl")
    return file


def test_it_runs_on_other_systems(wheel):
    shown = subprocess.run([sys.executable, "-m", "auditwheel", "show", wheel], capture_output=True, text=True, check=True)
    assert '"manylinux_2_' in shown.stdout, shown.stdout


def test_it_holds_the_command_its_libraries_and_what_is_known(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("bin/plumbline", "bin/libmpfr.so.6", "bin/licenses/libmpfr6", "bin/licenses/plumbline", "known/torch_layer_norm_bias_gradient.json", "checking.py"):
        assert "plumbline_oracle/" + name in names
    assert {"plumbline_client.py", "plumbline_torch.py", "plumbline_jax.py"} <= set(names)
    assert not [name for name in names if name.startswith("test")]


def test_it_checks_a_function_where_there_is_nothing_else(wheel, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "empty"], check=True)
    python = tmp_path / "empty" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel], check=True)
    needs = {str(Path(module.__file__).parents[1]) for module in (numpy, ml_dtypes)}  # pip would fetch these two
    environment = {"PATH": "/nowhere", "PYTHONPATH": os.pathsep.join(needs)}
    done = subprocess.run([python, "-c", EXAMPLE], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = subprocess.run([tmp_path / "empty" / "bin" / "plumbline", "list", "presets"], env=environment, capture_output=True)
    assert b"llama" in said.stdout
