"""What the command writes and reads as JSON is what the two schemas say, no more and no less.

PLUMBLINE names the command; otherwise it is the one that was built in build/."""

import copy
import json
import os
import pathlib
import subprocess
import sys

import jsonschema
import pytest

HERE = pathlib.Path(__file__).resolve().parent
PLUMBLINE = os.environ.get("PLUMBLINE", HERE.parents[2] / "build" / "bin" / "plumbline")
PUBLISHED = HERE.parents[2] / "reports" / "published"
SPEC = {"part": "norm", "norm": {"kind": "rms_norm", "eps": 1e-6}}


def validator(name):
    schema = json.loads((PUBLISHED / name).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


REPORT, BLOCK = validator("report.schema.json"), validator("spec.schema.json")


def plumbline(*arguments):
    return subprocess.run([str(PLUMBLINE), *map(str, arguments)], capture_output=True, text=True, timeout=300,
                          env={**os.environ, "PYTHONPATH": str(HERE.parents[1] / "clients" / "python")})


def verified(folder, what, *more):
    (folder / "norm.json").write_text(json.dumps(SPEC))
    report = folder / "report.json"
    plumbline("verify", "--spec", folder / "norm.json", "--cases", 12, "--json", report, "--failures", folder, *more, "--",
              sys.executable, HERE / "wrong_peer.py", what)
    return json.loads(report.read_text())


RUNS = {
    "right": ("agrees", ["--no-grads"]),
    "drifts": ("wrong", ["--no-grads"]),
    "zeros": ("wrong", ["--no-grads", "--no-shrink"]),
    "nan": ("wrong", ["--no-grads"]),
    "raises": ("invalid", ["--no-grads"]),
    "unsupported": ("not judged", []),
}


@pytest.mark.parametrize("what", RUNS)
def test_a_report_is_what_its_schema_says(what, tmp_path):
    verdict, options = RUNS[what]
    report = verified(tmp_path, what, *options)
    REPORT.validate(report)
    assert report["verdict"] == verdict


def keys(value):
    """Where keys are, each with the object that it is in."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from keys(inner)
    if isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def test_another_report_is_not(tmp_path):
    report = verified(tmp_path, "drifts", "--no-grads")
    asked, sizes = report["asked"], [f[key] for f in report["failures"] for key in ("sizes", "smallest_sizes") if key in f]
    free = [report["facts"], report["stamp"], report["counts"], report["noticed"]["smallest_relative_change_in_y"],
            *keys(asked["spec"]), asked["profile"], *sizes]
    for i, object in enumerate(keys(report)):
        if any(object is f for f in free):
            continue
        other = copy.deepcopy(report)
        list(keys(other))[i]["of_its_own"] = 1
        assert not REPORT.is_valid(other), list(object)
    for key in report:
        assert not REPORT.is_valid({k: v for k, v in report.items() if k != key}), key


def test_every_key_of_the_schema_is_met(tmp_path):
    """So that none describes what nobody writes."""
    met = set()
    for what in ("right", "drifts", "eps-outside", "by-batch", "rounds"):
        for object in keys(verified(tmp_path, what, "--no-grads", "--batch-invariant")):
            met |= set(object)
    described = set(REPORT.schema["properties"])
    for part in REPORT.schema["$defs"].values():
        described |= set(part["properties"])
    assert described - met == set()


PRESETS = [line.split()[0] for line in plumbline("list", "presets").stdout.splitlines() if line.startswith("  ")]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_what_the_schema_of_specs_says(preset):
    spec = json.loads(plumbline("explain", "--preset", preset, "--format", "json").stdout)["spec"]
    BLOCK.validate(spec)
    BLOCK.validate({"preset": preset})
    for i, object in enumerate(keys(spec)):
        other = copy.deepcopy(spec)
        list(keys(other))[i]["of_its_own"] = 1
        assert not BLOCK.is_valid(other), list(object)
