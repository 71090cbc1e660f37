"""Questions of one's own, in files: what is taken from them, and what is said where they are wrong.

PLUMBLINE names the command; otherwise it is the one that was built in build/."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

HERE = pathlib.Path(__file__).resolve().parent
PLUMBLINE = os.environ.get("PLUMBLINE", HERE.parents[2] / "build" / "bin" / "plumbline")
CLIENT = HERE.parents[1] / "clients" / "python"
sys.path.insert(0, str(CLIENT))
from plumbline_client import dumps, loads  # noqa: E402

SPEC = {"part": "norm", "d": 8, "norm": {"kind": "rms_norm", "eps": 1e-6}}
SDPA = {"part": "sdpa", "attention": {"n_heads": 2, "n_kv_heads": 1, "head_dim": 4, "mask": "causal"}}
OK, DIFFERS, MISUSE = 0, 1, 2


def normal(*shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def norm_tensors(**changed):
    tensors = {"x": normal(2, 3, 8), "norm.weight": normal(8)} | changed
    return {name: t for name, t in tensors.items() if t is not None}


@pytest.fixture
def run(tmp_path):
    (tmp_path / "spec.json").write_text(json.dumps(SPEC))
    (tmp_path / "sdpa.json").write_text(json.dumps(SDPA))

    def run(*arguments):
        return subprocess.run([str(PLUMBLINE), *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True,
                              timeout=120, env={**os.environ, "PYTHONPATH": str(CLIENT)})

    def write(tensors, metadata={}, name="mine.safetensors"):
        (tmp_path / name).write_bytes(dumps(tensors, metadata))

    run.folder, run.write = tmp_path, write
    return run


def peer(what="right"):
    return ["--", sys.executable, HERE / "wrong_peer.py", what]


def own(*options):
    return ["--question", "mine.safetensors", "--spec", "spec.json", *options]


def test_tensors_alone_are_a_question(run):
    run.write(norm_tensors())
    ran = run("verify", *own("--no-grads"), *peer())
    assert ran.returncode == OK, ran.stdout + ran.stderr
    assert "mine: agrees" in ran.stdout and "no profile is named: float32" in ran.stdout
    ran = run("verify", *own("--no-grads"), *peer("drifts"))
    assert ran.returncode == DIFFERS and "mine: wrong" in ran.stdout
    replay = next((run.folder / "plumbline-failures").iterdir())
    assert run("verify", "--replay", replay, *peer("drifts")).returncode == DIFFERS
    ran = run("verify", "--question", replay, *peer("right"))  # a failure is a question too
    assert ran.returncode == OK and "agrees" in ran.stdout, ran.stdout + ran.stderr
    ran = run("judge", "--question", replay)  # and has its answer beside it
    assert ran.returncode == DIFFERS and "wrong" in ran.stdout, ran.stdout + ran.stderr


def test_the_file_may_say_it_all(run):
    metadata = {"plumbline": "1", "case": "c", "spec": json.dumps(SPEC), "profile": "float32", "want": "y"}
    run.write(norm_tensors(), metadata)
    ran = run("verify", "--question", "mine.safetensors", *peer())
    assert ran.returncode == OK and "no profile" not in ran.stdout, ran.stdout + ran.stderr
    other = {**SPEC, "norm": {"kind": "rms_norm", "eps": 1e-2}}
    (run.folder / "other.json").write_text(json.dumps(other))
    ran = run("verify", "--question", "mine.safetensors", "--spec", "other.json", *peer())
    assert "the spec is that of the command line, not that in the file" in ran.stdout


def test_a_cotangent_that_is_missing_is_drawn(run):
    run.write(norm_tensors())
    ran = run("truth", "mine.safetensors", "--spec", "spec.json", "--seed", "5")
    assert ran.returncode == OK, ran.stderr
    assert "grad.y is missing: drawn from seed 5, uniform on [-1, 1)" in ran.stdout and "grad.norm.weight" in ran.stdout
    run.write(norm_tensors(**{"grad.y": normal(2, 3, 8)}))
    ran = run("truth", "mine.safetensors", "--spec", "spec.json")
    assert ran.returncode == OK and "grad.y" not in ran.stdout
    ran = run("truth", "mine.safetensors", "--spec", "spec.json", "--no-grads")
    assert "grad.y is not used" in ran.stdout and "grad.norm.weight" not in ran.stdout


def test_truth_is_that_of_the_tensors(run):
    run.write(norm_tensors())
    ran = run("truth", "mine.safetensors", "--spec", "spec.json", "--no-grads", "--json")
    y = np.array(json.loads(ran.stdout)["tensors"]["y"]["values"]).astype(float)
    t = {name: a.astype(float) for name, a in norm_tensors().items()}
    x = t["x"].reshape(6, 8)
    np.testing.assert_allclose(y, x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6) * t["norm.weight"], rtol=1e-14)


def test_sdpa_may_have_other_keys(run):
    run.write({"q": normal(1, 3, 2, 4), "k": normal(1, 5, 1, 4, seed=2), "v": normal(1, 5, 1, 4, seed=3)})
    ran = run("truth", "mine.safetensors", "--spec", "sdpa.json")
    assert ran.returncode == OK and "T_k = 5" in ran.stdout and "grad.v" in ran.stdout, ran.stderr


def test_a_suite_may_be_of_ones_own(run):
    run.write(norm_tensors())
    run.write(norm_tensors(x=normal(1, 1, 8, seed=4)), name="other.safetensors")
    ran = run("emit", "suite", *own("--question", "other.safetensors", "--no-grads"))
    assert ran.returncode == OK and "suite: 2 cases" in ran.stdout, ran.stderr
    assert sorted(p.name for p in (run.folder / "suite").iterdir()) == ["manifest.json", "mine.safetensors", "other.safetensors"]
    tensors, _ = loads((run.folder / "suite" / "mine.safetensors").read_bytes())
    np.testing.assert_array_equal(tensors["x"], norm_tensors()["x"])
    x, w = norm_tensors()["x"].astype(float), norm_tensors()["norm.weight"].astype(float)
    y = (x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6) * w).astype(np.float32)
    run.write({"y": y}, name="answer")
    assert run("judge", *own("--no-grads", "answer")).returncode == OK
    run.write({"y": 2 * y}, name="answer")
    ran = run("judge", *own("--no-grads", "answer"))
    assert ran.returncode == DIFFERS and "mine: wrong" in ran.stdout


WRONG = {  # what is wrong: tensors, options, and what is said
    "no spec": (norm_tensors(), ["--question", "mine.safetensors"], '__metadata__: expected the key "spec", or --spec, found neither'),
    "no x": (norm_tensors(x=None), own(), 'tensor "x": expected [B, T, 8], found none'),
    "a shape": (norm_tensors(x=normal(6, 8)), own(), 'tensor "x": expected [B, T, 8], found F32 [6, 8]'),
    "a parameter": (norm_tensors(**{"norm.weight": None}), own(), 'tensor "norm.weight": expected F32 [8], found none'),
    "a type": (norm_tensors(**{"norm.weight": np.ones(8)}), own(), 'tensor "norm.weight": expected F32 [8], found F64 [8]'),
    "another tensor": (norm_tensors(gamma=normal(8)), own(), 'tensor "gamma": expected no such tensor, found F32 [8]'),
    "not a number": (norm_tensors(x=np.full((1, 1, 8), np.nan, np.float32)), own(), 'tensor "x": entry 0: expected a finite number, found nan'),
    "the cotangent's shape": (norm_tensors(**{"grad.y": normal(2, 8)}), own(), 'tensor "grad.y": expected F32 [2, 3, 8], found F32 [2, 8]'),
    "an open spec": (norm_tensors(), ["--question", "mine.safetensors", "--spec", "open.json"], "open.json: spec.d: expected a whole number"),
    "twice": (norm_tensors(), own("--question", "mine.safetensors"), 'expected a name that no other question has, found "mine" again'),
    "no file": (norm_tensors(), ["--question", "no.safetensors", "--spec", "spec.json"], "no.safetensors: cannot be opened"),
    "no safetensors": (norm_tensors(), ["--question", "spec.json", "--spec", "spec.json"], "spec.json: "),
    "sizes beside it": (norm_tensors(), own("--tokens", "5"), " excludes --"),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("verb", ["verify", "emit", "judge", "truth"])
def test_what_is_wrong_with_it_is_one_line(run, wrong, verb):
    tensors, options, message = WRONG[wrong]
    if (verb == "judge" and wrong == "sizes beside it") or (verb == "truth" and wrong in ("twice", "sizes beside it", "no safetensors")):
        pytest.skip("no such option")
    (run.folder / "open.json").write_text(json.dumps({**SPEC, "d": {"from": 5, "to": 9}}))
    run.write(tensors)
    if verb == "truth":
        options = options[1:]
    ran = run(verb, *({"emit": ["suite"], "judge": ["."]}.get(verb, [])), *options, *(peer() if verb == "verify" else []))
    assert ran.returncode == MISUSE, ran.stdout + ran.stderr
    assert message in ran.stderr and ran.stderr.count("\n") == 1, ran.stderr
    assert not (run.folder / "suite").exists() and not (run.folder / "plumbline-failures").exists()


def test_a_suite_says_itself_what_its_questions_are(run):
    for option in (["--spec", "spec.json"], ["--profile", "float32"], ["--no-grads"], ["--d", "4"]):
        ran = run("judge", "suite", "answers", *option)
        assert ran.returncode == MISUSE and f"{option[0].replace('--no-', '--')} requires --question" in ran.stderr


def test_sizes_are_said_on_the_command_line_too(run):
    ran = run("truth", "sdpa.json", "--tokens", "2", "--key-tokens", "3", "--batch", "2")
    assert ran.returncode == OK and "T = 2" in ran.stdout and "T_k = 3" in ran.stdout and "batch = 2" in ran.stdout
    (run.folder / "sized.json").write_text(json.dumps({**SDPA, "T": 2, "T_k": 3}))
    assert "T_k = 3" in run("truth", "sized.json").stdout
    assert "T_k = 3" in run("truth", "--spec", "sized.json").stdout
    assert "2 tokens and 3 keys" in run("explain", "--spec", "sized.json").stdout
    assert "2 x 5 tokens and 5 keys" in run("explain", "--spec", "sdpa.json", "--tokens", "5", "--batch", "2").stdout
    ran = run("truth", "sdpa.json", "--tokens", "2..3")
    assert ran.returncode == MISUSE and "--tokens: expected one number, found 2..3" in ran.stderr
    assert run("truth").returncode == MISUSE and run("truth", "sdpa.json", "--spec", "sdpa.json").returncode == MISUSE


def test_the_rounded_truth_is_what_float64_rounds_to_and_agrees(run):
    tensors = norm_tensors()
    run.write(tensors)
    ran = run("truth", "mine.safetensors", "--spec", "spec.json", "--no-grads", "--rounded", "answer.safetensors")
    assert ran.returncode == OK, ran.stderr
    answer, _ = loads((run.folder / "answer.safetensors").read_bytes())
    x, w = tensors["x"].astype(np.float64), tensors["norm.weight"].astype(np.float64)
    y = x / np.sqrt((x * x).mean(-1, keepdims=True) + SPEC["norm"]["eps"]) * w
    assert (answer["y"] == y.astype(np.float32)).all()
    judged = run("judge", *own("--no-grads"), "answer.safetensors")
    assert judged.returncode == OK and "agrees" in judged.stdout, judged.stdout + judged.stderr
