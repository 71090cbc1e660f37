"""Wrong uses of the command: the exit status, what is said, and what is left on disk.

PLUMBLINE names the command; otherwise it is the one that was built in build/."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
PLUMBLINE = os.environ.get("PLUMBLINE", HERE.parents[2] / "build" / "bin" / "plumbline")
CLIENT = HERE.parents[1] / "clients" / "python"
NORM = {"part": "norm", "d": 8, "norm": {"kind": "rms_norm", "eps": 1e-6}}
OK, DIFFERS, MISUSE, INTERRUPTED = 0, 1, 2, 130


class Ran:
    def __init__(self, done, folder):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.left = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.fixture
def run(tmp_path):
    """plumbline with these arguments, in an empty folder but for spec.json; {} in them is the folder."""

    def run(*arguments, env={}, spec=NORM, standard_input=""):
        if isinstance(spec, (dict, list)):
            spec = json.dumps(spec)
        (tmp_path / "spec.json").write_bytes(spec if isinstance(spec, bytes) else spec.encode())
        done = subprocess.run(
            [str(PLUMBLINE), *map(str, arguments)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            errors="replace",
            input=standard_input,
            timeout=300,
            env={**os.environ, "PYTHONPATH": str(CLIENT), **env},
        )
        assert done.stderr.count("terminate called") == 0
        ran = Ran(done, tmp_path)
        ran.left.remove("spec.json")
        return ran

    run.folder = tmp_path
    return run


def peer(what="right"):
    return ["--", sys.executable, HERE / "wrong_peer.py", what]


def verify(*options, what="right"):
    return ["verify", "--spec", "spec.json", "--no-grads", "--cases", "4", *options, *peer(what)]


def is_misuse(ran, message):
    """One line, nothing on standard output, nothing left behind."""
    assert ran.status == MISUSE
    assert ran.err.startswith("plumbline: ") and ran.err.count("\n") == 1, ran.err
    assert message in ran.err
    assert ran.out == "" and ran.left == []


COMMAND_LINES = {  # what is wrong: arguments, and what is said
    "no verb": ([], "A subcommand is required"),
    "misspelt verb": (["verfy"], 'unknown verb "verfy"; known are list, explain'),
    "misspelt option": (["verify", "--preset", "llama", "--profil", "tf32", "--", "true"], '"--profil"; the nearest known one is "--profile"'),
    "misspelt flag": (["verify", "--no-grad", "--spec", "spec.json", "--", "true"], '"--no-grad"; the nearest known one is "--no-grads"'),
    "option of nothing known": (["verify", "--frobnicate", "--", "true"], 'unknown option "--frobnicate"; known are --'),
    "no block": (["verify", "--", "true"], "--preset, --spec or --hf is required"),
    "no command": (["verify", "--preset", "llama"], "COMMAND is required"),
    "unknown preset": (["verify", "--preset", "lama", "--", "true"], 'unknown preset "lama"; the nearest known one is "llama"'),
    "preset like none": (["verify", "--preset", "foo", "--", "true"], 'unknown preset "foo"; known are pre_norm'),
    "unknown profile": (["verify", "--preset", "llama", "--profile", "fp8", "--", "true"], 'unknown profile "fp8"; known are float64'),
    "no cases": (["verify", "--preset", "llama", "--cases", "0", "--", "true"], "--cases: Value 0 not in range"),
    "seed of letters": (["verify", "--preset", "llama", "--seed", "abc", "--", "true"], "--seed"),
    "negative seed": (["verify", "--preset", "llama", "--seed", "-1", "--", "true"], "--seed: expected a whole number from 0 on, found -1"),
    "no time": (["verify", "--preset", "llama", "--timeout", "0", "--", "true"], "--timeout: Value 0 not in range"),
    "pipes that are none": (["verify", "--preset", "llama", "--pipes", "5"], "--pipes: expected IN,OUT, two descriptors, found 5"),
    "pipes that are not open": (["verify", "--preset", "llama", "--pipes", "98,99"], "descriptor 98: expected an open one, found none"),
    "pipes and a command": (["verify", "--preset", "llama", "--pipes", "0,1", "--", "true"], "--pipes"),
    "a name for no pipes": (["verify", "--preset", "llama", "--called", "me", "--", "true"], "--pipes"),
    "shard of none": (["verify", "--preset", "llama", "--shard", "0/2", "--", "true"], "expected K/N with 1 <= K <= N, found 0/2"),
    "shard without cases": (["verify", "--preset", "llama", "--cases", "2", "--shard", "3/4", "--", "true"], "--shard: expected at most 2"),
    "more than all skipped": (["verify", "--preset", "llama", "--max-skipped", "101", "--", "true"], "--max-skipped: Value 101 not in range"),
    "report into no folder": (["verify", "--preset", "llama", "--json", "no/r.json", "--", "true"], "no/r.json: cannot be written: No such file or directory"),
    "report onto a folder": (["verify", "--preset", "llama", "--junit", ".", "--", "true"], ".: cannot be written: Is a directory"),
    "failures under a file": (["verify", "--spec", "spec.json", "--failures", "spec.json/f", "--", "true"], "spec.json"),
    "no such command": (["verify", "--preset", "llama", "--", "pyhton3"], "pyhton3: cannot be run: No such file or directory"),
    "no such spec": (["verify", "--spec", "no.json", "--", "true"], "no.json: cannot be opened: No such file or directory"),
    "spec is a folder": (["verify", "--spec", ".", "--", "true"], ".: cannot be read: Is a directory"),
    "no such replay": (["verify", "--replay", "no.safetensors", "--", "true"], "no.safetensors: cannot be opened"),
    "replay of something else": (["verify", "--replay", "spec.json", "--", "true"], "spec.json: "),
    "judge without a suite": (["judge", "no", "no"], "no: expected a folder, found none"),
    "judge what is no suite": (["judge", ".", "."], ".: expected CASE.safetensors, found none"),
    "emit in no profile": (["emit", "suite", "--profile", "fp8"], 'unknown profile "fp8"'),
    "identify without sizes": (["identify", "--", "true"], "--parameters or --d is required"),
    "size of nothing": (["explain", "--preset", "gpt2", "--d", "0"], "--d: Value 0 not in range"),
}


@pytest.mark.parametrize("wrong", COMMAND_LINES)
def test_a_wrong_command_line_is_one_line(run, wrong):
    arguments, message = COMMAND_LINES[wrong]
    is_misuse(run(*arguments), message)


SPECS = {  # what is wrong: the file, and what is said
    "no JSON": ("{", "spec.json: "),
    "no UTF-8": (b'{"part": "\xff"}', "spec.json: "),
    "a key twice": ('{"part": "norm", "part": "norm"}', 'key "part" is given twice'),
    "no object": ([1], "spec.json: spec: expected an object"),
    "unknown key before a missing d": ({"preset": "llama", "eps": 1e-6}, "spec.json: spec.eps: unknown key"),
    "unknown preset before a missing d": ({"preset": "nobodys"}, 'spec.json: spec.preset: unknown preset "nobodys"; known are'),
    "unknown part before a missing d": ({"part": "layernorm"}, "spec.json: spec.part: expected one of"),
    "what no spec can ask for": ({"preset": "llama", "d": 8, "moe": {}}, "spec.json: spec.moe: unknown key; mixtures of experts are ffn.moe"),
    "an empty range": ({**NORM, "d": {"from": 9, "to": 8}}, "that is not empty"),
    "no choice": ({**NORM, "d": {"one_of": []}}, "spec.json: "),
    "negative eps": ({**NORM, "norm": {"kind": "rms_norm", "eps": -1}}, "eps: expected a number of at least 0"),
}


@pytest.mark.parametrize("wrong", SPECS)
def test_a_wrong_spec_is_one_line_that_names_the_file(run, wrong):
    spec, message = SPECS[wrong]
    is_misuse(run("verify", "--spec", "spec.json", "--", "true", spec=spec), message)


@pytest.mark.parametrize("least, most", [(1, 2_000_000_000), (-(2**31), 2**31 - 1), (2**31 - 1, 2**31 - 1)])
def test_a_range_as_wide_as_there_are_numbers_is_drawn_from_or_refused(run, least, most):
    spec = {**NORM, "d": {"from": least, "to": most}}
    ran = run("verify", "--spec", "spec.json", "--no-grads", "--cases", "1", "--", "true", spec=spec)
    assert ran.status in (DIFFERS, MISUSE), ran.err
    assert ran.status != MISUSE or ran.err.startswith("plumbline: spec.json: "), ran.err


PEERS = {  # what is wrong: the outcome, and what is said
    "zeros": ("wrong", ""),
    "nan": ("wrong", "y[0, 0]: expected "),
    "one-nan": ("wrong", "found NaN"),
    "infinity": ("wrong", "found inf"),
    "half": ("wrong", ""),
    "drifts": ("wrong", ""),
    "float64": ("invalid", 'tensor "y": expected F32 ['),
    "shape": ("invalid", 'tensor "y": expected F32 ['),
    "transposed": ("invalid", 'tensor "y": expected F32 ['),
    "missing": ("invalid", 'tensor "y": expected F32 ['),
    "extra": ("invalid", 'tensor "z": expected no such tensor'),
    "raises": ("invalid", "the implementation reports: ValueError: boom at"),
    "exits": ("invalid", "crash: the command exited with status 3; no answer"),
    "segv": ("invalid", "crash: the command was killed by signal 11"),
    "exits-later": ("invalid", "crash: the command exited with status 3; no answer"),
    "prints-first": ("invalid", "rubbish: "),
}


@pytest.mark.parametrize("what", PEERS)
def test_a_wrong_implementation_is_told_so(run, what):
    outcome, message = PEERS[what]
    ran = run(*verify("--no-shrink", "--json", "report.json", what=what))
    assert ran.status == DIFFERS, ran.out + ran.err
    report = json.loads((run.folder / "report.json").read_text())
    failed = [r for r in report["results"] if r["outcome"] == outcome]
    assert failed and message in failed[0]["message"], report["results"]
    assert report["fault"] is None
    assert any(name.startswith("plumbline-failures/") for name in ran.left)
    assert " failed" in ran.out.splitlines()[-1]


def test_a_hang_is_told_so(run):
    ran = run(*verify("--timeout", "0.5", "--no-shrink", what="hangs"))
    assert ran.status == DIFFERS and "hangs: no answer within 0.5 s" in ran.out


@pytest.mark.parametrize("what", ["right", "prints-at-import", "floods", "slow"])
@pytest.mark.parametrize("env", [{}, {"PYTHONUNBUFFERED": "1"}])
def test_what_does_no_harm_is_green(run, what, env):
    ran = run(*verify(what=what), env=env)
    assert ran.status == OK, ran.out
    assert ran.left == [] and ran.out.endswith("No failure.\n")


def test_no_case_judged_is_red(run):
    """Half too large, forward only, and --no-grads forgotten: the laws hold, which judges no case."""
    ran = run("verify", "--spec", "spec.json", "--cases", "4", *peer("half"))
    assert ran.status == DIFFERS
    assert "4 skipped: forward only" in ran.out
    assert ran.out.splitlines()[-1] == "No case was judged: 4 skipped."


def test_zeros_that_no_question_can_tell_are_red(run):
    spec = {"part": "add_norm", "d": 8, "norm": {"kind": "rms_norm"}, "residual_scale": 1000000}
    (run.folder / "zeros.py").write_text(
        "import numpy as np\nfrom plumbline_client import serve\n"
        "serve(lambda r: {n: np.zeros_like(r.x) for n in ('y', 'sum')})\n"
    )
    ran = run("verify", "--spec", "spec.json", "--profile", "float16-mixed", "--no-grads", "--cases", "4", "--",
              sys.executable, "zeros.py", spec=spec)
    assert ran.status == DIFFERS
    assert "No case was judged: 4 discarded" in ran.out


def test_more_skipped_than_allowed_is_red(run):
    command = ["verify", "--spec", "spec.json", "--cases", "12", "--seed", "3"]
    some = ["--no-grads", *peer("refuses-once")]
    ran = run(*command, *some)
    assert ran.status == OK, ran.out
    assert "1 of 12 cases were not judged (1 skipped" in ran.out.splitlines()[-1]
    ran = run(*command, "--max-skipped", "5", *some)
    assert ran.status == DIFFERS and ran.out.splitlines()[-1].endswith(", more than 5 %.")


def test_a_command_that_deletes_itself_is_told_so(run):
    script = run.folder / "gone.sh"
    script.write_text('#!/bin/sh\nrm -f "$0"\nexit 3\n')
    script.chmod(0o755)
    ran = run("verify", "--spec", "spec.json", "--cases", "4", "--", script)
    assert ran.status == DIFFERS
    assert "cannot be started again" in ran.out or "exited with status 3" in ran.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_tells_what_it_found(run, number):
    (run.folder / "spec.json").write_text(json.dumps(NORM))
    options = ["--spec", "spec.json", "--no-grads", "--cases", "1000000"]
    command = list(map(str, [PLUMBLINE, "verify", *options, *peer("zeros")]))
    process = subprocess.Popen(command, cwd=run.folder, stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "PYTHONPATH": str(CLIENT)})
    failures = run.folder / "plumbline-failures"
    deadline = time.monotonic() + 120
    while not (failures.is_dir() and any(failures.iterdir())) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(number)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert "Stopped: interrupted" in out and " failed." in out
    assert any(failures.iterdir())


def test_a_full_disk_loses_no_verdict(run):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    ran = run(*verify("--no-shrink", "--failures", "/dev/full", what="zeros"))
    assert ran.status == MISUSE or " failed." in ran.out


def test_who_promises_batch_invariance_is_held_to_it(run):
    assert run(*verify(what="by-batch")).status == OK
    ran = run(*verify("--batch-invariant", what="by-batch"))
    assert ran.status == DIFFERS and "broken: batch-invariant, a sequence has the same bits" in ran.out, ran.out
    assert run(*verify("--batch-invariant")).status == OK


def test_a_law_that_cannot_be_tried_says_why(run):
    assert run(*verify("--json", "report.json")).status == OK
    laws = [r for r in json.loads((run.folder / "report.json").read_text())["results"] if "/laws/" in r["id"]]
    why = {r["id"].split("/")[3]: r["message"] for r in laws if r["outcome"] == "untried"}
    assert why["gradient-sums"] == "no gradients are asked for"
    assert why["doubling"].startswith("eps is pinned")
    assert why["wiring"].startswith("the law says nothing")
    assert "batch-invariant" not in why  # nobody promised it


def test_different_failures_have_different_files(run):
    first = run(*verify("--no-shrink", what="shape"))
    second = run(*verify("--no-shrink", what="float64"))
    assert first.left and set(first.left) < set(second.left)


def test_a_failure_is_asked_again(run):
    ran = run(*verify("--no-shrink", what="zeros"))
    line = next(l for l in ran.out.splitlines() if l.strip().startswith("plumbline verify --replay "))
    file = line.split()[3]
    again = run("verify", "--replay", file, *peer("zeros"))
    assert again.status == DIFFERS and "found now: wrong" in again.out
    assert run("verify", "--replay", file, *peer("right")).status == OK


@pytest.fixture
def suite(run):
    ran = run("emit", "suite", "--spec", "spec.json", "--no-grads")
    assert ran.status == OK
    answered = subprocess.run(
        [sys.executable, "-c", "import sys\nsys.argv[1:] = ['right']\nimport plumbline_client as c\n"
         "c.serve = lambda f: c.answer_folder(f, 'suite', 'answers')\n"
         f"exec(open({str(HERE / 'wrong_peer.py')!r}).read())"],
        cwd=run.folder, env={**os.environ, "PYTHONPATH": str(CLIENT)})
    assert answered.returncode == 0
    return run.folder / "suite"


def test_a_suite_is_held_to_its_manifest(run, suite):
    assert run("judge", "suite", "answers").status == OK
    question = sorted(suite.glob("*.safetensors"))[0]
    kept = question.read_bytes()
    question.unlink()
    ran = run("judge", "suite", "answers")
    assert ran.status == MISUSE and "expected the question that manifest.json lists, found none" in ran.err
    (suite / "another.safetensors").write_bytes(kept)
    question.write_bytes(kept)
    ran = run("judge", "suite", "answers")
    assert ran.status == MISUSE and "whose question is there, found none" in ran.err
    (suite / "another.safetensors").unlink()
    (suite / "manifest.json").unlink()
    ran = run("judge", "suite", "answers")
    assert ran.status == MISUSE and "manifest.json: cannot be opened" in ran.err


def test_answers_that_are_lost_are_failures(run, suite):
    answers = sorted((run.folder / "answers").glob("*.safetensors"))
    answers[0].unlink()
    answers[1].write_bytes(answers[1].read_bytes()[:40])
    ran = run("judge", "suite", "answers")
    assert ran.status == DIFFERS and "expected an answer, found none" in ran.out
    assert ran.out.splitlines()[-1].startswith("2 of ")


def test_an_interrupted_judge_tells_what_it_found(run, suite):
    manifest = json.loads((suite / "manifest.json").read_text())
    first = manifest["cases"][0]
    answers = run.folder / "answers"
    manifest["cases"] = [f"copy-{i}" for i in range(20000)]
    question, answer = (suite / f"{first}.safetensors"), (answers / f"{first}.safetensors")
    many, theirs = run.folder / "many", run.folder / "theirs"
    many.mkdir(), theirs.mkdir()
    for name in manifest["cases"]:
        os.link(question, many / f"{name}.safetensors")
        os.link(answer, theirs / f"{name}.safetensors")
    (many / "manifest.json").write_text(json.dumps(manifest))
    process = subprocess.Popen([str(PLUMBLINE), "judge", "many", "theirs", "--json", "report.json"], cwd=run.folder,
                               stdout=subprocess.PIPE, text=True)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == INTERRUPTED, out[-500:]
    judged = len(json.loads((run.folder / "report.json").read_text())["results"])
    assert 0 < judged < 20000
    assert f"Stopped: interrupted after {judged} of 20000 cases" in out


def test_the_version_is_told(run):
    ran = run("--version")
    assert ran.status == OK and ran.out.startswith("plumbline ") and ran.err == ""
