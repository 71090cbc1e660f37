"""The wheel that a build makes: what is in it, where it runs, and that it runs where there is nothing else. pip compiles
the command for minutes; here the one of PLUMBLINE_BUILD is packed, after a look that pip would compile the same."""

import base64
import configparser
import csv
import email
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy
import ml_dtypes
import pytest

HERE = Path(__file__).resolve().parents[1]
BUILD = os.environ.get("PLUMBLINE_BUILD")  # the folder of CMake's build
MOST_BYTES = 12e6  # to download

EXAMPLE = """
import numpy as np
from plumbline_oracle import check

check(lambda x, weight: x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(1e-6)) * weight,
      {"part": "norm", "norm": {"kind": "rms_norm", "eps": 1e-6}}, takes=["x", "norm.weight"], grads=False, cases=10)
"""


def version():
    return re.search(r"project\(plumbline VERSION (\S+)", (HERE.parents[2] / "CMakeLists.txt").read_text())[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    if not BUILD:
        pytest.skip("PLUMBLINE_BUILD names no build to pack")
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--config-settings", f"cmake.define.PLUMBLINE_BUILD={BUILD}"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "-w", folder, HERE], check=True)
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture
def inside(wheel):
    """What stands in a file of its description, by the file's name."""
    files = zipfile.ZipFile(wheel)
    return lambda name: files.read(f"plumbline_oracle-{version()}.dist-info/{name}").decode()


def test_it_runs_on_other_systems(wheel):
    shown = subprocess.run([sys.executable, "-m", "auditwheel", "show", wheel], capture_output=True, text=True, check=True)
    needed = re.search(r'"manylinux_2_(\d+)_', shown.stdout)
    promised = re.search(r"glibc 2\.(\d+)", (HERE.parents[2] / "README.md").read_text())
    assert needed and int(needed[1]) <= int(promised[1]), shown.stdout
    assert wheel.stat().st_size < MOST_BYTES


def test_it_says_what_it_is_and_what_it_needs(inside):
    said = email.message_from_string(inside("METADATA"))
    assert (said["Name"], said["Version"]) == ("plumbline-oracle", version())
    needs = [need for need in said.get_all("Requires-Dist") if "extra" not in need]
    assert sorted(re.match(r"\w+", need)[0] for need in needs) == ["ml_dtypes", "numpy"]
    assert said.get_payload() == (HERE / "README.md").read_text()
    tag = email.message_from_string(inside("WHEEL"))["Tag"]
    assert re.fullmatch(r"py3-none-linux_\w+", tag), tag
    starts = configparser.ConfigParser()
    starts.read_string(inside("entry_points.txt"))
    assert {group: dict(starts[group]) for group in starts.sections()} == {
        "console_scripts": {"plumbline": "plumbline_oracle.command:main"},
        "pytest11": {"plumbline": "plumbline_oracle.pytest_plugin"},
    }


def test_its_record_is_of_its_files(wheel, inside):
    files = zipfile.ZipFile(wheel)
    recorded = {name: (said, size) for name, said, size in csv.reader(inside("RECORD").splitlines())}
    assert recorded.keys() == set(files.namelist())
    for name, (said, size) in recorded.items():
        data = files.read(name)
        own = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        assert name.endswith("/RECORD") or (said, size) == (f"sha256={own}", str(len(data))), name


def test_it_holds_the_command_its_libraries_and_what_is_known(wheel):
    files = zipfile.ZipFile(wheel)
    names = files.namelist()
    for name in ("bin/plumbline", "bin/libmpfr.so.6", "bin/licenses/libmpfr6", "bin/licenses/plumbline", "known/torch_layer_norm_bias_gradient.json", "checking.py"):
        assert "plumbline_oracle/" + name in names
    assert {"plumbline_client.py", "plumbline_torch.py", "plumbline_jax.py"} <= set(names)
    assert not [name for name in names if name.startswith("test")]
    assert files.getinfo("plumbline_oracle/bin/plumbline").external_attr >> 16 & 0o111, "the command cannot be run"


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
    # The libraries are those of the package, though this system may have them too.
    (command,) = (tmp_path / "empty").rglob("plumbline_oracle/bin/plumbline")
    traced = subprocess.run([command], env={**environment, "LD_TRACE_LOADED_OBJECTS": "1"}, capture_output=True, text=True)
    found = dict(re.findall(r"(\S+) => (\S+)", traced.stdout))
    own = {file.name for file in command.parent.glob("lib*")}
    assert len(own) > 5 and {name: Path(found[name]).parent for name in own} == dict.fromkeys(own, command.parent)


def flags_by_target(build):
    """Of every target that is compiled there, how; without what depends on where it is, or changes no code."""
    found = {}
    out = subprocess.run(["ninja", "-C", build, "-t", "compdb"], capture_output=True, text=True, check=True).stdout
    for entry in json.loads(out):
        target = re.search(r"CMakeFiles/(\w+)\.dir/.*\.o$", entry["output"])
        if target and not entry["file"].endswith(".hxx.cxx"):
            flags = (word for word in shlex.split(entry["command"]) if re.match(r"-(O|f|m|std|D)", word))
            found.setdefault(target[1], set()).add(frozenset(flag for flag in flags if flag != "-fpch-preprocess"))
    return found


def test_pip_would_compile_what_is_packed(tmp_path):
    if not BUILD:
        pytest.skip("PLUMBLINE_BUILD names no build to pack")
    tomllib = pytest.importorskip("tomllib")  # Python 3.11 has it
    said = tomllib.loads((HERE / "pyproject.toml").read_text())["tool"]["scikit-build"]
    defined = {"CMAKE_BUILD_TYPE": said["cmake"]["build-type"], **said["cmake"]["define"]}
    built = (Path(BUILD) / "CMakeCache.txt").read_text()
    if "CMAKE_BUILD_TYPE:STRING=Release\n" not in built or "CMAKE_CXX_FLAGS:STRING=\n" not in built:
        pytest.skip("PLUMBLINE_BUILD is no ordinary build")
    options = [f"-D{name}={value}" for name, value in defined.items()]
    subprocess.run(["cmake", "-S", HERE / said["cmake"]["source-dir"], "-B", tmp_path, "-G", "Ninja", *options],
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", tmp_path, "-n", *said["build"]["targets"]], check=True, stdout=subprocess.DEVNULL)
    own, theirs = flags_by_target(BUILD), flags_by_target(tmp_path)
    assert {"plumbline", "plumbline_campaign", "plumbline_cli"} <= theirs.keys()
    assert {target: own.get(target) for target in theirs} == theirs
