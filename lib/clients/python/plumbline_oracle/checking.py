"""check(), judge() and assert_correct(): verdicts in a test."""

import bdb
import json
import os
import re
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np
from plumbline_client import DTYPES, dumps

from . import divergences
from .asking import Function
from .conversation import converse, run
from .layers import is_module, layer_of
from .tensors import array, framework

STORAGE = {"F64": "float64", "F32": "float32", "BF16": "bfloat16-mixed", "F16": "float16-mixed"}


class PlumblineError(Exception):
    """The question cannot be put: one line, which says what was expected and what was found."""


class Wrong(AssertionError):
    """What was checked is not right. `.result` has the parts of its text."""

    def __init__(self, result):
        first = result.headline or result.verdict
        super().__init__(f"{first}\n\n{result.text}")
        self.result = result


@dataclass(frozen=True)
class Result:
    """What came of a check. All of it is in `report`, whose keys the page about the report describes."""

    verdict: str  # the worst that was found: agrees, coarser, broken, wrong, invalid; or "not judged"
    passed: bool  # no failure, and a case was judged; or every failure was expected
    name: Optional[str]  # of what is computed instead, "norm/eps-outside-sqrt", where that is known
    headline: Optional[str]  # the first failure in a line
    place: Optional[str]  # where: "y: rows from 65 on are wrong"
    worst: Optional[Dict[str, Any]]  # one entry: tensor, index, expected, found, ulps
    replay: Optional[str]  # the line that asks the smallest failing case again
    file: Optional[str]  # which stands in that file
    reached: List[str]  # sizes that were asked, and that were not
    divergences: List[divergences.Divergence]  # known ones of frameworks that look like these failures
    text: str  # for people
    report: Dict[str, Any] = field(repr=False)


def check(
    implementation,
    spec=None,
    *,
    preset: Optional[str] = None,
    part: Optional[str] = None,
    profile="float32",
    grads: bool = True,
    cases: int = 100,
    seed: int = 1,
    framework: str = None,
    device=None,
    takes=None,
    in_place=None,
    names=None,
    expect=(),
    replay: Optional[str] = None,
    failures="plumbline-failures",
    called: Optional[str] = None,
    ask_again: Optional[str] = None,
    shrink: bool = True,
    timeout: float = 1e6,
    raises: bool = True,
    **sizes,
) -> Result:
    """Asks a function random questions about a block and judges every answer.

    implementation: a function of a request, or, with `takes`, of these tensors: takes=["x", "norm.weight"]. It returns y
        (add_norm: y and sum), or outputs by name, gradients among them ("grad.x"). With PyTorch and JAX gradients come
        from differentiating it. Or a torch.nn.Module of x, whose parameters are replaced by the question's.
    names: of a module's parameters: to Plumbline's names, {"scale": "norm.weight"}, or to functions of all tensors by
        name, {"qkv": lambda tensors: torch.cat(...)}. A layer that is known has its own; others share Plumbline's names.
    spec: the block, as a dict or the path of a file; or preset: its name; or part: "softmax", whose knobs are in spec.
    profile: the arithmetic that is claimed, by name or as a dict.
    framework, device: whose tensors it gets, and where: "numpy", "torch", "jax", "cupy".
    in_place: outputs that it leaves in the tensor of an input: {"y": "x"}.
    expect: names of known divergences of a framework that may be met; `python -m plumbline_oracle` lists them.
    replay: the file of a failing case: asks that one alone.
    sizes: d, n_layers, n_heads, n_kv_heads, head_dim, d_ff, tokens, key_tokens, batch: N, or "N..M" for the last three.
        Ranges of the others stand in the spec: {"d": {"from": 5, "to": 64}}.
    raises: False returns a result that does not pass, too.

    Returns a Result. Raises Wrong, an AssertionError, where it does not pass (unless raises is False), PlumblineError
    where the question cannot be put."""
    __tracebackhide__ = True  # in pytest's report
    spec = _of_part(spec, part)
    called = called or getattr(implementation, "__qualname__", type(implementation).__name__)
    if is_module(implementation) and takes is None:
        layer = layer_of(implementation, {"preset": preset} if preset else spec, names)
        implementation, spec, preset = layer.function, layer.spec, None
        framework, device = "torch", device or layer.device
    errors = []
    function = Function(implementation, _framework(framework, device), takes, in_place)

    def on_error(why):
        if isinstance(why, bdb.BdbQuit):
            raise KeyboardInterrupt from why
        if not errors:  # one is a cause; all of them would keep what they have seen alive
            errors.append(why)

    def ask(grads, failures, *options):
        with _arguments(spec, preset, profile, grads, sizes) as arguments, tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            arguments += ["--cases", str(cases), "--seed", str(seed), "--timeout", str(timeout)]
            arguments += ["--failures", str(failures), "--json", str(report), "--called", called, *options]
            return _asked(*converse(["verify", *arguments], function, on_error), report)

    def y_is_right():
        with tempfile.TemporaryDirectory() as folder:
            return grads and ask(False, folder, "--no-shrink")[0]["passed"]

    options = ["--ask-again", ask_again or "in check(...): replay=\"{}\""]
    options += [] if shrink else ["--no-shrink"]
    options += ["--replay", str(replay)] if replay else []
    result = _result(*ask(grads, failures, *options), profile, expect, y_is_right)
    return _concluded(result, raises, errors)


def judge(spec=None, inputs=None, outputs=None, *, preset=None, profile=None, seed: int = 1, raises: bool = False) -> Result:
    """The verdict on tensors that were recorded.

    inputs: by name: x, the parameters, and where gradients are in outputs the cotangent grad.y; all of one type.
    outputs: by name: y, and grad.x, grad.<parameter>; or y alone.
    profile: where it is not said, the usual one of these types.
    spec: d may be left to x, which may be [tokens, d] too.

    Tensors may be of any framework. Raises PlumblineError where they are not those of the spec."""
    __tracebackhide__ = True
    given = {name: array(tensor) for name, tensor in inputs.items()}
    found = {name: array(tensor) for name, tensor in (outputs if isinstance(outputs, dict) else {"y": outputs}).items()}
    grads = any(name.startswith("grad.") for name in found)
    first = next(iter(given.values()))
    if isinstance(spec, dict) and "x" in given and given["x"].ndim < 4 and not {"d", "preset"} & spec.keys():
        channels = given["x"].shape[-1]
        spec = {**spec, "d": channels // 2 if spec.get("part") == "gated_activation" else channels}
    given, found = _as_one_sequence(given), _as_one_sequence(found)
    names = {np.dtype(dtype): name for name, dtype in DTYPES.items()}
    profile = profile or STORAGE.get(names.get(first.dtype), "float32")
    with _arguments(spec, preset, profile, grads, {}) as arguments, tempfile.TemporaryDirectory() as folder:
        question, answer, report = (Path(folder) / name for name in ("question.safetensors", "answer", "report.json"))
        question.write_bytes(dumps(given))
        answer.write_bytes(dumps(found))
        arguments = ["judge", "--question", str(question), *arguments, "--seed", str(seed), "--json", str(report), str(answer)]
        asked = _asked(*run(arguments), report)

    def y_is_right():
        outputs = {name: tensor for name, tensor in found.items() if not name.startswith("grad.")}
        inputs = {name: tensor for name, tensor in given.items() if not name.startswith("grad.")}
        return judge(spec, inputs, outputs, preset=preset, profile=profile, seed=seed).passed

    result = _result(*asked, profile, (), y_is_right)
    return _concluded(result, raises, [])


def assert_correct(actual, spec=None, inputs=None, **options) -> Result:
    """Where torch.testing.assert_close would stand: `actual`, y or outputs by name, is right for these inputs. Raises
    Wrong where it is not. The options are those of judge()."""
    __tracebackhide__ = True
    return judge(spec, inputs, actual, raises=True, **options)


def _of_part(spec, part):
    """The spec of that part, where one is named beside it."""
    if part is None:
        return spec
    if spec is not None and not isinstance(spec, dict):
        raise PlumblineError(f"expected a spec as a dict beside part, found {spec!r}")
    return {**(spec or {}), "part": part}


STREAMS = ("x", "residual", "y", "sum")  # [B, T, d]


def _as_one_sequence(tensors):
    """Where the stream is [tokens, d], as kernels of norms take it: [1, tokens, d]."""
    return {
        name: tensor[None] if tensor.ndim == 2 and name.removeprefix("grad.") in STREAMS else tensor
        for name, tensor in tensors.items()
    }


def _framework(name, device):
    try:
        return framework(name or "numpy", device)
    except (ImportError, ValueError) as why:
        raise PlumblineError(str(why)) from None


@contextmanager
def _arguments(spec, preset, profile, grads, sizes):
    """The options that say what is asked, for as long as their file stands."""
    if (spec is None) == (preset is None):
        raise PlumblineError("expected a spec or a preset, found " + ("none" if spec is None else "both"))
    arguments = ["--profile", json.dumps(profile) if isinstance(profile, dict) else str(profile)]
    arguments += ["--grads" if grads else "--no-grads"]
    for name, value in sizes.items():
        arguments += ["--" + name.replace("_", "-"), str(value)]
    with tempfile.TemporaryDirectory(prefix="plumbline-spec-") as folder:
        if preset is not None:
            arguments += ["--preset", preset]
        elif isinstance(spec, dict):
            file = Path(folder) / f"{spec.get('part', spec.get('preset', 'spec'))}.json"
            file.write_text(json.dumps(spec))
            arguments += ["--spec", str(file)]
        else:
            arguments += ["--spec", os.fspath(spec)]
        yield arguments


def _asked(status, out, troubles, report):
    """The report that the command wrote, and what it said."""
    if report.exists():
        return json.loads(report.read_text()), out
    lines = [line for line in troubles.splitlines() if line.strip()]
    raise PlumblineError(_in_python(lines[-1]) if lines else f"plumbline ended with exit status {status} and said nothing")


def _result(found, out, profile, expect, y_is_right) -> Result:
    failures = found["failures"]
    first = failures[0] if failures else {}
    unnamed = [r for r in found["results"] if r["outcome"] in ("invalid", "wrong", "broken", "coarser")]
    unknown = divergences.check_names(expect)
    if unknown:
        raise PlumblineError(unknown)
    known = divergences.of(failures or unnamed, profile)
    if any(d.of_gradients for d in known) and not y_is_right():
        known = [d for d in known if not d.of_gradients]
    names = {d.id for d in known if d.id in expect}
    expected = bool(failures) and all(divergences.explained(f, profile, names) for f in failures)
    for divergence in known:
        met = "as expected: " if divergence.id in expect else "it looks like "
        out += f"\n{met}{divergence.id}: {divergence.title} ({divergence.framework} {divergence.version})\n"
    return Result(
        verdict=found["verdict"],
        passed=found["passed"] or expected,
        name=(first.get("deviations") or [None])[0],
        headline=first.get("headline") or (f"{unnamed[0]['outcome']}: {unnamed[0]['message']}" if unnamed else None),
        place=first.get("place") or None,
        worst=first.get("worst") or (unnamed[0].get("worst") if unnamed else None),
        replay=first.get("replay"),
        file=first.get("file"),
        reached=[note for note in found["notes"] if "reached" in note],
        divergences=known,
        text=out.strip().replace("--no-grads asks for y alone", "grads=False asks for y alone"),
        report=found,
    )


def _in_python(text) -> str:
    """What the command says of its options and files, said of arguments: "--key-tokens: …" is "key_tokens: …"."""
    text = re.sub(r"\S*/plumbline-spec-\w+/(\w+\.json: )?", "", text.removeprefix("plumbline: "))
    text = text.replace("--no-grads", "grads=False")
    return re.sub(r"--([a-z][a-z-]*)", lambda option: option[1].replace("-", "_"), text)


def _concluded(result, raises, errors):
    __tracebackhide__ = True
    if result.passed or not raises:
        return result
    raise Wrong(result) from (errors[0] if errors else None)
