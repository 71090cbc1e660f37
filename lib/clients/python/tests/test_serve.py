"""What goes over the pipe, and what must not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from plumbline_client import answer_folder, dumps, loads

PROGRAM = """
import os
from plumbline_client import Unsupported, serve

def implementation(request):
    print("a line of the user's own")
    os.system("echo and one of a program that it starts")
    if request.case == "unsupported":
        raise Unsupported("no norm of that kind")
    if request.case == "error":
        raise ValueError("an odd number of heads")
    return {"y": 2 * request.x, "grad.x": 2 * request.grad_y} if request.wants_gradients else {"y": 2 * request.x}

serve(implementation)
"""


def question(case, dtype=np.float32, want="y", protocol="1"):
    x = np.arange(6).reshape(1, 2, 3).astype(dtype)
    metadata = {"plumbline": protocol, "case": case, "spec": json.dumps({"part": "block"}), "want": want}
    return dumps({"x": x, "w": x, "grad.y": -x}, {**metadata, "profile": "float32"})


def frame(data):
    return len(data).to_bytes(8, "little") + data


def run(standard_input):
    result = subprocess.run([sys.executable, "-c", PROGRAM], input=standard_input, capture_output=True)
    answers, rest = [], result.stdout
    while rest:
        length = int.from_bytes(rest[:8], "little")
        answers.append(loads(rest[8 : 8 + length]))
        rest = rest[8 + length :]
    return answers, result


def test_answers_in_turn():
    answers, result = run(frame(question("a")) + frame(question("b", ml_dtypes.bfloat16, "y,grads")))
    assert [t["y"].dtype for t, _ in answers] == [np.float32, ml_dtypes.bfloat16]
    assert answers[0][0].keys() == {"y"}
    assert answers[1][0]["grad.x"].astype(float).tolist() == [[[0, -2, -4], [-6, -8, -10]]]
    assert result.returncode == 0


def test_another_protocol_is_refused():
    answers, _ = run(frame(question("a", protocol="2")) + frame(question("b")))
    assert answers[0][1] == {"error": "ValueError: the protocol: expected 1, found 2"}
    assert answers[1][0].keys() == {"y"}


def test_what_is_printed_goes_to_standard_error():
    _, result = run(frame(question("a")))
    assert b"of the user's own" in result.stderr and b"program that it starts" in result.stderr


def test_what_is_printed_while_modules_are_loaded_goes_to_standard_error():
    program = PROGRAM.replace("serve(implementation)", "print('loading')\nserve(implementation)")
    result = subprocess.run(
        [sys.executable, "-c", program],
        input=frame(question("a")),
        capture_output=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PLUMBLINE_PIPE": "1"},
    )
    assert b"loading" in result.stderr
    assert int.from_bytes(result.stdout[:8], "little") == len(result.stdout) - 8


def test_an_exception_is_an_answer():
    answers, result = run(frame(question("unsupported")) + frame(question("error")) + frame(question("a")))
    assert [metadata for _, metadata in answers] == [
        {"unsupported": "no norm of that kind"},
        {"error": "ValueError: an odd number of heads"},
        {},
    ]
    assert b"Traceback" in result.stderr


def test_rubbish_in_a_frame_is_an_error_answer():
    answers, _ = run(frame(b"rubbish") + frame(question("a")))
    assert "error" in answers[0][1] and "y" in answers[1][0]


@pytest.mark.parametrize("kept", [3, 20])
def test_half_a_frame_is_one_line(kept):
    answers, result = run(frame(question("a"))[:kept])
    assert answers == [] and result.returncode == 1
    assert result.stderr.startswith(b"plumbline_client: expected a frame of") and result.stderr.count(b"\n") == 1


def test_a_folder(tmp_path):
    questions, answers = tmp_path / "questions", tmp_path / "answers"
    Path(questions / "norm").mkdir(parents=True)
    for case in ("one", "norm/two"):
        (questions / f"{case}.safetensors").write_bytes(question(case))
    assert answer_folder(lambda request: {"y": -request.x}, questions, answers) == 2
    tensors, _ = loads((answers / "norm" / "two.safetensors").read_bytes())
    assert tensors["y"].tolist() == [[[0, -1, -2], [-3, -4, -5]]]
    assert not list(answers.rglob("*.part"))
