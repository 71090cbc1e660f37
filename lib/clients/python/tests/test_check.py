"""check(), judge() and assert_correct(), from a function in this process."""

import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest
from plumbline_client import loads
from plumbline_oracle import PlumblineError, Unsupported, Wrong, assert_correct, check, divergences, judge

EPS = np.float32(1e-6)
NORM = {"part": "norm", "norm": {"kind": "rms_norm", "eps": 1e-6}}
FEW = {"takes": ["x", "norm.weight"], "grads": False, "cases": 12}


def rms_norm(x, weight):
    wide = x.astype(np.float32)
    return (wide / np.sqrt((wide * wide).mean(-1, keepdims=True) + EPS) * weight.astype(np.float32)).astype(x.dtype)


def outside(x, weight):
    return x / (np.sqrt((x * x).mean(-1, keepdims=True)) + EPS) * weight


@pytest.fixture
def failures(tmp_path):
    return {"failures": tmp_path / "failures"}


def test_right_functions_pass(failures):
    for profile in ("float32", "bfloat16-mixed", "float16-mixed"):
        result = check(rms_norm, NORM, profile=profile, **FEW, **failures)
        assert result.passed and result.verdict == "agrees" and result.replay is None, result.text
        assert any("reached batch" in line for line in result.reached)


def test_a_wrong_one_is_named_with_its_place_and_smallest_case(failures):
    with pytest.raises(Wrong) as caught:
        check(outside, NORM, **FEW, **failures)
    result = caught.value.result
    assert (result.verdict, result.name) == ("wrong", "norm/eps-outside-sqrt")
    assert str(caught.value).startswith(result.headline) and "smallest failing case" in str(caught.value)
    assert result.worst["tensor"] == "y" and result.worst["found"] != result.worst["expected"]
    again = check(outside, NORM, **FEW, replay=result.file, raises=False)
    assert again.verdict == "wrong" and len(again.report["results"]) == 1
    assert check(rms_norm, NORM, **FEW, replay=result.file).passed


def test_a_mended_function_passes_what_the_broken_one_failed(failures):
    def reversed_rows(x, weight):
        return rms_norm(x, weight)[..., ::-1].copy()

    for broken in (outside, reversed_rows, lambda x, weight: rms_norm(x, weight) * np.float32(np.nan)):
        result = check(broken, NORM, raises=False, **FEW, **failures)
        assert check(rms_norm, NORM, **FEW, replay=result.file).passed, result.text


def test_gradients_that_are_missing_are_asked_not_to_be(failures):
    result = check(rms_norm, NORM, takes=["x", "norm.weight"], cases=3, raises=False, **failures)
    assert "grads=False asks for y alone" in result.text
    with pytest.raises(AttributeError, match="framework= says"):
        try:
            check(lambda x, weight: x.float(), NORM, **FEW, **failures)
        except Wrong as wrong:
            raise wrong.__cause__


def test_a_request_and_outputs_by_name_with_gradients(failures):
    def add_norm(request):
        x, residual, weight = (request.tensors[name] for name in ("x", "residual", "norm.weight"))
        total = x + residual
        r = 1 / np.sqrt((total * total).mean(-1, keepdims=True) + EPS)
        n = total * r
        if not request.wants_gradients:
            return {"y": n * weight, "sum": total}
        g = request.grad_y
        scaled = g * weight
        through = r * (scaled - n * (scaled * n).mean(-1, keepdims=True)) + request.tensors["grad.sum"]
        return {"y": n * weight, "sum": total, "grad.x": through, "grad.residual": through,
                "grad.norm.weight": (g * n).reshape(-1, x.shape[-1]).sum(0)}

    spec = {"part": "add_norm", "norm": {"kind": "rms_norm", "eps": 1e-6}}
    assert check(add_norm, spec, cases=12, **failures).passed


def test_outputs_in_a_tuple_and_in_place(failures):
    spec = {"part": "add_norm", "norm": {"kind": "rms_norm", "eps": 1e-6}}
    takes = {"takes": ["x", "residual", "norm.weight"], "grads": False, "cases": 12}

    def both(x, residual, weight):
        return rms_norm(x + residual, weight), x + residual

    def in_place(x, residual, weight):
        residual += x
        x[:] = rms_norm(residual, weight)

    def into(y, total, x, residual, weight):
        total[:] = x + residual
        y[:] = rms_norm(total, weight)

    assert check(both, spec, **takes, **failures).passed
    with pytest.raises(Wrong, match="expected 2 outputs, y, sum; found 3"):
        check(lambda *given: (*both(*given), 0), spec, **takes, **failures)
    assert check(in_place, spec, in_place={"y": "x", "sum": "residual"}, **takes, **failures).passed
    assert check(into, spec, **takes | {"takes": ["y", "sum", "x", "residual", "norm.weight"]}, **failures).passed


def test_what_it_raises_is_the_cause(failures):
    def odd(x, weight):
        raise ValueError("an odd number of channels")

    with pytest.raises(Wrong, match="ValueError: an odd number of channels") as caught:
        check(odd, NORM, **FEW, **failures)
    assert isinstance(caught.value.__cause__, ValueError)
    assert caught.value.result.verdict == "invalid"


def test_what_it_does_not_compute_is_not_judged(failures):
    def none(x, weight):
        raise Unsupported("no norm at all")

    with pytest.raises(Wrong, match="No case was judged") as caught:
        check(none, NORM, **FEW, **failures)
    assert caught.value.result.verdict == "not judged"


def test_what_is_no_exception_comes_out(failures):
    def interrupted(x, weight):
        raise KeyboardInterrupt

    def skipped(x, weight):
        pytest.skip("from within")

    with pytest.raises(KeyboardInterrupt):
        check(interrupted, NORM, **FEW, **failures)
    with pytest.raises(pytest.skip.Exception):
        check(skipped, NORM, **FEW, **failures)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"spec": {"part": "norn"}}, "norn"),
        ({}, "expected a spec or a preset, found none"),
        ({"spec": NORM, "preset": "llama"}, "found both"),
        ({"spec": NORM, "framework": "tensorflow"}, "expected numpy, torch, jax, cupy, found 'tensorflow'"),
        ({"spec": NORM, "profile": "bf16"}, "bf16"),
        ({"spec": NORM, "tokens": "many"}, "many"),
        ({"spec": NORM, "d": "1..64"}, "d: Value 1..64"),
        ({"spec": NORM, "expect": ["torch_norm"]}, "expect: expected one of"),
    ],
)
def test_misuse_is_one_line(options, message, failures):
    with pytest.raises(PlumblineError) as caught:
        check(rms_norm, **{**FEW, **options}, **failures)
    assert message in str(caught.value) and not any(s in str(caught.value) for s in ("\n", "--", "/tmp"))


def recorded(dtype=np.float32):
    rng = np.random.default_rng(1)
    x, weight = rng.standard_normal((2, 5, 24)).astype(dtype), rng.standard_normal(24).astype(dtype)
    return {"x": x, "norm.weight": weight}


def test_recorded_tensors_are_judged():
    for dtype in (np.float32, ml_dtypes.bfloat16, np.float16):
        inputs = recorded(dtype)
        spec = {**NORM, "d": 24}
        y = rms_norm(inputs["x"], inputs["norm.weight"])
        assert judge(spec, inputs, {"y": y}).passed
        assert_correct(y, spec, inputs)
        y = np.array(y)
        y[1, 2, 3] *= 2
        assert judge(spec, inputs, y).worst["index"] == [1, 2, 3]
        with pytest.raises(Wrong, match=r"\[1, 2, 3\]"):
            assert_correct(y, spec, inputs)


def test_recorded_tensors_that_are_none_of_the_spec():
    inputs = recorded()
    with pytest.raises(PlumblineError, match="norm.weight"):
        judge({**NORM, "d": 24}, {"x": inputs["x"]}, inputs["x"])


def test_a_known_divergence_is_told_and_may_be_expected(failures, monkeypatch):
    says = {"float32": [["norm/eps-outside-sqrt"]]}
    known = divergences.Divergence("numpy_eps", "numpy", "1", "eps is outside", "", "numpy", "cpu", False, says)
    monkeypatch.setattr(divergences, "known", lambda: (known,))
    result = check(outside, NORM, raises=False, **FEW, **failures)
    assert not result.passed and result.divergences == [known] and "it looks like numpy_eps" in result.text
    expected = check(outside, NORM, expect=["numpy_eps"], **FEW, **failures)
    assert expected.passed and expected.verdict == "wrong" and "as expected: numpy_eps" in expected.text
    with pytest.raises(Wrong):
        check(lambda x, weight: x, NORM, expect=["numpy_eps"], **FEW, **failures)


def test_a_failing_case_in_its_file(failures):
    result = check(outside, NORM, raises=False, **FEW, **failures)
    tensors, metadata = loads(open(result.file, "rb").read())
    assert "answer.y" in tensors and metadata["found"].startswith("wrong")


def test_the_package_lists_known_divergences():
    ran = subprocess.run([sys.executable, "-W", "error", "-m", "plumbline_oracle"], capture_output=True, text=True)
    assert [line.split()[0] for line in ran.stdout.splitlines()] == [d.id for d in divergences.known()]
    assert ran.stderr == ""


def test_a_size_of_heads_leaves_the_others_open(failures):
    asked = []

    def none(request):
        asked.append(request.spec)
        raise Unsupported("it only looks")

    check(none, {"part": "attention", "attention": {"n_heads": 6}}, grads=False, cases=12, raises=False, **failures)
    assert {spec["attention"]["n_heads"] for spec in asked} == {6}
    assert len({spec["d"] for spec in asked}) > 3 and len({spec["attention"]["head_dim"] for spec in asked}) > 3
    asked.clear()
    spec = {"part": "sdpa", "attention": {"n_heads": 2, "n_kv_heads": 2, "head_dim": 4}}
    check(none, spec, grads=False, cases=4, raises=False, **failures)
    assert {(spec["attention"]["n_heads"], spec["attention"]["head_dim"]) for spec in asked} == {(2, 4)}
