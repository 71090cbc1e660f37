"""plumbline train: one run and its curve, a campaign that is killed and goes on, and what is said of bad input.

PLUMBLINE names the command; otherwise it is the one that was built in build/."""

import json
import os
import pathlib
import signal
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
PLUMBLINE = os.environ.get("PLUMBLINE", HERE.parents[2] / "build" / "bin" / "plumbline")
SMALL = ["--d", "16", "--tokens", "16", "--steps", "40"]
GRID = ["--layout", "pre_norm,post_norm", "--layers", "2,4", "--rate", "0.003,0.01", "--seeds", "2", *SMALL]


def train(*arguments, **more):
    return subprocess.run([str(PLUMBLINE), "train", *map(str, arguments)], capture_output=True, text=True, timeout=300, **more)


def test_one_run_shows_its_curve_and_is_the_same_again(tmp_path):
    runs = [train("--layers", 2, *SMALL, "--json", tmp_path / name) for name in ("one", "again")]
    assert all(run.returncode == 0 for run in runs)
    assert runs[0].stdout.count("*") > 12 and "loss in nats a byte, 40 steps" in runs[0].stdout
    assert (tmp_path / "one").read_bytes() == (tmp_path / "again").read_bytes()
    record = json.loads((tmp_path / "one").read_text())
    assert record["layout"] == "pre_norm" and record["ending"] in ("learned", "stuck") and len(record["curve"]) == 40


def test_a_campaign_that_is_killed_goes_on_and_ends_with_the_same_bytes(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert train(*GRID, "--campaign", whole).returncode == 0
    process = subprocess.Popen([str(PLUMBLINE), "train", *GRID, "--campaign", str(killed), "--jobs", "1"])
    while not killed.exists() or sum(1 for _ in killed.glob("*.json")) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 0 < sum(1 for _ in killed.glob("*.json")) < 16
    for shard in ("1/2", "2/2"):
        assert train(*GRID, "--campaign", killed, "--shard", shard).returncode == 0
    for folder in (whole, killed):
        assert train(*GRID, "--merge", folder, "--json", folder / "merged").returncode == 0
    assert (whole / "merged").read_bytes() == (killed / "merged").read_bytes()
    assert len((whole / "merged").read_text().splitlines()) == 16


def refused(*arguments):
    run = train(*arguments)
    assert run.returncode == 2 and run.stderr.count("\n") == 1, run.stderr
    return run.stderr


def test_bad_input_is_one_line(tmp_path):
    assert 'unknown layout "prenorm"; the nearest known one is "pre_norm"' in refused("--layout", "prenorm")
    assert "training.n_heads: expected a divisor of d = 16, found 3" in refused("--d", 16, "--n-heads", 3)
    assert "expected one run, or --campaign" in refused("--layers", "2,4")
    assert "--shard: expected K/N" in refused("--campaign", tmp_path, "--shard", "half")
    assert "expected its record in one of the folders" in refused("--merge", tmp_path, "--json", tmp_path / "merged")
    assert "cannot be opened" in refused("--corpus", tmp_path)
    (tmp_path / "corpus").mkdir()
    for licence in pathlib.Path("/usr/share/common-licenses").iterdir():
        (tmp_path / "corpus" / licence.name).write_bytes(licence.read_bytes() + b" ")
    assert "expected the licences of Debian 12, with the checksum" in refused("--corpus", tmp_path / "corpus")
