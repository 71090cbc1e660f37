"""One norm in seven languages: each agrees, and with one bug planted in its text each is named. A language whose compiler is
not here is skipped, and says so."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CLIENTS = Path(__file__).resolve().parents[2] / "clients"
PLUMBLINE = os.environ.get("PLUMBLINE", "plumbline")

# By language: the source, what builds it (nothing where it is run as it is), what runs it, the right line, the wrong one.
LANGUAGES = {
    "c": (
        "c/rms_norm.c",
        ["cc", "-O2", "-o", "{out}", "{source}", "-lm"],
        ["{out}"],
        "1 / sqrtf(square / (float)d + 1e-6f)",
        "1 / (sqrtf(square / (float)d) + 1e-6f)",
    ),
    "c++": (
        "cpp/rms_norm.cpp",
        ["c++", "-std=c++20", "-O2", "-I", str(CLIENTS / "cpp"), "-o", "{out}", "{source}"],
        ["{out}"],
        "1 / std::sqrt(square / float(gain.size()) + eps)",
        "1 / (std::sqrt(square / float(gain.size())) + eps)",
    ),
    "rust": (
        "rust/rms_norm.rs",
        ["rustc", "--edition", "2021", "-O", "-o", "{out}", "{source}"],
        ["{out}"],
        "1.0 / (square / gain.len() as f32 + 1e-6).sqrt()",
        "1.0 / ((square / gain.len() as f32).sqrt() + 1e-6)",
    ),
    "go": (
        "go/rms_norm.go",
        ["go", "build", "-o", "{out}", "{source}"],
        ["{out}"],
        "1 / float32(math.Sqrt(float64(square/float32(d)+1e-6)))",
        "1 / (float32(math.Sqrt(float64(square/float32(d)))) + 1e-6)",
    ),
    "javascript": (
        "javascript/rms_norm.mjs",
        [],
        ["node", "{source}"],
        "1 / Math.sqrt(square / d + 1e-6)",
        "1 / (Math.sqrt(square / d) + 1e-6)",
    ),
    "julia": (
        "julia/rms_norm.jl",
        [],
        ["julia", "{source}"],
        "1 ./ sqrt.(sum(abs2, x, dims = 1) ./ Float32(length(gain)) .+ 1f-6)",
        "1 ./ (sqrt.(sum(abs2, x, dims = 1) ./ Float32(length(gain))) .+ 1f-6)",
    ),
    "python": (
        "python/examples/rms_norm.py",
        [],
        [sys.executable, "{source}"],
        'np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(norm["eps"]))',
        '(np.sqrt((x * x).mean(-1, keepdims=True)) + np.float32(norm["eps"]))',
    ),
}


def verify(language, text, folder):
    """The exit status and the report of a program of that text."""
    name, build, run, _, _ = LANGUAGES[language]
    source = folder / Path(name).name
    source.write_text(text)
    names = {"source": str(source), "out": str(folder / "program")}
    for words in [build] if build else []:
        subprocess.run([word.format(**names) for word in words], check=True)
    command = [word.format(**names) for word in run]
    asked = ["--spec", CLIENTS / "cpp" / "rms_norm.json", "--no-grads", "--failures", folder / "failures"]
    done = subprocess.run([PLUMBLINE, "verify", *asked, "--", *command], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_norm_agrees_and_its_bug_is_named(language, tmp_path):
    name, build, run, right, wrong = LANGUAGES[language]
    tool = (build or run)[0]
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not here")
    text = (CLIENTS / name).read_text()
    assert text.count(right) == 1
    status, report = verify(language, text, tmp_path)
    assert status == 0 and "100 agrees" in report, report
    status, report = verify(language, text.replace(right, wrong), tmp_path)
    assert status == 1 and "wrong: computes norm/eps-outside-sqrt" in report, report
