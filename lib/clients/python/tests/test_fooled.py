"""What a program that writes kernels may come upon that looks like a right kernel: each is rejected."""

import numpy as np
import pytest
from plumbline_oracle import Wrong, check

EPS = np.float32(1e-6)
NORM = {"part": "norm", "norm": {"kind": "rms_norm", "eps": 1e-6}}


def rms_norm(x, weight):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPS) * weight


def rejected(function, tmp_path, takes=("x", "norm.weight"), spec=NORM, **options):
    with pytest.raises(Wrong) as caught:
        check(function, spec, takes=takes, grads=False, failures=tmp_path, cases=40, **options)
    return caught.value.result


def test_an_answer_from_a_cache(tmp_path):
    cache = {}

    def cached(x, weight):
        return cache.setdefault(x.shape, rms_norm(x, weight))

    assert rejected(cached, tmp_path, d="24").verdict == "wrong"


def test_the_answer_to_an_earlier_question(tmp_path):
    earlier = []

    def late(x, weight):
        earlier.append(rms_norm(x, weight))
        same = [y for y in earlier[:-1] if y.shape == x.shape]
        return same[-1] if same else earlier[-1]

    assert rejected(late, tmp_path, d="24").verdict == "wrong"


def test_the_inputs_own_buffer(tmp_path):
    def itself(x, weight):
        return x

    assert "y is the memory of the input x" in rejected(itself, tmp_path).text


def test_an_input_that_is_changed_in_place(tmp_path):
    def in_place(x, weight):
        y = rms_norm(x, weight)
        x += 1
        return y

    assert "the input x was changed in place" in rejected(in_place, tmp_path).text


def test_an_input_that_is_not_read(tmp_path):
    def without_gain(x, weight):
        return rms_norm(x, np.ones_like(weight))

    assert rejected(without_gain, tmp_path).verdict == "wrong"


def test_an_output_that_is_not_written(tmp_path):
    def but_for_the_last_row(y, x, weight):
        y[:, :-1] = rms_norm(x, weight)[:, :-1]

    result = rejected(but_for_the_last_row, tmp_path, ("y", "x", "norm.weight"))
    assert result.verdict == "wrong" and result.worst["found"] == "nan"

    def of_another_size(x, weight):
        return np.empty_like(x)

    assert rejected(of_another_size, tmp_path).verdict == "wrong"


def test_what_is_no_number(tmp_path):
    def nan(x, weight):
        y = rms_norm(x, weight)
        y[-1, -1, -1] = np.nan
        return y

    assert rejected(nan, tmp_path).worst["found"] == "nan"


def test_another_answer_when_asked_twice(tmp_path):
    seen = set()

    def tired(x, weight):
        again = x.tobytes() in seen
        seen.add(x.tobytes())
        return rms_norm(x, weight) * np.float32(1.001 if again else 1)

    result = rejected(tired, tmp_path)
    assert result.verdict == "broken" and "laws/repeat/1" in result.text
