"""The C++ files are as clang-format writes them."""

import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]


def test_files_are_formatted():
    files = [f for room in ("lib", "golden", "properties", "reports") for f in (TOP / room).rglob("*.[hc]pp")]
    ran = subprocess.run(["clang-format", "--dry-run", *files], capture_output=True, text=True, check=True)
    assert not ran.stderr
