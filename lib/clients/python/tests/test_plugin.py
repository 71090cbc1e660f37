"""The pytest plugin, in a pytest of its own."""

import subprocess

import pytest

pytest_plugins = ["pytester"]

TESTS = '''
import numpy as np
import pytest

SPEC = {"part": "norm", "norm": {"kind": "rms_norm", "eps": 1e-6}}
EPS = np.float32(1e-6)


def rms_norm(x, weight):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPS) * weight


def outside(x, weight):
    return x / (np.sqrt((x * x).mean(-1, keepdims=True)) + EPS) * weight


@pytest.mark.plumbline(cases=7, grads=False)
@pytest.mark.parametrize("norm", [rms_norm, outside])
def test_norm(plumbline, norm):
    result = plumbline.check(norm, SPEC, takes=["x", "norm.weight"])
    print("asked", sum(not "/laws/" in r["id"] for r in result.report["results"]), result.report["facts"]["seed"])
'''


@pytest.fixture
def tests(pytester):
    pytester.makepyfile(TESTS)
    return pytester


PLUGIN = ["-p", "plumbline_oracle.pytest_plugin", "-p", "no:cacheprovider"]


def replay_line(output):
    (line,) = [line.split("E  ")[-1].strip() for line in output if "--plumbline-replay" in line and "pytest" in line][:1]
    return line


@pytest.mark.parametrize("parallel", [[], ["-n", "2"]])
def test_a_failure_is_asked_again_by_its_line(tests, parallel):
    if parallel:
        pytest.importorskip("xdist")
    result = tests.runpytest_subprocess(*PLUGIN, *parallel)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*wrong: computes norm/eps-outside-sqrt*", "*smallest failing case*"])
    line = replay_line(result.outlines)
    again = subprocess.run(f"{line} {' '.join(PLUGIN)}", shell=True, cwd=tests.path, capture_output=True, text=True)
    assert again.returncode == 1 and "norm/eps-outside-sqrt" in again.stdout and "1 failed" in again.stdout, again.stdout


def test_a_failure_is_asked_again_in_its_own_test_alone(tests):
    result = tests.runpytest_subprocess(*PLUGIN, "--plumbline-replay", "some.safetensors")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--plumbline-replay: expected one test*found 2"])


def test_options_go_before_markers(tests):
    result = tests.runpytest_subprocess(*PLUGIN, "-rP", "-k", "rms_norm")
    result.stdout.fnmatch_lines(["asked 7 1"])
    result = tests.runpytest_subprocess(*PLUGIN, "-rP", "-k", "rms_norm", "--plumbline-cases", "9", "--plumbline-seed", "4")
    result.stdout.fnmatch_lines(["asked 9 4"])


def test_the_marker_is_known(tests):
    result = tests.runpytest_subprocess(*PLUGIN, "--strict-markers", "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.plumbline(*"])
