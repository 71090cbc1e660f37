"""Every golden file a second time, by a program that shares nothing with the one that wrote it: mpmath, an own block,
an own reverse mode. Every number of a file is to be the rounding of what comes out, in each format, entry by entry."""

import functools
import pathlib

import mp_block
import mpmath
import numpy as np
import pytest
from mp_file import FORMATS, File, rounded
from mp_given import DATA
from mp_toy import indexed, text, toy
from mp_truth import DIGITS, digits_in_common, misrounded, settled, truth_of

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "cases"
CASES = sorted(str(p.relative_to(FOLDER).with_suffix("")) for p in FOLDER.rglob("*.safetensors"))
TEXTS = sorted(str(p.relative_to(FOLDER).with_suffix("")) for p in FOLDER.glob("*/*.txt"))
assert CASES and TEXTS, f"{FOLDER}: expected golden files, found none"


@pytest.fixture(autouse=True)
def working_digits():
    with mpmath.workdps(2 * DIGITS):
        yield


def golden(case):
    return File(FOLDER / (case + ".safetensors"))


@functools.lru_cache(maxsize=1)
def truth(case):
    return truth_of(golden(case))


def width_of_y(spec):
    """Where a part answers with gates or weights, or projects or halves what it reads; else 0."""
    streams = (spec.get("streams") or {"count": 0})["count"]
    widths = {
        "router": lambda: spec["ffn"]["moe"]["experts"],
        "mixer": lambda: streams * (2 + streams),
        "linear": lambda: spec["linear"]["d_out"] or spec["d"],
        "gated_activation": lambda: spec["d"],
    }
    return widths.get(spec["part"], lambda: 0)()


@pytest.mark.parametrize("case", CASES)
def test_file_holds_its_inputs_and_every_output(case):
    file = golden(case)
    x = file.inputs[file.x]
    if width := file.spec.get("attention", {}).get("v_head_dim"):
        x = np.zeros((*x.shape[:-1], file.spec["attention"]["n_heads"] * width))
    y = {"add_norm": np.concatenate([x, x], -1), "collapse": x[..., : file.spec["d"]]}.get(file.spec["part"], x)
    if width := width_of_y(file.spec):
        y = np.zeros((*x.shape[:-1], width))
    outputs = {"y": y, **{"grad." + name: t for name, t in file.inputs.items() if name not in DATA}}
    expected = {**file.inputs, "grad.y": y, **{n + suffix: t for n, t in outputs.items() for suffix in FORMATS}}
    assert file.id == case
    assert {n: t.shape for n, t in file.tensors.items()} == {n: t.shape for n, t in expected.items()}


# A number and its residual hold 2 * 53 bits: 31.9 digits, the last of them rounded.
@pytest.mark.parametrize("case", CASES)
def test_every_number_is_the_rounding_of_the_truth(case):
    file = golden(case)
    assert misrounded(file, truth(case)) == []
    assert {n: d for n in file.outputs if (d := digits_in_common(file, truth(case), n)) < 30} == {}


def lines(name):
    return [line for line in (FOLDER / (name + ".txt")).read_text().splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("case", TEXTS)
def test_text_is_the_truth_to_its_last_digit(case):
    expected = {}
    for name in golden(case).outputs:
        expected.update(indexed(name, truth(case)[name].reshape(-1)))
    assert sorted(lines(case)) == sorted(f"{name} = {value}" for name, value in expected.items())


def test_toy_is_the_truth_to_its_last_digit():
    assert lines("toy") == [f"{name} = {value}" for name, value in toy().items()]


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", ["y", "grad.x", "grad.layers.0.attn.k_proj.weight", "grad.layers.0.ffn.norm_in.bias"])
def test_a_changed_last_digit_is_noticed(name, suffix):
    case = "pre_norm/tiny-pairs-02"
    file = golden(case)
    stored = file.tensors[name + suffix]
    last = tuple(n - 1 for n in stored.shape)
    precision = FORMATS[suffix][0]
    stored[last] += np.ldexp(1.0, np.frexp(stored[last])[1] - precision)
    assert any(line.startswith(f"{name}{suffix} {list(last)}: expected ") for line in misrounded(file, truth(case)))


@pytest.mark.parametrize("name", ["y", "grad.x"])
def test_30_digits_are_missed_by_what_changes_the_30th(name):
    file = golden("pre_norm/tiny-pairs-02")
    largest = np.abs(file.tensors[name]).max()
    file.tensors[name + ".residual"] += 2e-30 * largest
    assert 29 < digits_in_common(file, truth("pre_norm/tiny-pairs-02"), name) < 30


SEEN, ROTATION = mp_block.seen, mp_block.rotation
WRONG = {  # a function of the block, what stands in its place, the case that is to notice
    "eps outside the root": ("standard_deviation", lambda v, eps: mp_block.sqrt(v) + eps, "layer_norm/plain"),
    "eps left out": ("standard_deviation", lambda v, eps: mp_block.sqrt(v), "rms_norm/large"),
    "every key seen": ("seen", lambda mask, *sizes: SEEN("bidirectional", *sizes), "attention/causal"),
    "window too long": ("seen", lambda mask, w, *sizes: SEEN(mask, w + 1, *sizes), "attention/window"),
    "pairs of the other style": (
        "rotation",
        lambda rope, *sizes: ROTATION({**rope, "style": "interleaved"}, *sizes),
        "attention/rope-half",
    ),
    "chunk too long": (
        "seen",
        lambda mask, w, *sizes: SEEN(mask, w + 1 if mask == "causal_chunked" else w, *sizes),
        "attention/chunked",
    ),
    "no tanh in gelu": ("gelu_tanh", lambda x: x * mp_block.normal_distribution(x), "ffn/mlp-gelu-tanh"),
}


@pytest.mark.parametrize("choice", WRONG)
def test_a_wrong_choice_is_noticed(choice, monkeypatch):
    name, wrong, case = WRONG[choice]
    monkeypatch.setattr(mp_block, name, wrong)
    file = golden(case)
    assert {"y", "grad.x"} <= {line.split()[0] for line in misrounded(file, truth_of(file))}


def test_a_rounding_error_is_0_and_a_number_is_not():
    tiny = mpmath.mpf(10) ** -DIGITS
    assert settled(3 * tiny, -2 * tiny**2) == 0
    assert settled(1 + 3 * tiny, mpmath.mpf(1)) == 1
    with pytest.raises(ArithmeticError, match="digits are too few"):
        settled(mpmath.mpf(1), mpmath.mpf(2))


@pytest.mark.parametrize("suffix, numpy_type", [("", np.float64), (".float32", np.float32), (".float16", np.float16)])
def test_rounding_is_that_of_numpy(suffix, numpy_type):
    rng = np.random.default_rng(1)
    x = np.ldexp(rng.standard_normal(2000), rng.integers(-30, 18, 2000))
    ties = np.ldexp(np.arange(4001) / 2, -24)  # of float16's subnormal numbers
    for v in np.concatenate([x, ties, [65519.0, 65520.0, 0.0]]):
        with np.errstate(over="ignore"):
            assert rounded(mpmath.mpf(float(v)), *FORMATS[suffix]) == float(numpy_type(v))


def test_text_has_40_digits():
    assert text(mpmath.mpf(-1) / 8) == "-1.25" + 37 * "0" + "e-01"
    assert text(mpmath.mpf(20) / 3 * 10**9) == "6." + 38 * "6" + "7e+09"
    assert text(mpmath.mpf(0)) == "0"
